"""Rooms and who is in them: creating, entering, leaving, rights, and the read cursor."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.errors import ChatError, not_found
from chatapp.ids import new_id
from chatapp.payloads import User

from .audit import note
from .bans import check_not_banned
from .sql import Statement
from .tx import RoomRow, Tx

ASSISTANT_ID = "assistant"  # the assistant that every room has from its creation
EPOCH_LENGTH = 12
ROLES = ("owner", "moderator", "member", "readonly")

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
_ROLE = Statement("SELECT role FROM memberships WHERE room_id = :room AND user_id = :user")
_USER = Statement("SELECT id, name, kind FROM users WHERE id = :user")
_LEAVE = Statement("DELETE FROM memberships WHERE room_id = :room AND user_id = :user")
_SET_ROLE = Statement(
    "UPDATE memberships SET role = :role WHERE room_id = :room AND user_id = :user"
)
_RENAME = Statement("UPDATE rooms SET name = :name WHERE id = :room")
_OWNERS = Statement(
    "SELECT count(*) FROM memberships WHERE room_id = :room AND role = 'owner' AND user_id <> :user"
)
# Of those who stay: a moderator before a member, accounts before guests, then whoever is there longest.
_SUCCESSOR = Statement(
    "SELECT u.id, u.name, u.kind FROM memberships m JOIN users u ON u.id = m.user_id"
    " WHERE m.room_id = :room AND m.user_id <> :user AND u.kind IN ('person', 'guest')"
    " ORDER BY CASE m.role WHEN 'moderator' THEN 0 WHEN 'member' THEN 1 ELSE 2 END,"
    " CASE u.kind WHEN 'person' THEN 0 ELSE 1 END, m.joined_at, m.user_id LIMIT 1"
)
_READ = Statement(
    "UPDATE memberships SET read_seq = :seq WHERE room_id = :room AND user_id = :user AND read_seq < :seq"
)
_PRIVACY = Statement(
    "UPDATE memberships SET not_for_ai = :on WHERE room_id = :room AND user_id = :user"
)
_OWN_ROOM = Statement("SELECT room_id, retired_at FROM assistants WHERE user_id = :user")
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
            epoch=new_id()[:EPOCH_LENGTH],
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


def _own_role(tx: Tx, room_id: int, user_id: str) -> str:
    role = tx.value(_ROLE, room=room_id, user=user_id)
    if role is None:
        raise not_found("room")
    return str(role)


def _other(tx: Tx, user_id: str) -> User:
    row = tx.one(_USER, user=user_id)
    if row is None:
        raise not_found("person")
    return User(*row)


@dataclass(slots=True, frozen=True)
class MemberChange:
    """Who became what: role None is no longer a member (`banned`: and may not be), `added` a new one. `seq`: its
    number, 0 for none."""

    room: RoomRow
    user: User
    role: str | None
    added: bool
    seq: int = 0
    banned: bool = False


@dataclass(slots=True)
class SetMember:
    """Bring somebody in, or give a member another role: by owners and moderators, roles above member by owners only."""

    room_id: int
    by: User
    user_id: str
    role: str

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> MemberChange:
        room = tx.room(self.room_id)
        own = _own_role(tx, room.id, self.by.id)
        user = _other(tx, self.user_id)
        before = tx.value(_ROLE, room=room.id, user=user.id)
        self._check(tx, own, before, user)
        if before == self.role:
            return MemberChange(room, user, self.role, False)
        if before is None:
            check_not_banned(tx, room.id, user.id)
            enter(tx, room.id, user.id, self.role, room.last_seq)
        else:
            tx.run(_SET_ROLE, room=room.id, user=user.id, role=self.role)
        kind = "member" if before is None else "role"
        action = "add_member" if before is None else "set_role"
        note(tx, self.by, action, user.id, user.name, room=room.slug, details=self.role)
        seq = tx.tell_room(room, kind, user.id, self.by, user=user, role=self.role)
        return MemberChange(room, user, self.role, before is None, seq)

    def _check(self, tx: Tx, own: str, before: str | None, user: User) -> None:
        if user.kind == "assistant":
            own_room, retired = tx.one(_OWN_ROOM, user=user.id) or (None, None)
            if retired is not None or own_room not in (None, self.room_id):
                raise not_found("person")
        if user.kind == "system" or (user.kind == "assistant" and self.role != "member"):
            raise ChatError("forbidden", "Only people have a role in a room.")
        privileged = self.role in ("owner", "moderator") or before in ("owner", "moderator")
        if own not in ("owner", "moderator") or (privileged and own != "owner"):
            raise ChatError("forbidden", "Your role in this room does not allow this.")
        if before == "owner" and self.role != "owner":
            _keep_an_owner(tx, self.room_id, user.id)


def _keep_an_owner(tx: Tx, room_id: int, user_id: str) -> None:
    if not tx.value(_OWNERS, room=room_id, user=user_id):
        raise ChatError("conflict", "A room needs an owner. Make somebody else owner first.")


def _leave_to_another(tx: Tx, room: RoomRow, owner: User) -> None:
    """The last owner leaves: somebody else is owner from now on, if anybody stays. A numbered change, by the owner."""
    if tx.value(_OWNERS, room=room.id, user=owner.id):
        return
    row = tx.one(_SUCCESSOR, room=room.id, user=owner.id)
    if row is None:
        return
    heir = User(*row)
    tx.run(_SET_ROLE, room=room.id, user=heir.id, role="owner")
    tx.tell_room(room, "role", heir.id, owner, user=heir, role="owner")


@dataclass(slots=True)
class RemoveMember:
    """Take somebody out, or leave oneself. A numbered change: everyone sees it, and nothing follows for the removed.

    Whoever leaves as the last owner hands the room over: see _leave_to_another.
    """

    room_id: int
    by: User
    user_id: str
    by_admin: bool = False

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> MemberChange:
        room = tx.room(self.room_id)
        own = _own_role(tx, room.id, self.by.id)
        if self.user_id == self.by.id:
            user = _other(tx, self.user_id)
            if own == "owner":
                _leave_to_another(tx, room, user)
        else:
            if not self.by_admin and (check_may_remove(tx, room.id, self.by, self.user_id) is None):
                raise not_found("person")
            user = _other(tx, self.user_id)
            if user.kind == "assistant" and tx.value(_OWN_ROOM, user=user.id) is not None:
                raise ChatError("conflict", "It is this room's own: it is deleted, not sent away.")
            note(tx, self.by, "remove_member", user.id, user.name, room=room.slug)
        return put_out(tx, room, user, self.by)


def check_moderates(tx: Tx, room_id: int, by: User) -> str:
    """One's role, if it is owner or moderator. Raises `not_found` for strangers, `forbidden` for other members."""
    own = _own_role(tx, room_id, by.id)
    if own not in ("owner", "moderator"):
        raise ChatError("forbidden", "Your role in this room does not allow this.")
    return own


