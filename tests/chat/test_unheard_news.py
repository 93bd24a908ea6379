"""News of rooms that one is not looking at come although no hint told of them: it is lost with a worker that dies too early."""

from __future__ import annotations

from chatapp.payloads import User
from chatapp.store import rooms
from chatapp.store.backends import Backend
from chatapp.store.changing import EditMessage
from chatapp.store.posting import PostMessage
from tests.support.server import Server


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


def test_what_is_missed_beyond_a_page_comes_once_and_as_new_also_if_it_was_edited(
    server: Server, dying: Backend, room: str
) -> None:
    alice = server.connect("Alice")
    alice.join(room)
    room_id = int(alice.send(room, "told")["id"].partition("-")[0])
    sender = User(alice.user["id"], "Alice", "person")
    posts = [PostMessage(room_id, sender, f"k{n}", "digest", f"untold {n}") for n in range(600)]
    edits = [EditMessage(room_id, 2, sender, "edited"), EditMessage(room_id, 1, sender, "and this")]
    outcomes, _ = dying.commit([*posts, *edits])
    assert all(error is None for _, error in outcomes)
    alice.sees("message_changed", timeout=30, seq=1, body="and this")
    numbers = [message["seq"] for message in alice.events("message")]
    assert sorted(numbers) == list(range(1, 602)), "each once"
    assert alice.events("message", seq=2) == alice.events("message", body="edited")
    assert [message["seq"] for message in alice.events("message_changed")] == [1]
