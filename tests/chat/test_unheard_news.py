"""News of rooms that one is not looking at come although no hint told of them: it is lost with a worker that dies too early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from chatapp.payloads import User
from chatapp.store import rooms
from chatapp.store.backends import Backend, PostgresBackend, SqliteBackend
from chatapp.store.posting import PostMessage
from tests.support.server import Server


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server()


@pytest.fixture
def dying(server: Server) -> Iterator[Backend]:
    """What a worker commits that dies before it tells the others."""
    url = server.env.get("DATABASE_URL")
    sqlite = str(server.folder / "data" / "chat.sqlite3")
    with closing(PostgresBackend(url) if url else SqliteBackend(sqlite)) as backend:
        yield backend


def test_a_message_that_no_hint_told_of_moves_the_room_in_everybodys_list(
    server: Server, dying: Backend, room: str
) -> None:
    alice, bob = server.connect("Alice"), server.connect("Bob")
    alice.join(room)
    bob.join(room)
    bob.ok("leave", {"room": room})
    room_id = int(alice.send(room, "told")["id"].partition("-")[0])
    assert bob.sees("room_changed", room=room)["unread"] == 1
    sender = User(alice.user["id"], "Alice", "person")
    ((posted, error),), _ = dying.commit([PostMessage(room_id, sender, "k", "digest", "untold")])
    assert (posted.seq, error) == (2, None)
    news = bob.sees("room_changed", timeout=30, room=room, unread=2)
    assert news["last"]["body"] == "untold"
    assert alice.sees("message", timeout=30, body="untold")["seq"] == 2


def test_who_became_a_member_unnoticed_has_the_rooms_news_from_then_on(
    server: Server, dying: Backend, room: str
) -> None:
    alice, bob = server.connect("Alice"), server.connect("Bob")
    alice.join(room)
    alice.send(room, "one")
    dying.commit([rooms.EnterPublicRoom(room, User(bob.user["id"], "Bob", "person"))])
    assert bob.sees("room_changed", timeout=30, room=room)["last"]["body"] == "one"
    alice.send(room, "two")
    assert bob.sees("room_changed", timeout=30, room=room, unread=1)["last"]["body"] == "two"
