"""What moderators and administrators send and are shown over HTTP."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .http import UserId
from .inbound import Inbound, Number
from .shapes import User

Days = Annotated[int, Meta(ge=1, le=3650)]

# Requests


class NewBan(Inbound, frozen=True):
    """POST /rooms/<slug>/bans, POST /admin/bans. `days`: for how long; null: for good."""

    user_id: UserId
    reason: str = ""
    days: Days | None = None


class Transfer(Inbound, frozen=True):
    """POST /rooms/<slug>/owner: the member who becomes the owner in one's place; one stays as a moderator."""

    user_id: UserId


class SetAdmin(Inbound, frozen=True):
    """PUT /admin/people/<id>/admin"""

    admin: bool


class PageQuery(Inbound, frozen=True):
    """GET /admin/rooms: 100 at a time, `page` from 0."""

    page: Annotated[int, Meta(ge=0, le=100_000)] = 0


class PeopleQuery(PageQuery, frozen=True):
    """GET /admin/people: whose name contains `q`; 100 at a time, `page` from 0."""

    q: Annotated[str, Meta(max_length=64)] = ""


class SessionsQuery(PageQuery, frozen=True):
    """GET /admin/sessions: of everybody, or of one person; 100 at a time, `page` from 0."""

    user_id: UserId | None = None


class AuditQuery(Inbound, frozen=True):
    """GET /admin/audit: the newest 100, or those before an entry."""

    before: Number | None = None


# Answers


class Ban(Struct, frozen=True):
    """Who may not come. `expires_at` null: for good; `by`: who said so, empty for a command on the server."""

    user: User
    reason: str
    at: str
    expires_at: str | None
    by: str


class BanList(Struct, frozen=True):
    """Bans, newest first."""

    bans: list[Ban]


class AdminPerson(Struct, frozen=True):
    """Somebody as administrators see them."""

    user: User
    is_admin: bool
    created_at: str
    seen_at: str | None
    sessions: int
    banned: bool


class AdminPeople(Struct, frozen=True):
    """People and guests, newest first."""

    people: list[AdminPerson]


class AdminRoom(Struct, frozen=True):
    """A room as administrators see it: not what is said there. `last`: its latest number."""

    slug: str
    name: str
    kind: str
    retention: str
    members_count: int
    last: int
    created_at: str


class AdminRooms(Struct, frozen=True):
    """Rooms, newest first."""

    rooms: list[AdminRoom]


class AdminSession(Struct, frozen=True):
    """Somebody's session."""

    id: str
    user: User
    kind: str
    label: str
    created_at: str
    seen_at: str


class AdminSessions(Struct, frozen=True):
    """Sessions that are good, the one used last first."""

    sessions: list[AdminSession]


class AuditEntry(Struct, frozen=True):
    """An administrative act. `actor` is empty for a command on the server, `result` done or the code of the refusal."""

    id: int
    at: str
    actor: str
    actor_id: str | None
    action: str
    target: str
    target_name: str
    room: str | None
    result: str
    details: str


class AuditList(Struct, frozen=True):
    """The record, newest first."""

    entries: list[AuditEntry]
