"""Finding out what no hint told: news of rooms that people who are connected here are not looking at."""

from __future__ import annotations

from collections.abc import Iterable

from chatapp import runtime
from chatapp.realtime.bus import Bus
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.reads import READS_MEMBERS, Reads
from chatapp.realtime.room_news import RoomNews
from chatapp.store import reading
from chatapp.store.database import Database

from .rounds import Rounds

PEOPLE = 50  # in one query


class NewsRounds(Rounds[list[str]]):
    """Compares what was told of rooms, who is in them and how far they have read themselves, with the database.

    The heads of rooms that somebody here has joined are compared by the relay, the cursors of all in them by
    CursorRounds. All else is known here by hints only, which are lost while Redis is away, or with a worker that dies
    between its commit and the hint. 250 people a second.
    """

    def __init__(
        self, db: Database, news: RoomNews, reads: Reads, fanout: Fanout, bus: Bus
    ) -> None:
        super().__init__(bus)
        self._db, self._news, self._reads, self._fanout = db, news, reads, fanout

    def pages(self) -> Iterable[list[str]]:
        with runtime.turn:
            people = sorted({conn.user.id for conn in self._fanout.everyone()})
        return (people[first : first + PEOPLE] for first in range(0, len(people), PEOPLE))

    def look(self, page: list[str]) -> None:
        known = self._news.rooms_of(page)
        with self._db.snapshot() as db:
            found = reading.places_of(db, page)
        self._news.compare(known, found)
        for place in found:
            if place.members_count > READS_MEMBERS:
                self._reads.own(place.room_id, place.user_id, place.read_seq)
