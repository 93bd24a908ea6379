"""Pages, unread counts and search."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import create_engine

from chatapp.errors import ChatError
from chatapp.realtime.bus import MemoryBus
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.reads import Reads
from chatapp.services.receipts import CursorMoved, Receipts
from chatapp.store import indexing, members, reading, rooms, search
from chatapp.store.database import Database, engine_options

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


def test_a_cursor_that_moved_is_told_whatever_is_read_after_it(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    store.post(room, alice, "to be read")
    with store.db.snapshot() as db:
        seat = reading.seat_by_id(db, "alice", room)
    assert seat is not None
    narrow = {**engine_options(store.db.url), "pool_size": 1, "max_overflow": 0}
    busy = Database(create_engine(store.db.url, **{**narrow, "pool_timeout": 0.01}))
    receipts = Receipts(busy, store.writer, Reads(Fanout(), MemoryBus()))
    told: list[CursorMoved] = []
    receipts.moved.subscribe(told.append)
    with busy.snapshot(), pytest.raises(ChatError) as refusal:
        receipts.read(alice, seat, 1)
    assert refusal.value.code == "overloaded"
    assert receipts.read(alice, seat, 1).unread == 0
    assert [moved.seq for moved in told] == [1]
    busy.engine.dispose()


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
    store.writer.run(indexing.IndexMessages([room]))
    with store.db.snapshot() as db:
        assert search.newest(db, [room], query, 10) == ([(room, seq) for seq in found], False)


def test_search_stays_in_its_room(store: Store) -> None:
    alice = store.user("alice")
    one, two = store.room(alice), store.room(alice, "other")
    store.post(one, alice, "needle")
    store.post(two, alice, "needle")
    store.writer.run(indexing.IndexMessages([one, two]))
    with store.db.snapshot() as db:
        assert search.newest(db, [one], "needle", 10) == ([(one, 1)], False)


def roles(store: Store, room: int) -> dict[str, str]:
    with store.db.snapshot() as db:
        return {
            user.id: role for user, role in reading.members(db, room) if user.kind != "assistant"
        }


@pytest.mark.parametrize("kind", ["public", "private"])
def test_the_last_owner_hands_the_room_over_by_leaving_it(store: Store, kind: str) -> None:
    alice, bob, carol, dora = (store.user(name) for name in ("alice", "bob", "carol", "dora"))
    room = store.room(alice, kind=kind)
    store.writer.run(members.SetMember(room, alice, "bob", "member"))
    store.writer.run(members.SetMember(room, alice, "carol", "moderator"))
    left = store.writer.run(members.RemoveMember(room, alice, "alice"))
    assert left.role is None
    assert roles(store, room) == {"carol": "owner", "bob": "member"}
    # Two numbers: the new role, then the removal.
    numbers = store.numbers(room)
    assert numbers == list(range(1, len(numbers) + 1))
    assert left.seq == numbers[-1]
    # The moderator was preferred; without one it is who is there longest.
    store.writer.run(members.SetMember(room, carol, "dora", "member"))
    store.writer.run(members.RemoveMember(room, carol, "carol"))
    assert roles(store, room) == {"bob": "owner", "dora": "member"}
    store.writer.run(members.RemoveMember(room, bob, "bob"))
    assert roles(store, room) == {"dora": "owner"}
    store.writer.run(members.RemoveMember(room, dora, "dora"))
    assert roles(store, room) == {}


def test_an_owner_who_leaves_other_owners_hands_nothing_over(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    store.user("carol")
    room = store.room(alice)
    store.writer.run(members.SetMember(room, alice, "bob", "owner"))
    store.writer.run(members.SetMember(room, alice, "carol", "moderator"))
    store.writer.run(members.RemoveMember(room, alice, "alice"))
    assert roles(store, room) == {"bob": "owner", "carol": "moderator"}
    # Who steps down and stays still names another first.
    with pytest.raises(ChatError) as refusal:
        store.writer.run(members.SetMember(room, bob, "bob", "member"))
    assert refusal.value.code == "conflict"


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


def test_the_news_of_many_are_one_statement_and_count_as_each_ones_own(store: Store) -> None:
    alice, bob, carol = store.user("alice"), store.user("bob"), store.user("carol")
    store.user("mallory")
    room = store.room(alice)
    for person in (bob, carol):
        store.writer.run(rooms.EnterPublicRoom("general", person))
    store.post(room, alice, "one")
    store.post(room, bob, "@Carol two")
    store.post(room, alice, "three")
    store.writer.run(rooms.MoveCursor(room, "bob", 2))
    with store.db.snapshot() as db:
        last, news = reading.news(db, room, ["alice", "bob", "carol", "mallory"])
        assert last is not None
        assert last.body == "three"
        counts = {user_id: (unread, named) for user_id, _seat, unread, named in news}
        assert counts == {"alice": (1, 0), "bob": (1, 0), "carol": (3, 1)}
        for user_id, seat, unread, named in news:
            assert seat == reading.seat_by_id(db, user_id, room)
            assert unread == reading.unread(db, room, user_id, seat.read_seq)
            assert named == reading.mentions(db, room, user_id, seat.read_seq)
        assert reading.news_of_all(db, "carol") == {room: (3, 1, 3)}
        assert reading.news(db, room, ["mallory"]) == (None, [])


def test_counting_what_is_unread_ends_at_a_hundred(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice)
    store.writer.run(rooms.EnterPublicRoom("general", bob))
    for number in range(120):
        last = store.submit(room, alice, str(number))
    last.wait()
    with store.db.snapshot() as db:
        assert reading.unread(db, room, "bob", 0) == reading.UNREAD_CAP
        _last, ((_bob, _seat, unread, _named),) = reading.news(db, room, ["bob"])
        assert unread == reading.UNREAD_CAP
        assert reading.news_of_all(db, "bob")[room][0] == reading.UNREAD_CAP


def test_plain_text_has_the_same_terms_on_the_short_way() -> None:
    dice = random.Random(5)
    for _ in range(300):
        plain = "".join(chr(dice.randrange(1, 128)) for _ in range(dice.randrange(200)))
        assert [*search.terms(plain), "가"] == search.terms(f"{plain} 가")
    assert search.terms("x" * 100 + " X_y x_Y") == ["x" * 64, "x", "y"]
