"""Finding out what no hint told: read cursors in the rooms that somebody here has joined."""

from __future__ import annotations

from collections.abc import Iterator

from chatapp.realtime.bus import Bus
from chatapp.realtime.reads import READS_MEMBERS, Reads
from chatapp.store import reading
from chatapp.store.database import Database

from .rounds import Rounds

CURSORS = 500  # in one query, about


class CursorRounds(Rounds[list[int]]):
    """Compares the cursors that were told here with the database: they have no numbers by which one would be missed.

    In rooms of up to 200 members; in larger ones nobody is told, but a person's own devices: see NewsRounds. 2,500
    cursors a second.
    """

    def __init__(self, db: Database, reads: Reads, bus: Bus) -> None:
        super().__init__(bus)
        self._db, self._reads = db, reads

    def pages(self) -> Iterator[list[int]]:
        page: list[int] = []
        cursors = 0
        for room_id, count in self._reads.counts().items():
            if page and cursors + count > CURSORS:
                yield page
                page, cursors = [], 0
            page.append(room_id)
            cursors += count
        if page:
            yield page

    def look(self, page: list[int]) -> None:
        known = self._reads.known(page)
        with self._db.snapshot() as db:
            found = reading.cursors(db, page, READS_MEMBERS)
        self._reads.compare(known, found)
