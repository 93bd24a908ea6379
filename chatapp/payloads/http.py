"""What the HTTP API takes and gives. Errors are `Refusal`; lists stand in an object, so that it can grow."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from .assistants import ToolUse
from .inbound import ClientId, Inbound, MessageId, Number, PageSize, Slug
from .replies import RoomInfo
from .shapes import Error, Message, ReplyTo, Role, RunStatus, User

UserId = Annotated[str, Meta(pattern=r"^[a-z0-9]{1,16}(?!\n)$")]

# A minute to 90 days.
Lifetime = Annotated[int, Meta(ge=60, le=90 * 24 * 3600)]

# Requests


class EnterAsGuest(Inbound, frozen=True):
    """POST /guests. `lifetime`: seconds after which the token ends unless refreshed; else 30 days without use."""

    name: str
    lifetime: Lifetime | None = None


class SignUp(Inbound, frozen=True):
    """POST /accounts"""

    name: str
    password: str


class SignIn(Inbound, frozen=True):
    """POST /sessions. `lifetime`: seconds after which the token ends unless refreshed; else 30 days without use."""

    name: str
    password: str
    lifetime: Lifetime | None = None


class Rename(Inbound, frozen=True):
    """PATCH /me"""

    name: str


class ChangePassword(Inbound, frozen=True):
    """PUT /me/password: all other sessions end."""

    old: str
    new: str


class NewRoom(Inbound, frozen=True):
    """POST /rooms. `retention`: forever, live (messages go when everyone has left), or a number of days."""

    slug: Slug
    name: str | None = None
    private: bool = False
    retention: Literal["forever", "live"] | int = "forever"


class NewDirect(Inbound, frozen=True):
    """POST /direct: the room of oneself and these; the same people always get the same one."""

    user_ids: Annotated[list[UserId], Meta(min_length=1, max_length=50)]


class SetMember(Inbound, frozen=True):
    """POST /rooms/<slug>/members: bring somebody in, or give a member another role. Oneself: enter a public room."""

    user_id: UserId
    role: Role = "member"


class RemoveMember(Inbound, frozen=True):
    """DELETE /rooms/<slug>/members: take somebody out; without `user_id` leave oneself."""

    user_id: UserId | None = None


class NewMessage(Inbound, frozen=True):
    """POST /rooms/<slug>/messages; `client_id` makes it safe to send again."""

    client_id: ClientId
    body: str
    reply_to: MessageId | None = None
    not_for_ai: bool = False


class MessagesQuery(Inbound, frozen=True):
    """GET /rooms/<slug>/messages: the latest, or before, after or around a place."""

    before: Number | None = None
    after: Number | None = None
    around: Number | None = None
    limit: PageSize = 50


class SearchQuery(Inbound, frozen=True):
    """GET /search: in all of one's rooms, or in one."""

    q: str
    room: Slug | None = None


# Answers


class Refusal(Struct, frozen=True):
    """Every answer with a status from 400 on."""

    error: Error


class SignedIn(Struct, frozen=True):
    """A new session, or a new token of one. A page of ours gets a cookie besides, and need not look at the token.

    `expires_at`: as it is known now; without a lifetime of its own a session lasts while it is used.
    """

    token: str
    user: User
    expires_at: str


class Me(Struct, frozen=True):
    """Whose the credential is."""

    user: User


class Device(Struct, frozen=True):
    """One of a person's sessions; `current`: the one that asks."""

    id: str
    kind: Literal["cookie", "token"]
    label: str
    created_at: str
    seen_at: str
    current: bool


class Devices(Struct, frozen=True):
    """A person's sessions, the one used last first."""

    sessions: list[Device]


class RoomAnswer(Struct, frozen=True):
    """A room as its member sees it."""

    room: RoomInfo


class RoomEntry(Struct, frozen=True):
    """One of a person's rooms; `unread` and `mentions` of 100 mean more than 99."""

    room: RoomInfo
    unread: int
    mentions: int
    last: Message | None


class RoomList(Struct, frozen=True):
    """A person's rooms."""

    rooms: list[RoomEntry]


class Member(Struct, frozen=True):
    """Somebody in a room."""

    user: User
    role: Role


class MemberAnswer(Struct, frozen=True):
    """A member as they are now."""

    member: Member


class MemberList(Struct, frozen=True):
    """Everyone in a room, assistants too, in the order in which they came."""

    members: list[Member]


class Version(Struct, frozen=True):
    """An earlier text of a message; `at`: when it was replaced."""

    version: int
    body: str
    at: str


class VersionList(Struct, frozen=True):
    """Earlier texts of a message, oldest first; its present one is the message's."""

    versions: list[Version]


class RunReport(Struct, frozen=True):
    """What an assistant's answer was made from. `context`: the ids of the messages that it saw, oldest first.

    `used`: the same, as they read now; `left_out`: how many more did not fit. `prompt_estimate`: tokens by our own count;
    `truncated`: the provider counted far fewer, its window is set smaller. `cost` in millionths, null without a price.
    """

    message_id: str
    attempt: int
    state: RunStatus
    asker: User
    question: str
    model: str | None
    prompt_version: str | None
    context: list[str]
    prompt_tokens: int | None
    completion_tokens: int | None
    queued_at: str
    first_token_at: str | None
    ended_at: str | None
    error: str | None
    assistant: User
    provider: str | None
    used: list[ReplyTo]
    left_out: int
    prompt_estimate: int | None
    truncated: bool
    cost: int | None
    first_token_ms: int | None
    tools: list[ToolUse]


class Refetch(Struct, frozen=True):
    """An event of the stream only: what was missed cannot be told; read the room afresh. `seq`: where it goes on."""

    room: str
    seq: int


class BootRoom(Struct, frozen=True):
    """The room of a page with its latest messages, as `join` would answer."""

    room: RoomInfo
    messages: list[Message]
    more: bool
    read_seq: int
    unread: int
    mentions: int


class Boot(Struct, frozen=True):
    """The JSON block of a page. `csrf`: the token of forms that are posted without a script."""

    user: User | None
    lang: Literal["en", "ko"]
    csrf: str
    room: BootRoom | UnsetType = UNSET
