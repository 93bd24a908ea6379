"""Who answers a message: decided from the message and the room's rules, so that nothing is read for the many that concern nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chatapp.payloads import Message, User
from chatapp.store.assistant_rows import RoomPolicy, Voice


@dataclass(frozen=True, slots=True)
class Summons:
    """Who answers: `now` at once; of what nobody was called for, `all_` and one of `turn`, after a moment of silence."""

    now: tuple[User, ...] = ()
    all_: tuple[User, ...] = ()
    turn: tuple[User, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.now or self.all_ or self.turn)


NOBODY = Summons()


def summons(message: Message, voices: Sequence[Voice], policy: RoomPolicy) -> Summons:
    """Which of a room's assistants answer a new message.

    A person is answered by who is mentioned (the store of mentions leaves out code and quotes) and by whom the person
    replies to; in a direct room by every assistant there; if nobody is called, as the room's turns say. An assistant
    is answered by those it mentions alone, never by itself: all else would make two of them talk for ever.
    """
    if message.sender.kind == "system":
        return NOBODY
    able = [voice for voice in voices if voice.speaks != "never"]
    called = {span.user_id for span in message.mentions}
    if message.sender.kind == "assistant":
        called.discard(message.sender.id)
        return Summons(now=_users(voice for voice in able if voice.assistant.user.id in called))
    if message.reply_to and message.reply_to.sender.kind == "assistant":
        called.add(message.reply_to.sender.id)
    if policy.direct:
        return Summons(now=_users(able))
    if any(voice.assistant.user.id in called for voice in voices):
        return Summons(now=_users(voice for voice in able if voice.assistant.user.id in called))
    if policy.turns == "always":
        return Summons(all_=_users(able))
    always = _users(voice for voice in able if voice.speaks == "always")
    if policy.turns == "round_robin":
        others = _users(voice for voice in able if voice.speaks != "always")
        return Summons(all_=always, turn=others)
    return Summons(all_=always)


def _users(voices: Iterable[Voice]) -> tuple[User, ...]:
    return tuple(voice.assistant.user for voice in voices)
