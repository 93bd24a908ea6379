"""Posting: numbers without a hole, one message for each key, and the right to write checked at the commit."""

from __future__ import annotations

import msgspec
import pytest

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.payloads import MentionSpan, Message
from chatapp.store import members, reading, rooms

from .conftest import Store


def test_messages_take_the_next_numbers_and_are_told_in_order(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    pending = [store.submit(room, alice, f"message {n}") for n in range(50)]
    assert [each.wait().seq for each in pending] == list(range(1, 51))
    assert store.numbers(room) == list(range(1, 51))
    told = [event.seq for told in store.told if told.room_id == room for event in told.events]
    assert told == list(range(1, 51))


def test_what_is_told_is_what_is_read_back(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    first = store.post(room, alice, "안녕하세요 @Alice")
    reply = store.post(room, alice, "네", reply_to=first.seq)
    with store.db.snapshot() as db:
        read, _more = reading.page(db, room, "general")
    told = [msgspec.json.decode(each.payload, type=Message) for each in (first, reply)]
    assert read == told
    assert read[1].reply_to.excerpt == "안녕하세요 @Alice"  # type: ignore[union-attr]


def test_the_same_key_and_payload_give_the_first_result(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    first = store.post(room, alice, "once", key="same")
    again = store.post(room, alice, "once", key="same")
    assert (again.seq, again.duplicate, again.payload) == (first.seq, True, first.payload)
    assert store.numbers(room) == [1]


def test_a_retry_in_the_same_batch_is_a_duplicate_too(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    pending = [store.submit(room, alice, "once", key="same") for _ in range(3)]
    results = [each.wait() for each in pending]
    assert [result.duplicate for result in results] == [False, True, True]
    assert store.numbers(room) == [1]


def test_the_same_key_with_another_payload_is_a_conflict_and_hurts_nobody_else(
    store: Store,
) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    store.post(room, alice, "one", key="same")
    other = store.submit(room, alice, "two", key="same")
    beside = store.submit(room, alice, "three")
    with pytest.raises(ChatError) as refusal:
        other.wait()
    assert refusal.value.code == "conflict"
    assert beside.wait().seq == 2


def test_two_people_may_use_the_same_key(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice)
    store.writer.run(rooms.EnterPublicRoom("general", bob))
    assert not store.post(room, alice, "x", key="same").duplicate
    assert not store.post(room, bob, "x", key="same").duplicate


def test_a_stranger_writes_nothing_and_a_member_does(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice, kind="private")
    with pytest.raises(ChatError) as refusal:
        store.post(room, bob, "let me in")
    assert refusal.value.code == "not_found"
    assert store.numbers(room) == []
    store.writer.run(members.SetMember(room, alice, "bob", "member"))
    assert store.post(room, bob, "thank you").seq == 2


def test_a_reader_may_not_write(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice)
    store.writer.run(members.SetMember(room, alice, "bob", "readonly"))
    with pytest.raises(ChatError) as refusal:
        store.post(room, bob, "psst")
    assert refusal.value.code == "forbidden"


def test_who_may_not_write_any_more_still_learns_that_it_was_stored(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice)
    store.writer.run(rooms.EnterPublicRoom("general", bob))
    first = store.post(room, bob, "before", key="same")
    store.writer.run(members.SetMember(room, alice, "bob", "readonly"))
    again = store.post(room, bob, "before", key="same")
    assert (again.seq, again.duplicate) == (first.seq, True)
    with pytest.raises(ChatError) as refusal:
        store.post(room, bob, "after", key="another")
    assert refusal.value.code == "forbidden"


def test_a_removed_member_cannot_write_even_what_waits_behind_the_removal(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice)
    store.writer.run(rooms.EnterPublicRoom("general", bob))
    removal = store.writer.submit(members.RemoveMember(room, alice, "bob"))
    late = store.submit(room, bob, "one more thing")
    removal.wait()
    with pytest.raises(ChatError) as refusal:
        late.wait()
    assert refusal.value.code == "not_found"


def test_a_reply_in_the_same_batch_finds_what_it_answers(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    store.submit(room, alice, "question")
    assert store.submit(room, alice, "answer", reply_to=1).wait().seq == 2
    with pytest.raises(ChatError):
        store.post(room, alice, "to nothing", reply_to=99)


def test_only_members_are_mentioned(store: Store) -> None:
    alice = store.user("alice")
    store.user("mallory")
    room = store.room(alice)
    posted = store.post(room, alice, "@Alice @Mallory")
    assert msgspec.json.decode(posted.payload, type=Message).mentions == [
        MentionSpan("alice", 0, 6)
    ]


def test_a_full_queue_refuses_and_does_nothing_half(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    monkeypatch.setattr("chatapp.store.writer.MAX_WAITING", 1)
    accepted, refused = [], []
    with runtime.turn:  # nothing is taken from the queue meanwhile
        for n in range(10):
            try:
                accepted.append(store.submit(room, alice, str(n)))
            except ChatError as error:
                refused.append((error.code, error.retry_after))
    assert set(refused) == {("overloaded", 1)}
    seqs = [each.wait().seq for each in accepted]
    assert store.numbers(room) == seqs
