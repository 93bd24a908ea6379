"""Who answers a message, decided from the message and the room's rules."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from chatapp.assistant.policy import NOBODY, Summons, summons
from chatapp.payloads import MentionSpan, Message, ReplyTo, User
from chatapp.store.assistant_rows import AssistantRow, RoomPolicy, Voice

ALICE = User("alice", "Alice", "person")
BOB = User("bob", "Bob", "guest")
FIRST = User("first", "First", "assistant")
SECOND = User("second", "Second", "assistant")
SYSTEM = User("system", "system", "system")


def voice(user: User, speaks: str = "mentioned") -> Voice:
    row = AssistantRow(user, None, "", "", None, None, True, None, None, None, None)
    return Voice(row, speaks)


def called(
    sender: User,
    *mentions: User,
    reply_to: User | None = None,
    turns: str = "mentioned",
    direct: bool = False,
    first: str = "mentioned",
    second: str = "mentioned",
) -> Summons:
    fields: dict[str, Any] = {
        "id": "1-9",
        "room": "tea",
        "seq": 9,
        "changed_seq": 9,
        "client_id": None,
        "sender": sender,
        "type": "text",
        "body": "…",
        "mentions": [MentionSpan(user.id, 0, 1) for user in mentions],
        "created_at": "2026-11-20T14:02:03.000Z",
        "edited_at": None,
        "deleted_at": None,
        "uploads": [],
        "reactions": [],
        "reply_to": ReplyTo("1-3", 3, reply_to, "…", False) if reply_to else UNSET,
    }
    voices = [voice(FIRST, first), voice(SECOND, second)]
    return summons(Message(**fields), voices, RoomPolicy(direct, turns, None, None))


def test_who_is_mentioned_answers_in_the_rooms_order() -> None:
    assert called(ALICE, SECOND, FIRST).now == (FIRST, SECOND)
    assert called(BOB, SECOND).now == (SECOND,)
    assert called(ALICE, BOB) == NOBODY


def test_a_reply_to_an_assistant_counts_as_a_mention() -> None:
    assert called(ALICE, reply_to=FIRST).now == (FIRST,)
    assert called(ALICE, reply_to=BOB) == NOBODY


def test_in_a_direct_room_every_assistant_answers_a_person() -> None:
    assert called(ALICE, direct=True).now == (FIRST, SECOND)


def test_an_assistant_is_answered_only_where_it_mentions_and_never_by_itself() -> None:
    assert called(FIRST, SECOND).now == (SECOND,)
    assert called(FIRST, FIRST) == NOBODY
    assert called(FIRST, reply_to=SECOND) == NOBODY
    assert called(FIRST, direct=True) == NOBODY
    assert called(FIRST, turns="always", second="always") == NOBODY
    assert called(FIRST, turns="round_robin") == NOBODY


def test_the_system_is_never_answered() -> None:
    assert called(SYSTEM, FIRST, direct=True, turns="always") == NOBODY


def test_always_is_every_assistant_that_is_not_silent() -> None:
    assert called(ALICE, turns="always").all_ == (FIRST, SECOND)
    assert called(ALICE, turns="always", first="never").all_ == (SECOND,)
    assert called(ALICE, first="always").all_ == (FIRST,)


def test_in_turn_is_one_of_those_who_do_not_answer_always() -> None:
    assert called(ALICE, turns="round_robin").turn == (FIRST, SECOND)
    taken = called(ALICE, turns="round_robin", first="always")
    assert (taken.all_, taken.turn) == ((FIRST,), (SECOND,))


def test_who_calls_one_is_answered_by_that_one_alone() -> None:
    assert called(ALICE, SECOND, turns="always") == Summons(now=(SECOND,))
    assert called(ALICE, SECOND, turns="round_robin", first="always") == Summons(now=(SECOND,))


def test_who_is_silent_answers_nobody() -> None:
    assert called(ALICE, FIRST, first="never") == NOBODY
    assert called(ALICE, FIRST, turns="always", first="never") == NOBODY
    assert called(ALICE, direct=True, first="never").now == (SECOND,)
