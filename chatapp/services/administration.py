"""What administrators see and do. Whether somebody is one is asked where the request is answered."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from chatapp.clock import now_ms
from chatapp.errors import ChatError, not_found
from chatapp.payloads import User
from chatapp.runtime.logs import fields
from chatapp.store import bans, epochs
from chatapp.store import moderation as jobs
from chatapp.store.audit import NoteRefusal
from chatapp.store.database import Database
from chatapp.store.sql import Statement
from chatapp.store.writer import Writer

from .moderation import check
from .people import People, name_key

log = logging.getLogger("chatapp.services")

PAGE = 100

_PEOPLE = Statement(
    """SELECT u.id, u.name, u.kind, u.is_admin, u.created_at,
    (SELECT max(s.seen_at) FROM sessions s WHERE s.user_id = u.id),
    (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > :now),
    (SELECT count(*) FROM bans b WHERE b.user_id = u.id AND b.room_id IS NULL
        AND (b.expires_at IS NULL OR b.expires_at > :now))
    FROM users u WHERE u.kind IN ('person', 'guest') AND lower(u.name) LIKE :like
    ORDER BY u.created_at DESC, u.id LIMIT :limit OFFSET :skip"""
)
_ROOMS = Statement(
    """SELECT slug, name, kind, retention, members_count, last_seq, created_at FROM rooms
    ORDER BY id DESC LIMIT :limit OFFSET :skip"""
)
_SESSIONS = Statement(
    """SELECT s.id, u.id, u.name, u.kind, s.kind, s.label, s.created_at, s.seen_at
    FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.revoked_at IS NULL AND s.expires_at > :now AND u.id LIKE :user
    ORDER BY s.seen_at DESC, s.id LIMIT :limit OFFSET :skip"""
)
_AUDIT = Statement(
    """SELECT id, at, actor_id, actor_name, action, target, target_name, room, result, details FROM audit
    WHERE id < :before ORDER BY id DESC LIMIT :limit"""
)
_BY_KEY = Statement("SELECT id FROM users WHERE name_key = :key AND kind = 'person'")


@dataclass(slots=True, frozen=True)
class PersonRow:
    """Somebody as administrators see them; times in ms."""

    user: User
    is_admin: bool
    created_at: int
    seen_at: int | None
    sessions: int
    banned: bool


@dataclass(slots=True, frozen=True)
class RoomRow:
    """A room as administrators see it: not what is said there. `last`: its latest number."""

    slug: str
    name: str
    kind: str
    retention: str
    members_count: int
    last: int
    created_at: int


@dataclass(slots=True, frozen=True)
class SessionRow:
    """Somebody's session; times in ms."""

    id: str
    user: User
    kind: str
    label: str
    created_at: int
    seen_at: int


@dataclass(slots=True, frozen=True)
class Entry:
    """An administrative act; `at` in ms. `actor_id` None: by a command on the server."""

    id: int
    at: int
    actor_id: str | None
    actor: str
    action: str
    target: str
    target_name: str
    room: str | None
    result: str
    details: str


class Administration:
    """Lists come in pages of 100, `page` from 0. `by` is None for a command on the server."""

    def __init__(self, db: Database, writer: Writer, people: People) -> None:
        self._db, self._writer, self._people = db, writer, people

    def people(self, words: str = "", page: int = 0) -> list[PersonRow]:
        """People and guests, the newest first, whose name contains `words`."""
        like = f"%{''.join(c for c in words.lower() if c not in '%_')}%"
        with self._db.snapshot() as db:
            rows = db.all(_PEOPLE, now=now_ms(), like=like, limit=PAGE, skip=page * PAGE)
        return [PersonRow(User(*r[:3]), bool(r[3]), r[4], r[5], r[6], bool(r[7])) for r in rows]

    def rooms(self, page: int = 0) -> list[RoomRow]:
        """All rooms, the newest first."""
        with self._db.snapshot() as db:
            return [RoomRow(*row) for row in db.all(_ROOMS, limit=PAGE, skip=page * PAGE)]

    def sessions(self, user_id: str | None = None, page: int = 0) -> list[SessionRow]:
        """The sessions that are good, the one used last first; of everybody, or of one person."""
        with self._db.snapshot() as db:
            rows = db.all(
                _SESSIONS, now=now_ms(), user=user_id or "%", limit=PAGE, skip=page * PAGE
            )
        return [SessionRow(r[0], User(*r[1:4]), *r[4:]) for r in rows]

    def bans(self) -> list[bans.Ban]:
        """Who may not sign in."""
        with self._db.snapshot() as db:
            return bans.of_installation(db)

    def audit(self, before: int | None = None) -> list[Entry]:
        """The record, the newest first."""
        with self._db.snapshot() as db:
            rows = db.all(_AUDIT, before=before or 2**62, limit=PAGE)
        return [Entry(*row) for row in rows]

    def end_session(self, by: User | None, session_id: str) -> None:
        """End somebody's session. Raises `not_found`."""
        ended = self._writer.run(jobs.EndAnySession(by, session_id))
        _log("end_session", by, session=session_id)
        self._people.revoked.publish((ended, "signed_out"))

    def ban(self, by: User | None, user_id: str, reason: str = "", days: int | None = None) -> None:
        """End all sessions of a person; no other begins for `days`, or for good. Raises `not_found`, `conflict`."""
        check(reason, days)
        for session_id in self._writer.run(jobs.BanPerson(by, user_id, reason, days)):
            self._people.revoked.publish((session_id, "banned"))
        _log("ban", by, person=user_id)

    def unban(self, by: User | None, user_id: str) -> None:
        """Let a person sign in again. Raises `not_found`."""
        self._writer.run(jobs.LiftBan(by, user_id))
        _log("unban", by, person=user_id)

    def set_admin(self, by: User | None, user_id: str, admin: bool) -> None:
        """Give or take the rights of an administrator. Raises `not_found`, `conflict`."""
        self._writer.run(jobs.SetAdmin(by, user_id, admin))
        _log("make_admin" if admin else "unmake_admin", by, person=user_id)

    def renew_epochs(self) -> int:
        """After a backup was restored: have every client load its rooms afresh. How many rooms there are."""
        renewed = self._writer.run(epochs.RenewEpochs())
        _log("renew_epochs", None)
        return renewed

    def account(self, name: str) -> str:
        """The id of an account by its name in any spelling. Raises `not_found`."""
        with self._db.snapshot() as db:
            found = db.value(_BY_KEY, key=name_key(name))
        if found is None:
            raise not_found("account")
        return str(found)

    def refused(self, by: User, action: str, target: str) -> ChatError:
        """The refusal of somebody who is no administrator; it is recorded."""
        self._writer.run(NoteRefusal(by, action, target))
        _log("refused", by, target=target)
        return ChatError("forbidden", "Only administrators may do this.")


def _log(act: str, by: User | None, **about: str) -> None:
    log.info("administration: %s", act, extra=fields(by=by.id if by else None, **about))
