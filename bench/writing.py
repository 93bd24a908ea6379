"""Assistants that write: what the product adds before a first word, and what two hundred answers cost those who talk."""

from __future__ import annotations

import http.client
import json
import statistics
import time
import uuid
from urllib.parse import urlsplit

from . import product
from .answers import DELTA, MEMBERS, model
from .session import Session, say
from .talking import Talker
from .workloads import Workload

QUESTIONS = 40
BRIEF_S = 0.06  # of an answer, of which only the first word counts
ANSWERS = 200
TALK = Workload("answers-200", 1_000, ANSWERS, 1, 1)
TALK_RATE = 200.0  # messages a second in all rooms together
WRITING_S = 60.0  # longer than connecting and talking take


def measure(session: Session, section: str) -> None:
    """Both, in each round on a server of its own."""
    for number in range(1, session.rounds + 1):
        say(f"{section}, round {number} of {session.rounds}")
        with session.trying("chatapp", []):
            _first_word(session, section)
            _talk(session, section)


def _env(url: str) -> dict[str, str]:
    return {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "bench", "OPENAI_MODEL": "bench"}


def _first_word(session: Session, section: str) -> None:
    members = min(MEMBERS, session.most)
    bare: list[float] = []
    asked: list[float] = []
    with (
        model(BRIEF_S) as url,
        product.chatapp(session.place(), session.people, env=_env(url)) as server,
        session.generator.holding(server, members, DELTA) as held,
    ):
        assert server.tokens is not None
        talker = Talker(server.port, server.tokens.read_text().split()[0])
        talker.ask("join", room=held.room)
        for _ in range(QUESTIONS):
            bare.append(_bare(url))
            began = time.perf_counter()
            talker.ask("message", room=held.room, client_id=uuid.uuid4().hex, body="@assistant?")
            talker.until(DELTA)
            asked.append((time.perf_counter() - began) * 1000)
            talker.until_done()
        talker.close()
        held.finish()
    added = sorted(took - statistics.median(bare) for took in asked)
    p95 = added[int(len(added) * 0.95)]
    session.book.add(
        section,
        "first word",
        "chatapp",
        **{
            "bare ms": statistics.median(bare),
            "added p50 ms": statistics.median(added),
            "added p95 ms": p95,
        },
    )
    say(
        f"  before the first word, {members:,} members: {statistics.median(added):.0f} ms added, p95 {p95:.0f} ms"
    )


def _bare(url: str) -> float:
    """Milliseconds to the first word of the model itself, on a connection that is open."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.connect()
    body = json.dumps({"model": "bench", "stream": True, "messages": []})
    began = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read(1)
    took = (time.perf_counter() - began) * 1000
    answer.read()
    connection.close()
    return took


def _talk(session: Session, section: str) -> None:
    load = TALK.at_most(session.most)
    p99: dict[bool, float] = {}
    cpu: dict[bool, float] = {}
    for writing in (False, True):
        with (
            model(WRITING_S) as url,
            product.chatapp(session.place(), session.people, env=_env(url)) as server,
        ):
            assert server.tokens is not None
            if writing:
                _ask_everywhere(session, server.port, server.tokens.read_text().split()[0], load)
            result = session.generator.run(server, load, max(session.seconds, 5.0), TALK_RATE)
            p99[writing] = result["p99_ms"]
            cpu[writing] = result["p50_ms"]
    ratio = p99[True] / p99[False] if p99[False] else 0
    session.book.add(
        section,
        "200 answers",
        "chatapp",
        **{
            "p50 ms": cpu[False],
            "p99 ms": p99[False],
            "p50 ms beside them": cpu[True],
            "p99 ms beside them": p99[True],
            "ratio of p99": ratio,
        },
    )
    say(
        f"  {load.title}: p99 {p99[False]:.1f} ms, beside {load.rooms} answers {p99[True]:.1f} ms ({ratio:.2f} times)"
    )


def _ask_everywhere(session: Session, port: int, token: str, load: Workload) -> None:
    """Have an answer begun in each room of the load that runs next."""
    talker = Talker(port, token)
    for number in range(load.rooms):
        room = session.generator.next_room(number)
        talker.ask("join", room=room)
        talker.ask("message", room=room, client_id=uuid.uuid4().hex, body="@assistant tell me")
        talker.ask("leave", room=room)
    talker.close()
