"""Rooms: creating, naming, entering, leaving, and what is one's own in them: the read cursor, privacy."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.errors import ChatError, not_found
from chatapp.payloads import User

from .audit import note
from .bans import check_not_banned
from .epochs import new_epoch
from .rights import check_moderates
from .sql import Statement
from .tx import RoomRow, Tx

ASSISTANT_ID = "assistant"  # the assistant that every room has from its creation

_INSERT = Statement(
    "INSERT INTO rooms (slug, name, kind, retention, epoch, last_seq, members_count, created_by, created_at)"
    " VALUES (:slug, :name, :kind, :retention, :epoch, 0, 0, :by, :at) ON CONFLICT (slug) DO NOTHING RETURNING id"
)
_BY_SLUG = Statement("SELECT id, kind FROM rooms WHERE slug = :slug")
_ENTER = Statement(
    "INSERT INTO memberships (room_id, user_id, role, read_seq, joined_at)"
    " VALUES (:room, :user, :role, :read, :at) ON CONFLICT DO NOTHING"
)
_COUNT = Statement(
    "UPDATE rooms SET members_count = members_count + :more WHERE id = :room AND EXISTS"
    " (SELECT 1 FROM users WHERE id = :user AND kind IN ('person', 'guest'))"
)
_LEAVE = Statement("DELETE FROM memberships WHERE room_id = :room AND user_id = :user")
_RENAME = Statement("UPDATE rooms SET name = :name WHERE id = :room")
_READ = Statement(
    "UPDATE memberships SET read_seq = :seq WHERE room_id = :room AND user_id = :user AND read_seq < :seq"
)
_PRIVACY = Statement(
    "UPDATE memberships SET not_for_ai = :on WHERE room_id = :room AND user_id = :user"
)
_CURSOR = Statement("SELECT read_seq FROM memberships WHERE room_id = :room AND user_id = :user")


@dataclass(slots=True)
class CreateRoom:
    """Make a room with its owner and its assistant in it. Conflict when the slug is taken."""

    slug: str
    name: str
    kind: str
    retention: str
    owner: User
    others: tuple[User, ...] = ()
    owner_role: str = "owner"

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> int:
        room_id = tx.value(
            _INSERT,
            slug=self.slug,
            name=self.name,
            kind=self.kind,
            retention=self.retention,
            epoch=new_epoch(),
            by=self.owner.id,
            at=tx.now,
        )
        if room_id is None:
            raise ChatError("conflict", "There is a room of this name already.")
        enter(tx, room_id, self.owner.id, self.owner_role, 0)
        for user in self.others:
            enter(tx, room_id, user.id, "member", 0)
        if self.kind != "direct":
            enter(tx, room_id, ASSISTANT_ID, "member", 0)
        return int(room_id)


def enter(tx: Tx, room_id: int, user_id: str, role: str, read: int) -> bool:
    """Make somebody a member who is none; takes no number."""
    if not tx.run(_ENTER, room=room_id, user=user_id, role=role, read=read, at=tx.now):
        return False
    tx.run(_COUNT, room=room_id, user=user_id, more=1)
    return True


def leave(tx: Tx, room_id: int, user_id: str) -> None:
    """End a membership; takes no number."""
    if tx.run(_LEAVE, room=room_id, user=user_id):
        tx.run(_COUNT, room=room_id, user=user_id, more=-1)


@dataclass(slots=True)
class EnterPublicRoom:
    """A first visit to a public room makes a member; it takes no number. What was said before counts as read.

    `room_id`, where it is known, has the room locked in its turn: locked later it could deadlock with another server.
    """

    slug: str
    user: User
    room_id: int | None = None

    def rooms(self) -> list[int]:
        return [] if self.room_id is None else [self.room_id]

    def run(self, tx: Tx) -> int:
        row = tx.one(_BY_SLUG, slug=self.slug)
        if row is None or row[1] != "public":
            raise not_found("room")
        room = tx.room(row[0])
        check_not_banned(tx, room.id, self.user.id)
        enter(tx, room.id, self.user.id, "member", room.last_seq)
        return room.id


@dataclass(slots=True)
class RenameRoom:
    """Give the room another name; its slug never changes."""

    room_id: int
    by: User
    name: str

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> RoomRow:
        room = tx.room(self.room_id)
        check_moderates(tx, room.id, self.by)
        if room.name != self.name:
            note(
                tx, self.by, "rename_room", room.slug, room.name, room=room.slug, details=self.name
            )
            room.name = self.name
            tx.run(_RENAME, room=room.id, name=self.name)
            tx.tell_room(room, "room", str(room.id), self.by, name=self.name)
        return room


@dataclass(slots=True)
class SetPrivacy:
    """Whether what a member posts in a room from now on is not for AI. Raises `not_found`."""

    room_id: int
    user_id: str
    not_for_ai: bool

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> bool:
        if not tx.run(_PRIVACY, room=self.room_id, user=self.user_id, on=self.not_for_ai):
            raise not_found("room")
        return self.not_for_ai


@dataclass(slots=True)
class MoveCursor:
    """Move one's read cursor forward, never beyond the room's last number, never back."""

    room_id: int
    user_id: str
    seq: int

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> tuple[int, bool]:
        """The cursor, and whether it moved."""
        room = tx.room(self.room_id)
        wanted = min(self.seq, room.last_seq)
        moved = bool(tx.run(_READ, room=room.id, user=self.user_id, seq=wanted))
        cursor = tx.value(_CURSOR, room=room.id, user=self.user_id)
        if cursor is None:
            raise not_found("room")
        return int(cursor), moved
