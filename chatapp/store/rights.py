"""Roles in a room, and what they allow."""

from __future__ import annotations

from chatapp.errors import ChatError, not_found
from chatapp.payloads import User

from .sql import Connection, Statement

ROLES = ("owner", "moderator", "member", "readonly")

_ROLE = Statement("SELECT role FROM memberships WHERE room_id = :room AND user_id = :user")


def role_of(db: Connection, room_id: int, user_id: str) -> str | None:
    """None: no member."""
    role = db.value(_ROLE, room=room_id, user=user_id)
    return None if role is None else str(role)


def own_role(db: Connection, room_id: int, user_id: str) -> str:
    """One's role in a room. Raises `not_found` for who is no member: to them there is no such room."""
    role = role_of(db, room_id, user_id)
    if role is None:
        raise not_found("room")
    return role


def check_moderates(db: Connection, room_id: int, by: User) -> str:
    """One's role, if it is owner or moderator. Raises `not_found` for strangers, `forbidden` for other members."""
    own = own_role(db, room_id, by.id)
    if own not in ("owner", "moderator"):
        raise ChatError("forbidden", "Your role in this room does not allow this.")
    return own


def check_may_remove(db: Connection, room_id: int, by: User, user_id: str) -> str | None:
    """The other's role, None if they are no member. Moderators take out members, owners also moderators and owners."""
    own = check_moderates(db, room_id, by)
    role = role_of(db, room_id, user_id)
    if role in ("owner", "moderator") and own != "owner":
        raise ChatError("forbidden", "Your role in this room does not allow this.")
    return role
