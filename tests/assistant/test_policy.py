"""When an assistant speaks."""

from __future__ import annotations

import pytest

from chatapp.assistant.policy import answers
from chatapp.payloads import MentionSpan, Message, ReplyTo, User
from tests.assistant.test_context import ALICE, ASSISTANT, BOB, OTHER, message

SYSTEM = User("system", "system", "system")


def mentioning(sender: User, *users: User) -> Message:
    return message(1, sender, "…", mentions=[MentionSpan(user.id, 0, 1) for user in users])


def replying(sender: User, to: User) -> Message:
    return message(2, sender, "…", reply_to=ReplyTo("1-1", 1, to, "…", False))


def who(asked: Message, direct: bool = False) -> list[User]:
    return answers(asked, [ASSISTANT, OTHER], direct)


def test_a_message_that_calls_nobody_is_answered_by_nobody() -> None:
    assert who(message(1, ALICE, "assistant is a word")) == []


def test_those_who_are_mentioned_answer_each_once_in_the_rooms_order() -> None:
    assert who(mentioning(ALICE, OTHER, ASSISTANT, OTHER, BOB)) == [ASSISTANT, OTHER]


def test_a_reply_to_an_assistant_calls_it_and_a_reply_to_a_person_nobody() -> None:
    assert who(replying(ALICE, ASSISTANT)) == [ASSISTANT]
    assert who(replying(ALICE, BOB)) == []


def test_in_a_direct_room_everything_is_answered() -> None:
    assert answers(message(1, ALICE, "hello"), [ASSISTANT], direct=True) == [ASSISTANT]


@pytest.mark.parametrize("asked", [message(1, OTHER, "hello"), replying(OTHER, ASSISTANT)])
def test_an_assistant_calls_another_by_nothing_but_a_mention(asked: Message) -> None:
    assert answers(asked, [ASSISTANT], direct=True) == []
    assert who(mentioning(OTHER, ASSISTANT)) == [ASSISTANT]


def test_no_assistant_calls_itself() -> None:
    assert who(mentioning(ASSISTANT, ASSISTANT)) == []


def test_system_messages_call_nobody() -> None:
    assert who(mentioning(SYSTEM, ASSISTANT), direct=True) == []
