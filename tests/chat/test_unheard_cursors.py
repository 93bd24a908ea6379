"""Read cursors are right on every device although no hint told of them: in the room, in the list of rooms, in large rooms."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatapp.store.backends import Backend
from chatapp.store.rooms import MoveCursor
from chatapp.store.sql import Statement
from chatapp.store.tx import Tx
from tests.support.client import Client
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.server import Server

_GROW = Statement("UPDATE rooms SET members_count = 201 WHERE id = :room")


@dataclass
class Grow:
    """The room has more members than are told each other's cursors."""

    room_id: int

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> None:
        tx.run(_GROW, room=self.room_id)


def people(server: Server, room: str) -> tuple[int, Client, Client, Client, Client]:
    """The room's id; Alice on two devices that have joined it, and one that has not; Bob, who said three things there."""
    last = f"w{server.workers}"
    alice, bob = server.connect("Alice", worker="w1"), server.connect("Bob", worker=last)
    phone, tablet = (server.connect(token=alice.token, worker=last) for _ in range(2))
    for each in (alice, bob, phone):
        each.join(room)
    said = [bob.send(room, f"message {n}") for n in range(3)]
    tablet.sees("room_changed", timeout=30, room=room, unread=3)
    return int(said[0]["id"].partition("-")[0]), alice, phone, tablet, bob


def test_one_that_no_hint_told_of_reaches_the_room_and_ones_own_devices(
    server: Server, dying: Backend, room: str
) -> None:
    room_id, alice, phone, tablet, bob = people(server, room)
    me = alice.user["id"]
    ((moved, _error),), _ = dying.commit([MoveCursor(room_id, me, 2)])
    assert moved == (2, True)
    for each in (alice, phone, bob):
        each.sees("read", timeout=30, reads={me: 2})
    assert tablet.sees("room_changed", timeout=30, room=room, unread=1)
    alice.ok("read", {"room": room, "seq": 3})
    for each in (alice, phone, bob):
        each.sees("read", timeout=30, reads={me: 3})
        assert len(each.events("read")) == 2, "each was told once"


def test_in_a_large_room_only_ones_own_devices_are_told(
    server: Server, dying: Backend, room: str
) -> None:
    room_id, alice, phone, tablet, bob = people(server, room)
    me = alice.user["id"]
    dying.commit([Grow(room_id)])
    alice.ok("read", {"room": room, "seq": 1})
    phone.sees("read", room=room, reads={me: 1})
    tablet.sees("room_changed", timeout=30, room=room, unread=2)
    dying.commit([MoveCursor(room_id, me, 2)])
    for each in (alice, phone):
        each.sees("read", timeout=30, room=room, reads={me: 2})
    tablet.sees("room_changed", timeout=30, room=room, unread=1)
    bob.ok("read", {"room": room, "seq": 3})
    alice.send(room, "last")
    for each in (alice, phone, tablet, bob):
        each.sees("message" if each is not tablet else "room_changed", timeout=30, room=room)
        told = [event["reads"] for event in each.events("read")]
        assert all(list(reads) == [each.user["id"]] for reads in told)
    tablet.has_not_seen("read")


@pytest.mark.redis
@pytest.mark.postgres
def test_one_that_moves_while_redis_is_away_is_told_while_it_is_away(
    redis_server: RedisServer, postgres: PostgresServer, runtime: str, tmp_path: Path, room: str
) -> None:
    server = Server(
        tmp_path / "server",
        database_url=postgres.new_database(),
        redis_url=redis_server.url,
        workers=2,
        runtime=runtime,
    )
    with closing(server.start()):
        _, alice, phone, tablet, bob = people(server, room)
        redis_server.kill()
        alice.ok("read", {"room": room, "seq": 2})
        for each in (phone, bob):
            each.sees("read", timeout=30, reads={alice.user["id"]: 2})
        tablet.sees("room_changed", timeout=30, room=room, unread=1)