def check_may_remove(tx: Tx, room_id: int, by: User, user_id: str) -> str | None:
    """The other's role, None if they are no member. Moderators take out members, owners also moderators and owners."""
    own = check_moderates(tx, room_id, by)
    role = tx.value(_ROLE, room=room_id, user=user_id)
    if role in ("owner", "moderator") and own != "owner":
        raise ChatError("forbidden", "Your role in this room does not allow this.")
    return None if role is None else str(role)


def put_out(tx: Tx, room: RoomRow, user: User, by: User, *, banned: bool = False) -> MemberChange:
    """End a membership and tell the room."""
    leave(tx, room.id, user.id)
    why = {"reason": "banned"} if banned else {}
    seq = tx.tell_room(room, "member", user.id, by, user=user, role=None, **why)
    return MemberChange(room, user, None, False, seq, banned)


def hand_over(tx: Tx, room: RoomRow, by: User, user: User) -> list[MemberChange]:
    """Make a member the owner in place of `by`, who becomes a moderator."""
    if _own_role(tx, room.id, by.id) != "owner":
        raise ChatError("forbidden", "Only an owner hands a room over.")
    if user.id == by.id:
        raise ChatError("conflict", "It is yours already.")
    if tx.value(_ROLE, room=room.id, user=user.id) is None:
        raise not_found("person")
    changes = []
    for each, role in ((user, "owner"), (by, "moderator")):
        tx.run(_SET_ROLE, room=room.id, user=each.id, role=role)
        seq = tx.tell_room(room, "role", each.id, by, user=each, role=role)
        changes.append(MemberChange(room, each, role, False, seq))
    return changes


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
