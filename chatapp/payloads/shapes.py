"""The shapes that events, acks and HTTP answers share."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from chatapp.errors import BudgetScope

UserKind = Literal["person", "guest", "assistant", "system"]
Role = Literal["owner", "moderator", "member", "readonly"]
RunStatus = Literal["queued", "thinking", "streaming", "done", "stopped", "failed", "interrupted"]


class User(Struct, frozen=True):
    """Somebody who writes: a person with an account, a guest, an assistant, or the system."""

    id: str
    name: str
    kind: UserKind
    avatar: str | UnsetType = UNSET


class MentionSpan(Struct, frozen=True):
    """Where a body names somebody; `start` and `length` count code points."""

    user_id: str
    start: int
    length: int


class ReplyTo(Struct, frozen=True):
    """The message that this one answers, short enough to show above it."""

    id: str
    seq: int
    sender: User
    excerpt: str
    deleted: bool


class UploadInfo(Struct, frozen=True):
    """A file with a message; `size` in bytes, `width` and `height` in pixels."""

    id: str
    name: str
    type: str
    size: int
    width: int | UnsetType = UNSET
    height: int | UnsetType = UNSET


class ReactionCount(Struct, frozen=True):
    """One emoji under a message; `users` names the first 20."""

    emoji: str
    count: int
    users: list[str]


class RunInfo(Struct, frozen=True):
    """How an assistant's answer came about.

    `attempt` counts its tries, `versions` its texts so far, `position` its place in the queue from 1 while queued.
    `error` is why it failed or was cut, `retry_after` after how many seconds it may go better, where that is known.
    """

    attempt: int
    asker: User
    versions: int
    position: int | UnsetType = UNSET
    stopped_by: User | UnsetType = UNSET
    error: str | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET


class Message(Struct, frozen=True):
    """A message in its current state.

    `seq` is its place in the room, `changed_seq` the number of its latest change. A deleted message has an empty body.
    `not_for_ai`, where it is true: no assistant is shown this message.
    """

    id: str
    room: str
    seq: int
    changed_seq: int
    client_id: str | None
    sender: User
    type: Literal["text", "system"]
    body: str
    mentions: list[MentionSpan]
    created_at: str
    edited_at: str | None
    deleted_at: str | None
    uploads: list[UploadInfo]
    reactions: list[ReactionCount]
    params: dict[str, Any] | UnsetType = UNSET
    reply_to: ReplyTo | UnsetType = UNSET
    status: RunStatus | UnsetType = UNSET
    run: RunInfo | UnsetType = UNSET
    not_for_ai: bool | UnsetType = UNSET


class Error(Struct, frozen=True):
    """What every refusal says. `retry_after` in seconds; `request_id` finds it in the server's log; `budget`, of
    `budget_exceeded`: whose is used up."""

    code: str
    message: str
    retry_after: float | UnsetType = UNSET
    request_id: str | UnsetType = UNSET
    budget: BudgetScope | UnsetType = UNSET
