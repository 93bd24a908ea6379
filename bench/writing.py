"""Assistants that write: what the product adds before a first word, and what two hundred answers cost those who talk.

The model (pen.py) and the generator have a processor, the server has the other; who asks is with the generator.

Talk alone and talk beside the answers run on the same server, and before each what was written is on the disk: a sync that
waits for what came before would disturb the one and not the other. Who asks is a guest of its own and connected only to ask
and to look, so the answers are all that differs: a member who is there without having opened the rooms is told their news,
and one that does not read is dropped. What is claimed is the median of the rounds beside them by the median of the rounds
alone: within one round a slow sync of the disk, during the one or the other, says more than the answers do.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from os import sched_getaffinity, sched_setaffinity
from urllib.parse import urlsplit

from . import pen, product
from .answers import DELTA, MEMBERS
from .generator import Server
from .processes import LOAD_CPUS, cpu_seconds
from .session import Session, say
from .talking import Talker
from .workloads import Workload

QUESTIONS = 60
BRIEF_S = 0.06  # of an answer, of which only the first word counts
TOKENS = 50  # a second of each answer
ANSWERS = 200
TALK = Workload("answers-200", 1_000, ANSWERS, 1, 1)
TALK_RATE = 200.0  # messages a second in all rooms together
LEAST_S = 10.0  # of talk, with which its p99 means something
WRITING_S = 120.0  # longer than connecting and talking take, and less than an answer may be long


def measure(session: Session, section: str) -> None:
    """Both, in each round on a server of its own."""
    for number in range(1, session.rounds + 1):
        say(f"{section}, round {number} of {session.rounds}")
        with session.trying("chatapp", []), _beside_the_generator():
            _first_word(session, section)
            _talk(session, section)


@contextmanager
def _beside_the_generator() -> Iterator[None]:
    """This process asks: it does so on the generator's processor."""
    before = sched_getaffinity(0)
    sched_setaffinity(0, LOAD_CPUS)
    try:
        yield
    finally:
        sched_setaffinity(0, before)


def _first_word(session: Session, section: str) -> None:
    members = min(MEMBERS, session.most)
    bare: list[float] = []
    asked: list[float] = []
    with (
        pen.model(BRIEF_S, 1 / TOKENS) as model,
        product.chatapp(session.place(), session.people, env=model.env) as server,
        session.generator.holding(server, members, DELTA) as held,
    ):
        assert server.tokens is not None
        talker = Talker(server.port, server.tokens.read_text().split()[0])
        talker.ask("join", room=held.room)
        for _ in range(QUESTIONS):
            bare.append(_bare(model.url))
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
    """Talk alone, then the same talk on the same server while an answer is written in each of the rooms."""
    load = TALK.at_most(session.most)
    seconds = max(session.seconds, LEAST_S)
    with (
        pen.model(WRITING_S, 1 / TOKENS) as model,
        product.chatapp(session.place(), session.people, env=model.env) as server,
    ):
        os.sync()
        alone = session.generator.run(server, load, seconds, TALK_RATE)
        rooms = [session.generator.next_room(number) for number in range(load.rooms)]
        watcher = _Watcher(server, rooms)
        watcher.ask()
        os.sync()
        before, used, wrote = watcher.look(), cpu_seconds(server.pid), model.cpu_seconds()
        began = time.monotonic()
        beside = session.generator.run(server, load, seconds, TALK_RATE)
        took = time.monotonic() - began
        used, wrote = cpu_seconds(server.pid) - used, model.cpu_seconds() - wrote
        rates = watcher.rates(before)
        late = model.stats()["late_ms"]
    writing = [rate for rate in rates if rate > 0]
    session.book.add(
        section,
        "talk alone",
        "chatapp",
        **{"p50 ms": alone["p50_ms"], "p99 ms": alone["p99_ms"], "lost": alone["lost"]},
    )
    session.book.add(
        section,
        "200 answers",
        "chatapp",
        **{
            "p50 ms": beside["p50_ms"],
            "p99 ms": beside["p99_ms"],
            "lost": beside["lost"],
            "answers that grew": len(writing),
            "pieces/s of the slowest": min(rates),
            "pieces/s of all": sum(rates),
            "latest piece of the model ms": late,
            "% of a processor, server": 100 * used / took,
            "% of a processor, model": 100 * wrote / took,
        },
    )
    say(
        f"  {load.title}: p99 {alone['p99_ms']:.1f} ms, beside {len(writing)} answers that grow by {min(rates):.0f} to"
        f" {max(rates):.0f} pieces a second {beside['p99_ms']:.1f} ms; the server"
        f" {100 * used / took:.0f} % of a processor, the model {100 * wrote / took:.0f} %"
    )


class _Watcher:
    """Somebody who asks in every room, and looks how far the answers are: what the product has told, not what was sent to it."""

    def __init__(self, server: Server, rooms: list[str]) -> None:
        self._port, self._rooms = server.port, rooms
        self._token = product.guest(server.port, "Who asks")

    def ask(self) -> None:
        """Have an answer begun in each room."""
        with closing(Talker(self._port, self._token)) as talker:
            for room in self._rooms:
                talker.ask("join", room=room)
                talker.ask("message", room=room, client_id=uuid.uuid4().hex, body="@assistant go")
                talker.ask("leave", room=room)

    def look(self) -> list[tuple[float, int]]:
        """When, and how long the answer of each room is; 0 for one that is not being written."""
        found = []
        with closing(Talker(self._port, self._token)) as talker:
            for room in self._rooms:
                ack, _took = talker.ask("join", room=room)
                found.append((time.monotonic(), sum(len(run["text"]) for run in ack["runs"])))
                talker.ask("leave", room=room)
        return found

    def rates(self, before: list[tuple[float, int]]) -> list[float]:
        """Pieces a second by which each answer has grown since."""
        return [
            (length - length_before) / len(pen.WORD) / (at - at_before)
            for (at_before, length_before), (at, length) in zip(before, self.look(), strict=True)
        ]
