"""`make bench`: the product and its peers in turn; tables on the screen and in bench/results.md, a picture for the README.

make bench                                      a look, in some minutes
make bench ARGS="--accept"                      all that must be reached, five rounds: about twenty minutes
make bench ARGS="--full"                        everything on every peer: about an hour
make bench ARGS="--only fanout --peers node"    a part of it
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import resource
import shlex
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from . import (
    answers,
    fanout,
    generator,
    growth,
    idle,
    peer_servers,
    plot,
    product,
    report,
    storing,
    writing,
)
from .book import Book
from .processes import ROOT, Absent, folder
from .session import Session, say
from .workloads import ACCEPTED

KEPT = "results.json"
TEXT = "results.md"
PICTURE = "bench.svg"
CROWD = 10_000
CROWD_S = 60.0

# What is measured, in this order, and how many rounds at most: some figures hardly move.
SECTIONS = {
    "fanout": 99,
    "rooms": 99,
    "idle": 1,
    "crowd": 1,
    "growth": 3,
    "durable": 3,
    "workers": 3,
    "deltas": 3,
    "writing": 3,
}
QUICK = ("fanout", "idle")
ACCEPT = ("fanout", "idle", "crowd", "growth", "workers", "deltas", "writing")


def options(arguments: list[str]) -> argparse.Namespace:
    """What was asked for, with what it did not say filled in."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--accept", action="store_true", help="all that must be reached")
    extent.add_argument("--full", action="store_true", help="everything, on every peer")
    extent.add_argument(
        "--only", type=_words(SECTIONS), metavar="PARTS", help=f"of {', '.join(SECTIONS)}"
    )
    parser.add_argument(
        "--peers",
        type=_words([*peer_servers.ALL, "none"]),
        help=f"of {', '.join(peer_servers.ALL)}; none",
    )
    parser.add_argument("--rounds", type=int, help="rounds in turn; medians are given")
    parser.add_argument("--seconds", type=float, help="how long each load is measured")
    parser.add_argument(
        "--most", type=int, default=10**6, help="open no more connections than this: for a try"
    )
    parser.add_argument("--out", type=Path, help="write into this folder, not to bench/ and docs/")
    parser.add_argument(
        "--render", action="store_true", help="measure nothing; write the tables and picture again"
    )
    found = parser.parse_args(arguments)
    found.sections = list(SECTIONS) if found.full else found.only or (ACCEPT if found.accept else QUICK)  # fmt: skip
    found.rounds = found.rounds or (5 if found.accept or found.full else 2)
    found.seconds = found.seconds or (3.0 if found.accept or found.full else 2.0)
    found.peers = list(peer_servers.ALL) if found.peers is None else found.peers
    found.peers = [name for name in found.peers if name != "none"]
    return found


def _words(known: object) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        words = [word for word in text.split(",") if word]
        for word in words:
            if word not in known:  # type: ignore[operator]
                raise argparse.ArgumentTypeError(f"{word!r} is not one of them")
        return words

    return parse


def run(wanted: argparse.Namespace, book: Book, place: Path) -> None:
    """Measure the sections that were asked for."""
    machine = the_machine()
    program = generator.build(place)
    most = min(wanted.most, max(_people(wanted, name) for name in wanted.sections))
    say(f"letting {most:,} guests in …")
    people = product.guests(place / "people", most)
    session = Session(
        place, program, book, people, list(wanted.peers), wanted.rounds, wanted.seconds, wanted.most
    )
    if wanted.peers:
        with session.serve("chatapp") as server:
            program.measure_frames(server)
    book.absent.clear()
    for section in wanted.sections:
        session.rounds = min(wanted.rounds, SECTIONS[section])
        book.begin(section, circumstances(wanted, machine))
        _measure(session, section, wanted)


def _people(wanted: argparse.Namespace, section: str) -> int:
    if section == "crowd":
        return 2 * CROWD if wanted.full else CROWD
    if section == "idle":
        return max(_idle_sizes(wanted))
    return 2_000


def _idle_sizes(wanted: argparse.Namespace) -> tuple[int, ...]:
    return (2_000, 10_000) if wanted.accept or wanted.full or wanted.only else (2_000,)


