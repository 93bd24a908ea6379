"""Finding out what no hint told: news of rooms that people who are connected here are not looking at."""

from __future__ import annotations

import logging

from chatapp import runtime
from chatapp.realtime.bus import Bus
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.room_news import RoomNews
from chatapp.store import reading
from chatapp.store.database import Database

log = logging.getLogger("chatapp.services")

EVERY_S = 5.0  # from the end of one round to the next
PEOPLE = 50  # in one query
PAUSE_S = 0.2  # between two queries of a round


class NewsRounds:
    """Compares what was told of rooms, and who is in them, with the database.

    The heads of rooms that somebody here has joined are compared by the relay. All others are known here by hints only,
    which are lost while Redis is away, or with a worker that dies between its commit and the hint. A round begins every few
    seconds, and when Redis is back: 250 people a second.
    """

    def __init__(self, db: Database, news: RoomNews, fanout: Fanout, bus: Bus) -> None:
        self._db, self._news, self._fanout = db, news, fanout
        self._running = False
        self._wake = runtime.Event()
        bus.on_resubscribed(self._wake.set)

    def start(self) -> None:
        self._running = True
        runtime.spawn(self._watch)

    def stop(self) -> None:
        self._running = False
        self._wake.set()

    def _watch(self) -> None:
        while self._running:
            self._wake.wait(EVERY_S)
            self._wake.clear()
            self._round()

    def _round(self) -> None:
        with runtime.turn:
            people = sorted({conn.user.id for conn in self._fanout.everyone()})
        for first in range(0, len(people), PEOPLE):
            if self._running:
                self._look(people[first : first + PEOPLE])
                runtime.sleep(PAUSE_S)

    def _look(self, user_ids: list[str]) -> None:
        known = self._news.rooms_of(user_ids)
        try:
            with self._db.snapshot() as db:
                found = reading.rooms_of(db, user_ids)
        except Exception:
            log.warning("news of rooms could not be compared; trying on", exc_info=True)
        else:
            self._news.compare(known, found)
