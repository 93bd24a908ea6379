"""Read cursors and what is unread behind them."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp import runtime
from chatapp.payloads import ReadReply, User
from chatapp.realtime.connection import Connection
from chatapp.realtime.reads import Reads
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

    def __init__(self, db: Database, writer: Writer, reads: Reads) -> None:
        self._db = db
        self._writer = writer
        self._reads = reads
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
        return ReadReply(cursor, self._unread(user, seat, cursor))

    def confirm(self, conn: Connection, seat: Seat, seq: int) -> ReadReply:
        """As read(), for a device that is told the outcome at once: no less than it may have been told meanwhile, when the
        same person read on elsewhere."""
        user: User = conn.user  # type: ignore[assignment]
        reply = self.read(user, seat, seq)
        while True:
            with runtime.turn:
                said = self._reads.said(seat.room_id, user.id, reply.seq)
                if said == reply.seq:
                    self._reads.answer(conn, seat.room_id, {user.id: said}, seat.members_count)
                    return reply
            reply = ReadReply(said, self._unread(user, seat, said))

    def _unread(self, user: User, seat: Seat, cursor: int) -> int:
        with self._db.snapshot() as db:
            return reading.unread(db, seat.room_id, user.id, cursor)
