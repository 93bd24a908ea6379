"""The search index follows what was posted: up to a second behind while nobody searches, up to date when somebody does.

Writing it with each message would be nearly half of a small commit, its pages as well as its time. So a room notes up to
which number its messages are indexed, and what is above that is added many at a time. Nothing else has to be remembered:
whoever searches in a room, or posts there next, has the rest added, whichever worker had promised to and died.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.runtime.crew import soon

from . import search
from .sql import Connection, Row, Statement
from .tx import RoomRow, Tx
from .writer import Writer

log = logging.getLogger("chatapp.store")

EVERY_S = 1.0  # at the latest
# From so many messages on they are added, but not before so long after the ones before, in seconds: a page then costs half a
# millisecond, and all that a second brings together would cost everybody several.
PORTION, PAUSE_S = 32, 0.05
PAGE = 128  # messages that one transaction adds at most, and rooms that it looks at

# What is not in the index yet: of one room, and on PostgreSQL of all in one round trip.
_WAITING = Statement(
    "SELECT :room, seq, body FROM messages WHERE room_id = :room AND seq > :after AND deleted_at IS NULL"
    " ORDER BY seq LIMIT :limit",
    "SELECT r.id, m.seq, m.body FROM rooms r CROSS JOIN LATERAL (SELECT seq, body FROM messages"
    " WHERE room_id = r.id AND seq > r.indexed_seq AND deleted_at IS NULL ORDER BY seq LIMIT :limit) AS m"
    " WHERE r.id IN :[rooms] ORDER BY r.id, m.seq LIMIT :limit",
)
_BEHIND = Statement(
    "SELECT r.id FROM rooms r WHERE r.id IN :[rooms]"
    " AND EXISTS (SELECT 1 FROM messages m WHERE m.room_id = r.id AND m.seq > r.indexed_seq AND m.deleted_at IS NULL)"
    " ORDER BY r.id"
)
_INDEXED = Statement(
    "UPDATE rooms SET indexed_seq = ? WHERE id = ?",
    "UPDATE rooms SET indexed_seq = CAST(done.room ->> 0 AS bigint)"
    " FROM jsonb_array_elements(CAST(:rooms AS jsonb)) AS done (room)"
    " WHERE rooms.id = CAST(done.room ->> 1 AS bigint)",
)


def behind(db: Connection, room_ids: Collection[int]) -> list[int]:
    """Which of these rooms have messages that are not in the index yet."""
    return [row[0] for row in db.all(_BEHIND, rooms=list(room_ids))]


@dataclass(slots=True)
class IndexMessages:
    """Add a page of what these rooms have not in the index yet; the ids of those that may have more."""

    room_ids: list[int]

    def rooms(self) -> list[int]:
        return self.room_ids

    def run(self, tx: Tx) -> list[int]:
        rooms = tx.lock(self.room_ids)
        rows = _waiting(tx, [rooms[room_id] for room_id in sorted(rooms)])
        if not rows:
            return []
        search.add(tx, rows)
        last_room, last_seq, _body = rows[-1]
        more = [each for each in sorted(rooms) if each >= last_room] if len(rows) == PAGE else []
        moved = [rooms[room_id] for room_id in {row[0] for row in rows}]
        for room in moved:
            room.indexed_seq = room.last_seq
        if more:
            rooms[last_room].indexed_seq = last_seq
        _note(tx, moved)
        return more


def _waiting(tx: Tx, rooms: list[RoomRow]) -> list[Row]:
    if not tx.sqlite:
        return tx.all(_WAITING, rooms=[room.id for room in rooms], limit=PAGE)
    rows: list[Row] = []
    for room in rooms:
        place = {"room": room.id, "after": room.indexed_seq}
        rows += tx.all(_WAITING, **place, limit=PAGE - len(rows))
        if len(rows) == PAGE:
            break
    return rows


def _note(tx: Tx, rooms: list[RoomRow]) -> None:
    marks = [(room.indexed_seq, room.id) for room in rooms]
    if tx.sqlite:
        tx.cursor.executemany(_INDEXED.sqlite, marks)
    else:
        tx.run(_INDEXED, rooms=msgspec.json.encode(marks).decode())


class Indexer:
    """One for a writer. Everything happens on the loop, but for catch_up(), which waits."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._behind: dict[int, None] = {}
        self._waiting = 0  # messages posted since the latest page was begun
        self._begun_at = 0.0
        self._busy = False  # a page is being added, or one is about to be
        self._called = False  # it is looked at once more in EVERY_S
        self._stopped = False

    def stop(self) -> None:
        """From now on only who searches has something added."""
        self._stopped = True

    def posted(self, room_id: int) -> None:
        """A message was committed in the room."""
        if self._stopped:
            return
        self._behind[room_id] = None
        self._waiting += 1
        if self._busy:
            return
        if self._waiting >= PORTION and time.monotonic() - self._begun_at >= PAUSE_S:
            # When those who wait for what was just committed have it: then nothing is being stored for a moment.
            self._busy = True
            soon(self._go_on)
        else:
            self._call()

    def _call(self) -> None:
        if not self._called:
            self._called = True
            runtime.call_later(EVERY_S, self._called_back)

    def _called_back(self) -> None:
        with runtime.turn:
            self._called = False
            if not self._busy:
                self._busy = True
                self._go_on()

    def _go_on(self) -> None:
        """The next page."""
        with runtime.turn:
            room_ids = list(self._behind)[:PAGE]
            if self._stopped or not room_ids:
                self._busy = False
                return
            for room_id in room_ids:
                del self._behind[room_id]
            self._waiting, self._begun_at = 0, time.monotonic()
            try:
                self._writer.submit(IndexMessages(room_ids)).on_done(
                    lambda more, error: self._added(room_ids, more, error)
                )
            except ChatError:
                self._later(room_ids)

    def _added(self, room_ids: list[int], more: list[int] | None, error: Exception | None) -> None:
        if error is not None:
            log.warning("the search index waits: %s", error)
            self._later(room_ids)
            return
        self._behind.update(dict.fromkeys(more or ()))
        if more or len(room_ids) == PAGE:
            soon(self._go_on)
        else:
            self._busy = False
            if self._behind:
                self._call()

    def _later(self, room_ids: list[int]) -> None:
        self._behind.update(dict.fromkeys(room_ids))
        self._busy = False
        self._call()

    def catch_up(self, room_ids: Sequence[int]) -> None:
        """Have added what is missing of the rooms that are behind(). What cannot be written now stays unfound."""
        left = list(room_ids)
        try:
            while left:
                left = self._writer.run(IndexMessages(left[:PAGE])) + left[PAGE:]
        except ChatError as error:
            log.warning("searched without what was posted last: %s", error)