def _measure(session: Session, section: str, wanted: argparse.Namespace) -> None:
    say(f"\n{section}")
    peers = [name for name in session.peers if wanted.full or name == "node"]
    how: dict[str, Callable[[], None]] = {
        "fanout": lambda: fanout.accepted(session, section, everyone=wanted.full),
        "rooms": lambda: fanout.every_room(session, section),
        "idle": lambda: idle.measure(session, section, _idle_sizes(wanted), peers),
        "crowd": lambda: _crowds(session, section, both=wanted.full),
        "growth": lambda: growth.measure(session, section, growth.sizes(session.most)),
        "durable": lambda: storing.measure(session, section),
        "workers": lambda: storing.workers(session, section),
        "deltas": lambda: answers.measure(session, section),
        "writing": lambda: writing.measure(session, section),
    }
    how[section]()


def _crowds(session: Session, section: str, *, both: bool) -> None:
    idle.crowd(session, section, CROWD, min(CROWD_S, 20 * session.seconds))
    if both:
        idle.crowd(session, section, 2 * CROWD, 10)


def circumstances(wanted: argparse.Namespace, machine: str) -> dict[str, str]:
    """When, where and how."""
    extent = "--full" if wanted.full else "--accept" if wanted.accept else ""
    if wanted.only:
        extent = f"--only {','.join(wanted.only)}"
    said = f"{extent} --rounds {wanted.rounds} --seconds {wanted.seconds:g}".strip()
    if wanted.most < 10**6:
        said += f" --most {wanted.most}"
    return {
        "when": dt.datetime.now(tz=dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": f"make bench ARGS={shlex.quote(said)}",
        "machine": machine,
        "versions": f"chatapp {product.version()}, Python {platform.python_version()}, {peer_servers.versions()}",
    }


def the_machine() -> str:
    """What it is, and whether it was quiet before this run began."""
    cores = len(os.sched_getaffinity(0))
    return (
        f"{_processor()}, {cores} processors, {platform.system()} {platform.release()}, {_quiet()}"
    )


def _quiet() -> str:
    # Figures of a busy machine are no figures to remember.
    load = os.getloadavg()[0]
    return "quiet" if load < 0.5 else f"busy before it began (load {load:.1f})"


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def write(book: Book, wanted: argparse.Namespace) -> None:
    """The tables and the picture."""
    out: Path = wanted.out or ROOT / "bench"
    pictures: Path = wanted.out or ROOT / "docs" / "pictures"
    for place in (out, pictures):
        place.mkdir(parents=True, exist_ok=True)
    book.save(out / KEPT)
    (out / TEXT).write_text(report.results(book))
    if wanted.out is None:
        page = ROOT / "docs" / "performance.md"
        page.write_text(report.into(page.read_text(), book))
    rows = {load.key: load.title for load in ACCEPTED}
    bars = plot.groups(book, "fanout", rows, "deliveries/s")
    if bars:
        ground = book.runs["fanout"]
        notes = (
            "One core each, frames of equal length. chatapp commits each message first.",
            f"{ground['when'][:10]}, {ground['machine']}",
        )
        (pictures / PICTURE).write_text(plot.svg("Deliveries a second", bars, notes))
    say(f"\n{report.claims(book)}\nwrote {out / TEXT}; these are figures, not gates")


def main() -> None:
    """Measure and write. Ends with 0 whatever the figures say; with 2 where nothing can be measured."""
    wanted = options(sys.argv[1:])
    # SIGTERM ends it as Ctrl+C does, also where a shell started it in the background and had it ignore that: every server is
    # stopped on the way out.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # only root may have more
        hard = max(hard, 1 << 17)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    book = Book.load((wanted.out or ROOT / "bench") / KEPT)
    try:
        if not wanted.render:
            with folder() as place:
                run(wanted, book, place)
    except KeyboardInterrupt:
        say("\nstopped; nothing was written")
        raise SystemExit(130) from None
    except Absent as error:
        say(f"chatapp: {error}")
        raise SystemExit(2) from None
    write(book, wanted)


if __name__ == "__main__":
    main()
