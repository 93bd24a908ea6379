"""Keeping a room's promise about how long its messages stay; and what nobody needs any more goes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from chatapp import runtime
from chatapp.clock import now_ms
from chatapp.errors import ChatError
from chatapp.store import retention as jobs
from chatapp.store import tidying
from chatapp.store.database import Database
from chatapp.store.writer import Writer

log = logging.getLogger("chatapp.services")

EVERY_S = 30.0
EMPTY_MS = 5 * 60 * 1000  # a `live` room's messages go this long after the last member left
DAY_MS = 24 * 60 * 60 * 1000


class Retention:
    """Says which rooms are occupied here, and takes away what is due. Every worker does both; neither does harm twice."""

    def __init__(self, db: Database, writer: Writer, occupied: Callable[[], Iterable[int]]) -> None:
        """`occupied()`: ids of the `live` rooms that connections of this worker have joined."""
        self._db, self._writer, self._occupied = db, writer, occupied
        self._stopped = runtime.Event()

    def start(self) -> None:
        runtime.spawn(self._watch)

    def stop(self) -> None:
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(EVERY_S):
            try:
                self.occupy()
                self.sweep()
            except Exception:
                log.warning("retention waits for its next round", exc_info=True)

    def arrived(self, room_id: int) -> None:
        """Somebody has just joined a `live` room: it is noted at once, not in the next round."""
        try:
            self._writer.submit(jobs.Occupy([room_id]))
        except ChatError:
            log.warning("room %d: that somebody came is noted in the next round", room_id)

    def occupy(self) -> None:
        """Note that the `live` rooms joined here are not empty."""
        room_ids = list(self._occupied())
        if room_ids:
            self._writer.run(jobs.Occupy(room_ids))

    def sweep(self) -> None:
        """Take away what is due now."""
        now = now_ms()
        # A room's last note may be a round old when its last member leaves.
        before = now - EMPTY_MS - round(EVERY_S * 1000)
        with self._db.snapshot() as db:
            empty = [row[0] for row in db.all(jobs.EMPTY, before=before)]
            aged = db.all(jobs.AGED, now=now)
            untidy = tidying.has_old(db, now)
        for room_id in empty:
            self._all(jobs.Clear(room_id, before))
        for room_id, days in aged:
            self._all(jobs.Expire(room_id, now - days * DAY_MS))
        if untidy:
            self._writer.run(tidying.TidyUp())

    def _all(self, job: Any) -> None:
        while self._writer.run(job):
            runtime.sleep(0)
