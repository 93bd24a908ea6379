"""Who keeps order in a room: bans, and handing the room over."""

from __future__ import annotations

from chatapp.errors import ChatError
from chatapp.payloads import User
from chatapp.store import bans
from chatapp.store import moderation as jobs
from chatapp.store.database import Database
from chatapp.store.writer import Writer

from .rooms import Rooms

MAX_DAYS = 3650
REASON_LENGTH = 200


class Moderation:
    """Acts of a room's owners and moderators; each leaves an entry in the record."""

    def __init__(self, db: Database, writer: Writer, rooms: Rooms) -> None:
        self._db, self._writer, self._rooms = db, writer, rooms

    def ban(self, by: User, slug: str, user_id: str, reason: str, days: int | None) -> None:
        """Put somebody out and keep them out for `days`, or for good. Raises `forbidden`, `not_found`, `conflict`."""
        check(reason, days)
        seat = self._rooms.shared_seat(by, slug)
        change = self._writer.run(jobs.BanFromRoom(seat.room_id, by, user_id, reason, days))
        if change is not None:
            self._rooms.member_changed.publish(change)

    def lift(self, by: User, slug: str, user_id: str) -> None:
        """Let somebody come again. Raises `forbidden`, `not_found`."""
        seat = self._rooms.shared_seat(by, slug)
        self._writer.run(jobs.LiftRoomBan(seat.room_id, by, user_id))

    def bans(self, by: User, slug: str) -> list[bans.Ban]:
        """Who may not come, for owners and moderators. Raises `forbidden`, `not_found`."""
        seat = self._rooms.shared_seat(by, slug)
        if seat.role not in ("owner", "moderator"):
            raise ChatError("forbidden", "Your role in this room does not allow this.")
        with self._db.snapshot() as db:
            return bans.of_room(db, seat.room_id)

    def transfer(self, by: User, slug: str, user_id: str) -> None:
        """Make another member the owner, and oneself a moderator. Raises `forbidden`, `not_found`, `conflict`."""
        seat = self._rooms.shared_seat(by, slug)
        for change in self._writer.run(jobs.TransferRoom(seat.room_id, by, user_id)):
            self._rooms.member_changed.publish(change)


def check(reason: str, days: int | None) -> None:
    """Raises ChatError `bad_request` for a reason or a time that cannot be."""
    if len(reason) > REASON_LENGTH or not (reason.isprintable() or not reason):
        raise ChatError(
            "bad_request", f"A reason is one line of at most {REASON_LENGTH} characters."
        )
    if days is not None and not 0 < days <= MAX_DAYS:
        raise ChatError("bad_request", f"days is a number from 1 to {MAX_DAYS}, or left out.")
