"""Rooms: finding one through its member, making, entering, and who is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from chatapp.errors import ChatError, not_found
from chatapp.payloads import RoomInfo, User
from chatapp.store import members, reading, rights, rooms
from chatapp.store.database import Database
from chatapp.store.members import MemberChange
from chatapp.store.reading import Seat
from chatapp.store.rooms import ASSISTANT_ID
from chatapp.store.sql import Statement
from chatapp.store.writer import Writer

from .names import DIRECT_PREFIX, canonical_slug, new_room_slug, room_name
from .subscribers import Subscribers

MAX_RETENTION_DAYS = 3650

_ROOM_ID = Statement("SELECT id FROM rooms WHERE slug = :slug AND kind = 'public'")
# An assistant that is one room's own, or gone, is talked with nowhere else.
_PEOPLE = Statement(
    "SELECT u.id, u.name, u.kind FROM users u LEFT JOIN assistants a ON a.user_id = u.id"
    " WHERE u.id IN :[users text] AND a.room_id IS NULL AND a.retired_at IS NULL"
)


class Rooms:
    """The rooms of this installation. A room is always found through the person who asks for it."""

    def __init__(self, db: Database, writer: Writer, *, create_by_joining: bool = True) -> None:
        """`create_by_joining`: whether entering an unknown slug makes a public room of that name."""
        self._db = db
        self._writer = writer
        self._create_by_joining = create_by_joining
        #: told after the commit of each new membership, role, and removal
        self.member_changed: Subscribers[MemberChange] = Subscribers()
        #: told with who became a member by a first visit, which takes no number
        self.entered: Subscribers[tuple[int, User]] = Subscribers()
        #: told with the people of a new direct room
        self.direct_opened: Subscribers[tuple[Seat, list[User]]] = Subscribers()
        #: called with who removes an assistant from which rooms, before they do: what it writes there ends, and is waited
        #: for. Set by who knows what it writes.
        self.silence: Callable[[User, str, Sequence[int]], None] = _nothing_to_end

    def seat(self, user: User, slug: str) -> Seat:
        """The room for its member. Raises ChatError `bad_request` or `not_found`."""
        found = self.find(user, slug)
        if found is None:
            raise not_found("room")
        return found

    def find(self, user: User, slug: str) -> Seat | None:
        """As seat(), None where it is `not_found`."""
        canonical = canonical_slug(slug)
        with self._db.snapshot() as db:
            return reading.seat(db, user.id, canonical)

    def has(self, user: User, slug: str) -> bool:
        """Whether a person is a member of the room, if there is one."""
        return self.find(user, slug) is not None

    def seats(self, user: User) -> list[Seat]:
        """All rooms of a person."""
        with self._db.snapshot() as db:
            return reading.seats(db, user.id)

    def enter(self, user: User, slug: str) -> Seat:
        """As seat(), and a first visit to a public room makes a member, to an unknown slug a room."""
        canonical = canonical_slug(slug)
        with self._db.snapshot() as db:
            found = reading.seat(db, user.id, canonical)
            room_id = None if found else db.value(_ROOM_ID, slug=canonical)
        if found is not None:
            return found
        try:
            self._writer.run(rooms.EnterPublicRoom(canonical, user, room_id))
        except ChatError as refusal:
            if refusal.code != "not_found" or not self._create_by_joining:
                raise
            self._create_by_visit(user, canonical)
        seat = self.seat(user, canonical)
        self.entered.publish((seat.room_id, user))
        return seat

    def _create_by_visit(self, user: User, slug: str) -> None:
        if slug.startswith(DIRECT_PREFIX):
            raise not_found("room")  # of others, or nobody's: nothing tells which
        job = rooms.CreateRoom(new_room_slug(slug), slug, "public", "forever", user)
        try:
            self._writer.run(job)
        except ChatError as refusal:
            if refusal.code != "conflict":
                raise
            # Somebody made it at the same moment, or it was there and is private: entering tells which.
            self._writer.run(rooms.EnterPublicRoom(slug, user))

    def create(
        self,
        user: User,
        slug: str,
        name: str | None = None,
        private: bool = False,
        retention: str | int = "forever",
    ) -> RoomInfo:
        """Make a room. `retention`: forever, live, or days from 1 to 3650. `conflict` when the slug is taken."""
        canonical = new_room_slug(slug)
        job = rooms.CreateRoom(
            canonical,
            room_name(name, canonical),
            "private" if private else "public",
            _retention(retention),
            user,
        )
        self._writer.run(job)
        return reading.room_info(self.seat(user, canonical))

    def direct(self, user: User, user_ids: list[str]) -> RoomInfo:
        """The direct room of a person with others (also an assistant); made when there is none yet."""
        wanted = sorted({*user_ids, user.id})
        others = self._people([user_id for user_id in wanted if user_id != user.id])
        # One room for the same people, also when two of them ask at the same moment: its slug follows from who they are.
        digest = hashlib.blake2b(" ".join(wanted).encode(), digest_size=16).hexdigest()
        slug = f"{DIRECT_PREFIX}{digest}"
        with self._db.snapshot() as db:
            known = reading.seat(db, user.id, slug)
        if known is not None:
            return reading.room_info(known)
        name = ", ".join(sorted(person.name for person in (user, *others)))[:80]
        job = rooms.CreateRoom(slug, name, "direct", "forever", user, tuple(others), "member")
        try:
            self._writer.run(job)
        except ChatError as refusal:
            if refusal.code != "conflict":
                raise
            return reading.room_info(self.seat(user, slug))
        seat = self.seat(user, slug)
        self.direct_opened.publish((seat, [user, *others]))
        return reading.room_info(seat)

    def _people(self, user_ids: list[str]) -> list[User]:
        if not user_ids:
            raise ChatError("bad_request", "Name somebody to talk with.")
        with self._db.snapshot() as db:
            people = [User(*row) for row in db.all(_PEOPLE, users=user_ids)]
        if len(people) != len(user_ids) or any(person.kind == "system" for person in people):
            raise not_found("person")
        return people

    def members(self, user: User, slug: str) -> list[tuple[User, str]]:
        """Everyone in the room, with their roles."""
        seat = self.seat(user, slug)
        with self._db.snapshot() as db:
            return reading.members(db, seat.room_id)

    def set_member(self, user: User, slug: str, user_id: str, role: str = "member") -> User:
        """Bring somebody in, or change a member's role."""
        if role not in rights.ROLES:
            raise ChatError("bad_request", f"A role is one of {', '.join(rights.ROLES)}.")
        seat = self.shared_seat(user, slug)
        change = self._writer.run(members.SetMember(seat.room_id, user, user_id, role))
        self.member_changed.publish(change)
        return change.user

    def remove_member(self, user: User, slug: str, user_id: str) -> None:
        """Take somebody out, or leave."""
        seat = self.shared_seat(user, slug)
        if user_id == ASSISTANT_ID:
            raise ChatError("forbidden", "The room's assistant stays.")
        if user_id != user.id:
            with self._db.snapshot() as db:
                other = members.removable(db, seat.room_id, user, user_id)
            if other.kind == "assistant":
                self.silence(user, user_id, [seat.room_id])
        self.member_changed.publish(
            self._writer.run(members.RemoveMember(seat.room_id, user, user_id))
        )

    def set_privacy(self, user: User, slug: str, not_for_ai: bool) -> bool:
        """Whether what the person posts in the room from now on is not for AI."""
        seat = self.seat(user, slug)
        return self._writer.run(rooms.SetPrivacy(seat.room_id, user.id, not_for_ai))

    def rename(self, user: User, slug: str, name: str) -> RoomInfo:
        """Give the room another shown name."""
        seat = self.shared_seat(user, slug)
        self._writer.run(rooms.RenameRoom(seat.room_id, user, room_name(name, "")))
        return reading.room_info(self.seat(user, slug))

    def shared_seat(self, user: User, slug: str) -> Seat:
        """As seat(), of a room whose members can change. Raises also `conflict`."""
        seat = self.seat(user, slug)
        if seat.kind == "direct":
            raise ChatError("conflict", "A direct conversation stays between its members.")
        return seat


def _nothing_to_end(_by: User, _assistant_id: str, _room_ids: Sequence[int]) -> None:
    pass


def _retention(value: str | int) -> str:
    if value in ("forever", "live"):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_RETENTION_DAYS:
        return str(value)
    raise ChatError(
        "bad_request", "retention is forever, live, or a number of days from 1 to 3650."
    )
