"""What acks add to `ok: true`, and what the HTTP API answers with."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from .shapes import Message, Role, User


class RoomInfo(Struct, frozen=True):
    """A room as its member sees it. `seq` is its last number, `retention` is forever, live or a number of days.

    `not_for_ai`, where it is true: what this member posts there is marked as not for AI.
    """

    slug: str
    name: str
    kind: Literal["public", "private", "direct"]
    epoch: str
    seq: int
    retention: Literal["forever", "live"] | int
    role: Role
    members_count: int
    not_for_ai: bool | UnsetType = UNSET


class LiveRun(Struct, frozen=True):
    """An answer being written: its text as of this ack; later deltas continue it. `tool`: it uses that one now."""

    message_id: str
    attempt: int
    text: str
    tool: str | UnsetType = UNSET


class JoinReply(Struct, frozen=True):
    """`messages`: the latest 50, or all changed after `since`; `reads` only in rooms of up to 200 members."""

    room: RoomInfo
    messages: list[Message]
    more: bool
    online: list[User]
    online_count: int
    read_seq: int
    unread: int
    mentions: int
    runs: list[LiveRun]
    refetch: bool | UnsetType = UNSET
    reads: dict[str, int] | UnsetType = UNSET


class SyncReply(Struct, frozen=True):
    """All that changed, each message once, in the order of changed_seq; `refetch`: join afresh instead.

    `room` as of the same number: a client that moves past numbers must not miss a new name or role.
    """

    room: RoomInfo
    messages: list[Message]
    seq: int
    runs: list[LiveRun]
    refetch: bool | UnsetType = UNSET


class HistoryReply(Struct, frozen=True):
    """A page of messages, oldest first; `more`: there are others beyond it in the direction asked for."""

    messages: list[Message]
    more: bool


class PostReply(Struct, frozen=True):
    """The message as stored; `duplicate`: this client_id had been stored before."""

    message: Message
    duplicate: bool


class MessageReply(Struct, frozen=True):
    """The message after the change."""

    message: Message


class AiPrivacyReply(Struct, frozen=True):
    """One's switch in this room as it is now."""

    not_for_ai: bool


class ReadReply(Struct, frozen=True):
    """The cursor after the move, and what is unread behind it (100 means more than 99)."""

    seq: int
    unread: int
