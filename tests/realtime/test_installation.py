"""A whole installation of two workers while its Redis is stopped, emptied and restarted."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.sender import Sender
from tests.support.server import Server
from tests.support.waiting import eventually

pytestmark = [pytest.mark.redis, pytest.mark.postgres]

BY_HEADS_SECONDS = 2.5  # a second between two looks, and the way there


@pytest.fixture
def apart(
    redis_server: RedisServer, postgres: PostgresServer, runtime: str, room: str, tmp_path: Path
) -> Iterator[tuple[Server, Client, Client]]:
    """A server, and Alice and Bob in one room on different workers."""
    server = Server(
        tmp_path / "server",
        workers=2,
        redis_url=redis_server.url,
        database_url=postgres.new_database(),
        runtime=runtime,
    ).start()
    alice, bob = on_different_workers(server)
    alice.join(room)
    bob.join(room)
    yield server, alice, bob
    server.close()


def on_different_workers(server: Server) -> tuple[Client, Client]:
    alice, bob = server.connect("Alice", worker="w1"), server.connect("Bob", worker="w2")
    assert (worker_of(alice), worker_of(bob)) == ("w1", "w2")
    return alice, bob


def worker_of(client: Client) -> str:
    """Session ids name their worker; the first frame tells the id."""
    return str(json.loads(str(client.frames[0])[1:])["sid"]).partition("-")[0]


def talk(alice: Client, bob: Client, room: str, body: str, *, within: float) -> None:
    """Alice's message is acknowledged, and reaches Bob by the other worker."""
    assert alice.send(room, body)["body"] == body
    bob.sees("message", timeout=within, body=body)


def quickly(alice: Client, bob: Client, room: str) -> None:
    """Soon after it is said it is heard, by a hint and not by the next look at the heads."""

    def at_once() -> bool:
        talk(alice, bob, room, "hello", within=0.5)
        return True

    eventually(at_once, what="the other worker is told at once")


def online(client: Client, room: str) -> set[str]:
    answer = client.ok("join", {"room": room})
    assert answer["online_count"] == len(answer["online"])
    return {person["name"] for person in answer["online"]}


def test_workers_hear_each_other_at_once(apart: tuple[Server, Client, Client], room: str) -> None:
    _, alice, bob = apart
    assert online(bob, room) == {"Alice", "Bob"}, "who came first is found by who comes next"
    eventually(lambda: online(alice, room) == {"Alice", "Bob"}, what="and the reverse")
    quickly(alice, bob, room)
    bob.ok("typing", {"room": room, "typing": True})
    assert alice.sees("typing", typing=True)["user"]["name"] == "Bob"
    bob.close()
    eventually(lambda: online(alice, room) == {"Alice"}, what="Bob is gone")


@pytest.mark.parametrize("fault", ["stopped", "killed"])
def test_without_redis_all_is_acknowledged_and_arrives_by_the_heads(
    apart: tuple[Server, Client, Client], redis_server: RedisServer, room: str, fault: str
) -> None:
    _, alice, bob = apart
    talk(alice, bob, room, "before", within=5)
    if fault == "stopped":
        redis_server.stop()
    else:
        redis_server.kill()
    for number in range(3):
        talk(alice, bob, room, f"during {number}", within=BY_HEADS_SECONDS)
    if fault == "stopped":
        redis_server.cont()
    else:
        redis_server.start()
    quickly(alice, bob, room)
    eventually(lambda: online(alice, room) == {"Alice", "Bob"}, what="presence is right")


def test_an_emptied_redis_shows_nobody_leaving(
    apart: tuple[Server, Client, Client], redis_server: RedisServer, room: str
) -> None:
    server, alice, bob = apart
    redis_server.flush()
    quickly(alice, bob, room)
    carol = server.connect("Carol")
    carol.join(room)
    everybody = {"Alice", "Bob", "Carol"}
    eventually(
        lambda: online(carol, room) == everybody, within=20, what="presence is built up again"
    )
    assert [event for event in alice.events("presence") if event["left"]] == []


def test_people_who_go_on_sending_notice_no_fault_of_redis(
    apart: tuple[Server, Client, Client], redis_server: RedisServer, room: str
) -> None:
    server, _, _ = apart
    stop = threading.Event()
    people = [Sender(server, room, f"Person {n}", stop) for n in range(6)]
    # All are there before the first one writes, so that each has to show everything.
    for person in people:
        person.connected()
    for person in people:
        person.start()
    for fault in (redis_server.restart, redis_server.flush, redis_server.stop, redis_server.cont):
        sent = acked(people)
        fault()
        eventually(lambda sent=sent: acked(people) > sent + 20, within=20, what="all is acked")
    stop.set()
    for person in people:
        person.finish(timeout=60)
    assert [error for person in people for error in person.failed] == []
    for person in people:
        person.connected()
    assert [person.reconnections for person in people] == [0] * len(people)
    total = acked(people)

    def whole() -> bool:
        timelines = [person.timeline() for person in people]
        assert {len(line) for line in timelines} == {total}
        return all(line == timelines[0] for line in timelines)

    eventually(whole, what="everybody shows everything, once, in one order")


def acked(people: list[Any]) -> int:
    return sum(sent.acked is not None for person in people for sent in person.sent)
