"""Who is what in a room: bringing in, roles, taking out, handing over. Who may stands in rights."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.errors import ChatError, not_found
from chatapp.payloads import User

from . import run_rows
from .audit import note
from .bans import check_not_banned
from .rights import check_may_remove, own_role, role_of
from .rooms import enter, leave
from .sql import Connection, Statement
from .tx import RoomRow, Tx

_USER = Statement("SELECT id, name, kind FROM users WHERE id = :user")
_ADMIN = Statement("SELECT is_admin FROM users WHERE id = :user")
_SET_ROLE = Statement(
    "UPDATE memberships SET role = :role WHERE room_id = :room AND user_id = :user"
)
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
_OWN_ROOM = Statement("SELECT room_id, retired_at FROM assistants WHERE user_id = :user")


def _other(db: Connection, user_id: str) -> User:
    row = db.one(_USER, user=user_id)
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
    """Bring somebody in, or give a member another role: by owners and moderators, roles above member by owners only.

    An assistant is brought in by admins who are in the room as well: they set up what is for all rooms.
    """

    room_id: int
    by: User
    user_id: str
    role: str

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> MemberChange:
        room = tx.room(self.room_id)
        own = own_role(tx, room.id, self.by.id)
        user = _other(tx, self.user_id)
        before = role_of(tx, room.id, user.id)
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
        if user.kind == "assistant" and tx.value(_ADMIN, user=self.by.id):
            return
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
        own = own_role(tx, room.id, self.by.id)
        if self.user_id == self.by.id:
            user = _other(tx, self.user_id)
            if own == "owner":
                _leave_to_another(tx, room, user)
        else:
            user = removable(tx, room.id, self.by, self.user_id, self.by_admin)
            note(tx, self.by, "remove_member", user.id, user.name, room=room.slug)
        return put_out(tx, room, user, self.by)


def removable(db: Connection, room_id: int, by: User, user_id: str, by_admin: bool = False) -> User:
    """The other one, whom `by` may take out of a room. Raises ChatError `not_found`, `forbidden`, `conflict`."""
    if not by_admin and check_may_remove(db, room_id, by, user_id) is None:
        raise not_found("person")
    user = _other(db, user_id)
    if user.kind == "assistant" and db.value(_OWN_ROOM, user=user.id) is not None:
        raise ChatError("conflict", "It is this room's own: it is deleted, not sent away.")
    return user


def put_out(tx: Tx, room: RoomRow, user: User, by: User, *, banned: bool = False) -> MemberChange:
    """End a membership and tell the room. An assistant's answers end with it."""
    if user.kind == "assistant":
        run_rows.silence(tx, room, user.id, by)
    leave(tx, room.id, user.id)
    why = {"reason": "banned"} if banned else {}
    seq = tx.tell_room(room, "member", user.id, by, user=user, role=None, **why)
    return MemberChange(room, user, None, False, seq, banned)


def hand_over(tx: Tx, room: RoomRow, by: User, user: User) -> list[MemberChange]:
    """Make a member the owner in place of `by`, who becomes a moderator."""
    if own_role(tx, room.id, by.id) != "owner":
        raise ChatError("forbidden", "Only an owner hands a room over.")
    if user.id == by.id:
        raise ChatError("conflict", "It is yours already.")
    if role_of(tx, room.id, user.id) is None:
        raise not_found("person")
    changes = []
    for each, role in ((user, "owner"), (by, "moderator")):
        tx.run(_SET_ROLE, room=room.id, user=each.id, role=role)
        seq = tx.tell_room(room, "role", each.id, by, user=each, role=role)
        changes.append(MemberChange(room, each, role, False, seq))
    return changes
