"""Pages, unread counts and search."""

from __future__ import annotations

import pytest

from chatapp.errors import ChatError
from chatapp.store import reading, rooms, search

from .conftest import Store


def places(found: tuple[list[object], bool]) -> tuple[list[int], bool]:
    return [message.seq for message in found[0]], found[1]  # type: ignore[attr-defined]


def test_pages_before_after_and_around_a_place(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    for n in range(1, 11):
        store.post(room, alice, str(n))
    with store.db.snapshot() as db:
        page = lambda **place: places(reading.page(db, room, "general", **place))  # noqa: E731
        assert page(limit=3) == ([8, 9, 10], True)
        assert page(before=4, limit=3) == ([1, 2, 3], False)
        assert page(before=5, limit=3) == ([2, 3, 4], True)
        assert page(after=8, limit=3) == ([9, 10], False)
        assert page(after=5, limit=3) == ([6, 7, 8], True)
        assert page(around=5, limit=4) == ([3, 4, 5, 6], True)


def test_unread_counts_what_others_said_behind_the_cursor(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice)
    store.writer.run(rooms.EnterPublicRoom("general", bob))
    store.post(room, alice, "one")
    store.post(room, bob, "own")
    store.post(room, alice, "@Bob")
    with store.db.snapshot() as db:
        assert reading.unread(db, room, "bob", 0) == 2
        assert reading.mentions(db, room, "bob", 0) == 1
        assert reading.unread(db, room, "bob", 3) == 0
    assert store.writer.run(rooms.MoveCursor(room, "bob", 3)) == (3, True)


def test_a_cursor_never_goes_back_nor_beyond_the_room(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    for n in range(3):
        store.post(room, alice, str(n))
    assert store.writer.run(rooms.MoveCursor(room, "alice", 2)) == (2, True)
    assert store.writer.run(rooms.MoveCursor(room, "alice", 1)) == (2, False)
    assert store.writer.run(rooms.MoveCursor(room, "alice", 99)) == (3, True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("배포", [2]),
        ("회의에서", [1]),
        ("의에", [1]),
        ("deploy", [3]),
        ("DEPLOY plan", [3]),
        ("plan b", []),
        ("배포 없음", []),
        ("'; DROP TABLE", []),
        ('"', []),
        ("meeting", []),
    ],
)
def test_search_finds_words_and_two_syllables(store: Store, query: str, found: list[int]) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    for body in ("지난 회의에서 정한 조건", "금요일배포준비", "Deploy Plan C"):
        store.post(room, alice, body)
    with store.db.snapshot() as db:
        assert search.find(db, room, query, 10) == found


def test_search_stays_in_its_room(store: Store) -> None:
    alice = store.user("alice")
    one, two = store.room(alice), store.room(alice, "other")
    store.post(one, alice, "needle")
    store.post(two, alice, "needle")
    with store.db.snapshot() as db:
        assert search.find(db, one, "needle", 10) == [1]


def test_the_last_owner_cannot_leave_others_without_one(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice)
    store.writer.run(rooms.EnterPublicRoom("general", bob))
    with pytest.raises(ChatError) as refusal:
        store.writer.run(rooms.RemoveMember(room, alice, "alice"))
    assert refusal.value.code == "conflict"
    store.writer.run(rooms.SetMember(room, alice, "bob", "owner"))
    assert store.writer.run(rooms.RemoveMember(room, alice, "alice")).role is None


def test_a_direct_conversation_is_called_by_the_other(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    job = rooms.CreateRoom("direct-x", "Alice, Bob", "direct", "forever", alice, (bob,), "member")
    store.writer.run(job)
    store.room(alice)
    with store.db.snapshot() as db:
        assert [seat.name for seat in reading.seats(db, "alice")] == ["Bob", "general"]
        found = reading.seat(db, "bob", "direct-x")
    assert found is not None
    assert found.name == "Alice"
