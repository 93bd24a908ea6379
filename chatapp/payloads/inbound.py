"""What a client sends on /chat. An unknown field is refused: a typing error must not pass for a default."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

# Text that names a room is checked by the room's own rule (its answer says what is allowed); this only bounds it.
Slug = Annotated[str, Meta(min_length=1, max_length=256)]
Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]
MessageId = Annotated[str, Meta(min_length=1, max_length=40)]
# `$` alone would let a line break pass behind the last letter.
ClientId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}(?!\n)$")]
PageSize = Annotated[int, Meta(ge=1, le=100)]


class Inbound(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all that clients send."""


class Join(Inbound, frozen=True):
    """Subscribe this connection to a room; with `since` and `epoch`, get exactly what was missed."""

    room: Slug
    since: Number | UnsetType = UNSET
    epoch: str | UnsetType = UNSET


class Leave(Inbound, frozen=True):
    """End this connection's subscription; the membership stays."""

    room: Slug


class PostMessage(Inbound, frozen=True):
    """Post a message. `client_id` makes it safe to send again; `reply_to` is a message id of the same room.

    `not_for_ai`: no assistant is ever shown it.
    """

    room: Slug
    client_id: ClientId
    body: str
    reply_to: MessageId | None = None
    uploads: Annotated[list[str], Meta(max_length=10)] = []
    not_for_ai: bool = False


class Typing(Inbound, frozen=True):
    """Tell the others that one is typing; repeat at least every 3 s while it lasts."""

    room: Slug
    typing: bool


class Read(Inbound, frozen=True):
    """Move one's read cursor forward to `seq`."""

    room: Slug
    seq: Number


class History(Inbound, frozen=True):
    """A page of messages, oldest first: before, after or around a place; the latest without any."""

    room: Slug
    before: Number | UnsetType = UNSET
    after: Number | UnsetType = UNSET
    around: Number | UnsetType = UNSET
    limit: PageSize = 50


class Sync(Inbound, frozen=True):
    """Ask for all that changed after number `since`."""

    room: Slug
    since: Number
    epoch: str


class Edit(Inbound, frozen=True):
    """Replace the text of one's own message."""

    message_id: MessageId
    body: str


class Delete(Inbound, frozen=True):
    """Delete one's own message, or as moderator anybody's."""

    message_id: MessageId


class React(Inbound, frozen=True):
    """Put one's emoji under a message, or take it away. Exactly one emoji; its spellings (U+FE0F) count as one."""

    message_id: MessageId
    emoji: Annotated[str, Meta(min_length=1, max_length=32)]
    on: bool


class Stop(Inbound, frozen=True):
    """Stop an assistant's answer, or cancel it while it waits."""

    message_id: MessageId


class Regenerate(Inbound, frozen=True):
    """Have an assistant answer again, as a new version of the same message."""

    message_id: MessageId


class Continue(Inbound, frozen=True):
    """Have an assistant go on with an answer that was cut off or stopped, from its text so far."""

    message_id: MessageId


class NotForAi(Inbound, frozen=True):
    """Mark a message as not for AI, or take the mark away: its author, or a moderator."""

    message_id: MessageId
    on: bool


class AiPrivacy(Inbound, frozen=True):
    """From now on, what one posts in this room is marked as not for AI, or no longer."""

    room: Slug
    not_for_ai: bool


class ToolAnswer(Inbound, frozen=True):
    """The answer to `tool_request`: may the assistant do this in one's name?"""

    id: Annotated[str, Meta(min_length=1, max_length=16)]
    approve: bool
