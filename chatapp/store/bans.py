"""Who may not come in."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.clock import now_ms
from chatapp.errors import ChatError
from chatapp.payloads import User

from .sql import Connection, Statement
from .tx import Tx

_BANNED = Statement(
    "SELECT 1 FROM bans WHERE user_id = :user AND room_id = :room"
    " AND (expires_at IS NULL OR expires_at > :now)"
)
_BANNED_EVERYWHERE = Statement(
    "SELECT 1 FROM bans WHERE user_id = :user AND room_id IS NULL"
    " AND (expires_at IS NULL OR expires_at > :now)"
)
_LIST = """SELECT u.id, u.name, u.kind, b.reason, b.at, b.expires_at, COALESCE(a.name, '')
    FROM bans b JOIN users u ON u.id = b.user_id LEFT JOIN users a ON a.id = b.by_id
    WHERE {which} AND (b.expires_at IS NULL OR b.expires_at > :now) ORDER BY b.at DESC, b.id LIMIT 500"""
_OF_ROOM = Statement(_LIST.format(which="b.room_id = :room"))
_OF_ALL = Statement(_LIST.format(which="b.room_id IS NULL"))


@dataclass(slots=True, frozen=True)
class Ban:
    """Who may not come, why, since and until when (ms, None: for good), and the name of who said so ("": a command)."""

    user: User
    reason: str
    at: int
    expires_at: int | None
    by: str


def of_room(db: Connection, room_id: int) -> list[Ban]:
    """The bans of a room, newest first."""
    return [Ban(User(*row[:3]), *row[3:]) for row in db.all(_OF_ROOM, room=room_id, now=now_ms())]


def of_installation(db: Connection) -> list[Ban]:
    """Who may not sign in, newest first."""
    return [Ban(User(*row[:3]), *row[3:]) for row in db.all(_OF_ALL, now=now_ms())]


def check_not_banned(tx: Tx, room_id: int, user_id: str) -> None:
    """Raises ChatError `forbidden` for who is banned from the room."""
    if tx.one(_BANNED, room=room_id, user=user_id, now=tx.now):
        raise ChatError("forbidden", "Banned from this room.")


def check_not_banned_everywhere(tx: Tx, user_id: str) -> None:
    """Raises ChatError `forbidden` for who may not come in at all."""
    if tx.one(_BANNED_EVERYWHERE, user=user_id, now=tx.now):
        raise ChatError("forbidden", "This account is banned.")
