"""Read cursors and what is unread behind them."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.payloads import ReadReply, User
from chatapp.store import reading
from chatapp.store.database import Database
from chatapp.store.reading import Seat
from chatapp.store.rooms import MoveCursor
from chatapp.store.writer import Writer

from .subscribers import Subscribers


@dataclass(slots=True, frozen=True)
class CursorMoved:
    """A person has read a room up to a number."""

    room_id: int
    slug: str
    user: User
    seq: int
    members_count: int


class Receipts:
    """How far everybody has read."""

    def __init__(self, db: Database, writer: Writer) -> None:
        self._db = db
        self._writer = writer
        #: told on the loop after the commit
        self.moved: Subscribers[CursorMoved] = Subscribers()

    def read(self, user: User, seat: Seat, seq: int) -> ReadReply:
        """Move one's cursor forward (never back, never beyond the room); what is unread behind it."""
        cursor, moved = self._writer.run(MoveCursor(seat.room_id, user.id, seq))
        # First of all: it is committed, and who repeats it after a failure below moves nothing any more.
        if moved:
            self.moved.publish(
                CursorMoved(seat.room_id, seat.slug, user, cursor, seat.members_count)
            )
        with self._db.snapshot() as db:
            unread = reading.unread(db, seat.room_id, user.id, cursor)
        return ReadReply(cursor, unread)
