"""What a room costs as it grows: a page of its history and a search, with a thousand messages and with a million."""

from __future__ import annotations

import itertools
import random
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from . import product
from .processes import WORK
from .session import Session, say
from .talking import Talker

SIZES = (1_000, 100_000, 1_000_000)
PAGE = 50
WORDS = 5_000
RARE_EVERY = 10_000
BATCH = 2_000
# What is searched for: a word of one message in ten thousand, and two that stand in very many.
RARE = "zanzibar"
COMMON = "kaba kabe"


def vocabulary() -> list[str]:
    """Made-up words, the frequent ones first."""
    syllables = [a + b for a in "kstnhmyrwgzdbp" for b in "aeiou"]
    pairs = itertools.product(syllables, repeat=2)
    triples = itertools.product(syllables, repeat=3)
    words = ["".join(letters) for letters in itertools.chain(pairs, triples)]
    words.sort(key=lambda word: (word not in COMMON.split(), len(word)))
    return words[:WORDS]


def bodies(count: int) -> Iterator[str]:
    """Texts of about twelve words, as often as people use them (Zipf), the same each time."""
    dice = random.Random(7)
    words = vocabulary()
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(words))))
    for number in range(count):
        chosen = dice.choices(words, cum_weights=weights, k=dice.randint(4, 20))
        yield " ".join([*chosen, RARE] if number % RARE_EVERY == RARE_EVERY // 2 else chosen)


def sizes(most: int) -> tuple[int, ...]:
    """The rooms; for a try with few connections also few messages."""
    return SIZES if most >= SIZES[0] else (100, SIZES[0])


def measure(session: Session, section: str, sizes: tuple[int, ...], asks: int = 200) -> None:
    """Pages and searches one at a time, over the sizes in turn, on an idle server."""
    home = _filled(sizes)
    with product.chatapp(home) as server:
        token = (home / "data" / product.TOKENS).read_text().split()[0]
        talker = Talker(server.port, token)
        ends = {size: talker.ask("join", room=_slug(size))[0]["room"]["seq"] for size in sizes}
        for number in range(1, session.rounds + 1):
            say(f"{section}, round {number} of {session.rounds}")
            pages = _pages(talker, ends, asks)
            for size in sizes:
                rare, common, waits = _searches(server.port, token, talker, size, asks // 4)
                session.book.add(
                    section,
                    str(size),
                    "chatapp",
                    **{
                        "page ms": statistics.median(pages[size]),
                        "page p95 ms": _p95(pages[size]),
                        "search ms": statistics.median(rare),
                        "search p95 ms": _p95(rare),
                        "common ms": statistics.median(common),
                        "common p95 ms": _p95(common),
                        "others wait ms": max(waits),
                    },
                )
                say(
                    f"  {size:,} messages: page {statistics.median(pages[size]):.2f} ms,"
                    f" rare word {_p95(rare):.1f} ms, common words {_p95(common):.1f} ms (p95),"
                    f" others wait {max(waits):.0f} ms at most"
                )
        talker.close()


def _pages(talker: Talker, ends: dict[int, int], asks: int) -> dict[int, list[float]]:
    dice = random.Random(11)
    taken: dict[int, list[float]] = {size: [] for size in ends}
    for _ in range(asks):
        for size, end in ends.items():
            before = dice.randint(end - size + PAGE + 1, end)
            answer, took = talker.ask("history", room=_slug(size), before=before, limit=PAGE)
            assert len(answer["messages"]) == PAGE, "a page is full"
            taken[size].append(took)
    return taken


def _searches(
    port: int, token: str, talker: Talker, size: int, asks: int
) -> tuple[list[float], list[float], list[float]]:
    """Times of searches for rare and for common words, and what somebody else waits for a small page meanwhile."""
    over = threading.Event()
    waits: list[float] = []

    def wait() -> None:
        other = Talker(port, token)
        other.ask("join", room=_slug(min(SIZES)))
        while not over.is_set() or not waits:
            waits.append(other.ask("history", room=_slug(min(SIZES)), limit=1)[1])
            time.sleep(0.002)
        other.close()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    rare, common = [], []
    try:
        for _ in range(asks):
            found, took = talker.search(RARE, _slug(size))
            assert size < RARE_EVERY or found["messages"], "a rare word is found"
            rare.append(took)
            found, took = talker.search(COMMON, _slug(size))
            assert found["messages"], "common words are found"
            common.append(took)
    finally:
        over.set()
        thread.join()
    return rare, common, waits


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[18] if len(values) > 1 else values[0]


def _slug(size: int) -> str:
    return f"size-{size}"


def _filled(sizes: tuple[int, ...]) -> Path:
    """A folder with an installation whose rooms have so many messages; kept for the next time."""
    from chatapp.store import schema  # noqa: PLC0415 - only who measures it

    WORK.mkdir(exist_ok=True)
    home = WORK / f"growth-{schema.head()}-{max(sizes)}"
    done = home / "filled"
    if done.exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    with product.chatapp(home) as server:
        tokens = home / "data" / product.TOKENS
        product.sign_in(server.port, 1, tokens)
        talker = Talker(server.port, tokens.read_text().split()[0])
        for size in sizes:
            talker.ask("join", room=_slug(size))
        talker.close()
    for size in sizes:
        _fill(home / "data" / "chat.sqlite3", size)
    done.touch()
    return home


def _fill(database: Path, size: int) -> None:
    """Post through the product's own store, many in a transaction, so that rows and indexes are what they always are."""
    import sqlite3  # noqa: PLC0415

    from chatapp.payloads import User  # noqa: PLC0415
    from chatapp.store.backends import SqliteBackend  # noqa: PLC0415
    from chatapp.store.posting import PostMessage  # noqa: PLC0415

    with sqlite3.connect(database) as connection:
        (room_id,) = connection.execute(
            "SELECT id FROM rooms WHERE slug = ?", (_slug(size),)
        ).fetchone()
        user_id, name = connection.execute(
            "SELECT u.id, u.name FROM users u JOIN memberships m ON m.user_id = u.id"
            " WHERE m.room_id = ? AND u.kind = 'guest'",
            (room_id,),
        ).fetchone()
    connection.close()
    sender = User(user_id, name, "guest")
    backend = SqliteBackend(str(database))
    numbered = enumerate(bodies(size))
    started = time.monotonic()
    stored = 0
    while batch := list(itertools.islice(numbered, BATCH)):
        jobs = [
            PostMessage(room_id, sender, f"{size}-{number}", "digest", text)
            for number, text in batch
        ]
        outcomes, _ = backend.commit(jobs)
        failed = next((error for _, error in outcomes if error is not None), None)
        if failed is not None:
            raise failed
        stored += len(batch)
        if stored % 100_000 == 0:
            took = time.monotonic() - started
            say(f"  filling a room: {stored:,} of {size:,} messages, {stored / took:,.0f} a second")
    backend.close()
