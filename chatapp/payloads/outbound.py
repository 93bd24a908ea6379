"""What the server sends without being asked. `message` and `message_changed` carry shapes.Message and `prev`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from .shapes import Error, Message, Role, User


class Limits(Struct, frozen=True):
    """What the server accepts: code points, bytes, and seconds between pings."""

    body: int
    frame: int
    page: int
    ping_interval: int
    ping_timeout: int


class Hello(Struct, frozen=True):
    """The greeting, once connected."""

    user: User
    protocol: int
    server_time: str
    limits: Limits
    features: list[str]


class DeltaEvent(Struct, frozen=True):
    """More text of an answer being written; `offset` counts code points from its beginning."""

    room: str
    message_id: str
    attempt: int
    offset: int
    text: str


class ToolUseEvent(Struct, frozen=True):
    """An answer being written uses a tool: true until its text goes on, or it ends."""

    room: str
    message_id: str
    attempt: int
    tool: str


class Refused(Struct, frozen=True):
    """To the person alone: no assistant will answer this message of theirs, and why."""

    room: str
    message_id: str
    error: Error


class ToolRequest(Struct, frozen=True):
    """To the asker alone: may the assistant do this in one's name? Answered by `tool_answer`, until `expires_at`."""

    id: str
    room: str
    message_id: str
    assistant: User
    tool: str
    arguments: dict[str, Any]
    expires_at: str


class ToolSettled(Struct, frozen=True):
    """To the asker alone: a `tool_request` needs no answer any more."""

    id: str
    room: str
    state: Literal["approved", "refused", "expired"]


class TypingEvent(Struct, frozen=True):
    """Somebody types, or stopped. Expires 3 s after the last one."""

    room: str
    user: User
    typing: bool


class ReadEvent(Struct, frozen=True):
    """Read cursors that moved, at most one event a second a room."""

    room: str
    reads: dict[str, int]


class PresenceEvent(Struct, frozen=True):
    """Who came and went, at most one event a second a room."""

    room: str
    joined: list[User]
    left: list[User]
    online_count: int


class RoomEvent(Struct, frozen=True):
    """A numbered change that is not a message's."""

    room: str
    seq: int
    kind: Literal["room", "role", "member", "assistants"]
    by: User | None
    name: str | UnsetType = UNSET  # room: its new name
    user: User | UnsetType = UNSET  # role, member: whose
    role: Role | None | UnsetType = UNSET  # the new role; null: no longer a member
    reason: Literal["banned"] | UnsetType = UNSET  # member, out: why, if not just removed or gone


class RoomChanged(Struct, frozen=True):
    """To a person: something moved in a room that this connection has not joined."""

    room: str
    unread: int
    mentions: int
    name: str | UnsetType = UNSET
    kind: Literal["public", "private", "direct"] | UnsetType = UNSET
    last: Message | UnsetType = UNSET


class UserChanged(Struct, frozen=True):
    """Somebody's name or picture changed."""

    user: User


class RemovedEvent(Struct, frozen=True):
    """This person is no longer a member of the room."""

    room: str
    reason: Literal["removed", "banned", "left", "deleted"]


class Closing(Struct, frozen=True):
    """The server is about to close the transport; come back after `retry_after` seconds."""

    reason: Literal["restart", "slow", "overloaded"]
    retry_after: float


class SessionRevoked(Struct, frozen=True):
    """This session was signed out; the connection ends."""

    reason: Literal["signed_out", "password_changed", "expired", "banned"]
