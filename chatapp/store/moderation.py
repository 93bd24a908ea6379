"""Bans, the handing over of rooms, and what administrators do."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.errors import ChatError, not_found
from chatapp.ids import new_id
from chatapp.payloads import User

from . import members, rights
from .audit import note
from .members import MemberChange
from .sql import Statement
from .tx import Tx

DAY_MS = 24 * 3600 * 1000

_BAN = Statement(
    "INSERT INTO bans (id, room_id, user_id, by_id, reason, at, expires_at)"
    " VALUES (:id, :room, :user, :by, :reason, :at, :expires)"
)
_BAN_EVERYWHERE = Statement(
    "INSERT INTO bans (id, user_id, by_id, reason, at, expires_at)"
    " VALUES (:id, :user, :by, :reason, :at, :expires)"
)
_LIFT = Statement("DELETE FROM bans WHERE room_id = :room AND user_id = :user")
_LIFT_EVERYWHERE = Statement("DELETE FROM bans WHERE room_id IS NULL AND user_id = :user")
_PERSON = Statement("SELECT id, name, kind, is_admin FROM users WHERE id = :user")
# Held until the commit (messages of that person are not held up: they only refer to the key): who signs in at the same moment on another worker comes before the ban, whose session it ends, or
# after it, and is refused.
_HOLD = Statement(
    "SELECT id FROM users WHERE id = :user",
    "SELECT id FROM users WHERE id = :user FOR NO KEY UPDATE",
)
# All of them, in one order: two who take the rights from each other at the same moment on two workers come one by one.
_HOLD_ADMINS = Statement(
    "SELECT id FROM users WHERE is_admin = :yes OR id = :user ORDER BY id",
    "SELECT id FROM users WHERE is_admin = :yes OR id = :user ORDER BY id FOR NO KEY UPDATE",
)
_IS_ADMIN = Statement("SELECT is_admin FROM users WHERE id = :user")
_SET_ADMIN = Statement("UPDATE users SET is_admin = :admin WHERE id = :user AND kind = 'person'")
_OTHER_ADMINS = Statement("SELECT count(*) FROM users WHERE is_admin = :yes AND id <> :user")
_END_ALL = Statement(
    "UPDATE sessions SET revoked_at = :at, revoked_reason = :reason"
    " WHERE user_id = :user AND revoked_at IS NULL RETURNING id"
)
_END_ONE = Statement(
    "UPDATE sessions SET revoked_at = :at, revoked_reason = :reason"
    " WHERE id = :id AND revoked_at IS NULL RETURNING user_id"
)


def _person(tx: Tx, user_id: str) -> tuple[User, bool]:
    row = tx.one(_PERSON, user=user_id)
    if row is None or row[2] not in ("person", "guest"):
        raise not_found("person")
    return User(*row[:3]), bool(row[3])


def _until(tx: Tx, days: int | None) -> int | None:
    return None if days is None else tx.now + days * DAY_MS


def _for(days: int | None, reason: str) -> str:
    return f"{'for good' if days is None else f'{days} d'}: {reason}" if reason or days else ""


@dataclass(slots=True)
class BanFromRoom:
    """Take somebody out of a room, now or in case they come, and keep them out. Also who is no member can be banned."""

    room_id: int
    by: User
    user_id: str
    reason: str
    days: int | None

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> MemberChange | None:
        """The membership that ended, None if there was none."""
        room = tx.room(self.room_id)
        role = rights.check_may_remove(tx, room.id, self.by, self.user_id)
        user, _ = _person(tx, self.user_id)
        if user.id == self.by.id:
            raise ChatError("conflict", "Nobody bans themselves.")
        tx.run(_LIFT, room=room.id, user=user.id)
        tx.run(
            _BAN,
            id=new_id(),
            room=room.id,
            user=user.id,
            by=self.by.id,
            reason=self.reason,
            at=tx.now,
            expires=_until(tx, self.days),
        )
        note(
            tx,
            self.by,
            "ban",
            user.id,
            user.name,
            room=room.slug,
            details=_for(self.days, self.reason),
        )
        if role is None:
            return None
        return members.put_out(tx, room, user, self.by, banned=True)


@dataclass(slots=True)
class LiftRoomBan:
    """Let somebody come again."""

    room_id: int
    by: User
    user_id: str

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> None:
        room = tx.room(self.room_id)
        rights.check_moderates(tx, room.id, self.by)
        if not tx.run(_LIFT, room=room.id, user=self.user_id):
            raise not_found("ban")
        user, _ = _person(tx, self.user_id)
        note(tx, self.by, "unban", user.id, user.name, room=room.slug)


class _Job:
    """Jobs that concern no room."""

    def rooms(self) -> list[int]:
        return []


def _check_admin(tx: Tx, by: User | None) -> None:
    """Raises `forbidden` for who was an administrator when they asked, and is none any more."""
    if by is not None and not tx.value(_IS_ADMIN, user=by.id):
        raise ChatError("forbidden", "Only administrators may do this.")


@dataclass(slots=True)
class BanPerson(_Job):
    """End all sessions of a person and let them open no other. `by` None: a command on the server."""

    by: User | None
    user_id: str
    reason: str
    days: int | None

    def run(self, tx: Tx) -> list[str]:
        """The sessions that ended."""
        _check_admin(tx, self.by)
        tx.all(_HOLD, user=self.user_id)
        user, is_admin = _person(tx, self.user_id)
        if is_admin:
            raise ChatError("conflict", "An administrator: take those rights away first.")
        tx.run(_LIFT_EVERYWHERE, user=user.id)
        tx.run(
            _BAN_EVERYWHERE,
            id=new_id(),
            user=user.id,
            by=self.by.id if self.by else None,
            reason=self.reason,
            at=tx.now,
            expires=_until(tx, self.days),
        )
        note(tx, self.by, "ban", user.id, user.name, details=_for(self.days, self.reason))
        return [row[0] for row in tx.all(_END_ALL, user=user.id, reason="banned", at=tx.now)]


@dataclass(slots=True)
class LiftBan(_Job):
    """Let a person sign in again."""

    by: User | None
    user_id: str

    def run(self, tx: Tx) -> None:
        _check_admin(tx, self.by)
        user, _ = _person(tx, self.user_id)
        if not tx.run(_LIFT_EVERYWHERE, user=user.id):
            raise not_found("ban")
        note(tx, self.by, "unban", user.id, user.name)


@dataclass(slots=True)
class EndAnySession(_Job):
    """End somebody's session."""

    by: User | None
    session_id: str

    def run(self, tx: Tx) -> str:
        _check_admin(tx, self.by)
        owner = tx.value(_END_ONE, id=self.session_id, reason="signed_out", at=tx.now)
        if owner is None:
            raise not_found("session")
        user, _ = _person(tx, owner)
        note(tx, self.by, "end_session", user.id, user.name, details=self.session_id)
        return self.session_id


@dataclass(slots=True)
class SetAdmin(_Job):
    """Give an account the rights of an administrator, or take them. One administrator always stays."""

    by: User | None
    user_id: str
    admin: bool

    def run(self, tx: Tx) -> None:
        tx.all(_HOLD_ADMINS, user=self.user_id, yes=True)
        _check_admin(tx, self.by)
        user, was = _person(tx, self.user_id)
        if user.kind != "person":
            raise ChatError("conflict", "Only an account can be an administrator.")
        if was == self.admin:
            return
        if was and not tx.value(_OTHER_ADMINS, user=user.id, yes=True):
            raise ChatError("conflict", "An installation needs an administrator.")
        tx.run(_SET_ADMIN, user=user.id, admin=self.admin)
        note(tx, self.by, "make_admin" if self.admin else "unmake_admin", user.id, user.name)


@dataclass(slots=True)
class TransferRoom:
    """Make another member the room's owner in one's own place; one stays as a moderator."""

    room_id: int
    by: User
    user_id: str

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> list[MemberChange]:
        room = tx.room(self.room_id)
        user, _ = _person(tx, self.user_id)
        changes = members.hand_over(tx, room, self.by, user)
        note(tx, self.by, "transfer", user.id, user.name, room=room.slug)
        return changes
