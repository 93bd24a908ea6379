"""What must be reached, and what is wished. Each is one number out of the book, against a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .book import Book

REACHED, MISSED, UNKNOWN = "reached", "not reached", "not measured"
DISTURBED = "says nothing: disturbed"


@dataclass(frozen=True)
class Claim:
    """The product's `metric` in a row: by a peer's (`peer`), by its own in another row (`base`), or by itself.

    `sound`: what it is compared with is beyond this only if something else was going on, and then it says nothing.
    """

    about: str
    section: str
    row: str
    metric: str
    must: float | None
    goal: float | None
    unit: str  # what stands behind the number: "× Node", "kB"
    better: Literal["more", "less"] = "more"
    peer: str | None = None
    base: str | None = None
    sound: float | None = None
    who: str = "chatapp"

    def value(self, book: Book) -> float | None:
        """The number; None while it was not measured."""
        if self.peer is not None:
            return book.ratio(self.section, self.row, self.metric, self.who, self.peer)
        mine = book.median(self.section, self.row, self.who, self.metric)
        if self.base is None or mine is None:
            return mine
        other = self._other(book)
        return mine / other if other else None

    def _other(self, book: Book) -> float | None:
        return book.median(self.section, self.base or self.row, self.peer or self.who, self.metric)

    def verdict(self, book: Book, bound: float | None) -> str:
        """Whether the number keeps to a bound."""
        value = self.value(book)
        if value is None:
            return UNKNOWN
        if bound is None:
            return "–"
        if self.sound is not None and (self._other(book) or 0) > self.sound:
            return DISTURBED
        return REACHED if (value >= bound if self.better == "more" else value <= bound) else MISSED


_RATE = "deliveries/s"
_BIG = "200 connections, 1 room, 20 senders, 1 in flight each"

CLAIMS = (
    Claim(_BIG, "fanout", "room-200", _RATE, 4, 6, "× Node", peer="node"),
    Claim(_BIG, "fanout", "room-200", _RATE, 60, 100, "× Channels, storing", peer="channels"),
    Claim(_BIG, "fanout", "room-200", _RATE, 0.4, 0.6, "× Bun", peer="bun"),
    Claim(
        "2,000 connections, 1 room, 4 senders, 2 in flight each",
        *("fanout", "room-2000", _RATE, 6, 8, "× Node"),
        peer="node",
    ),
    Claim(
        "2,000 connections, rooms of 20, 2 senders each, 4 in flight each",
        *("fanout", "rooms-of-20", _RATE, 1.5, 2, "× Node"),
        peer="node",
    ),
    Claim(
        "100 connections, rooms of 1, 8 in flight each",
        *("fanout", "rooms-of-1", _RATE, 0.8, 1, "× python-socketio ASGI"),
        peer="asgi",
    ),
    Claim(
        "half of Node's top load, room of 200: p99",
        *("fanout", "half-load", "p99 ms", 1.1, 0.7, "× Node's", "less"),
        peer="node",
        sound=20,
    ),
    Claim(
        "memory per idle connection, 2,000 of them",
        *("idle", "2000", "kB a connection", 60, 36, "kB", "less"),
    ),
    Claim(
        "memory per idle connection, 10,000 of them",
        *("idle", "10000", "kB a connection", 60, 36, "kB", "less"),
    ),
    Claim(
        "10,000 connections on one worker: connected",
        *("crowd", "10000", "connected", 10_000, None, "connections"),
    ),
    Claim(
        "10,000 connections: share of the deliveries that arrived",
        *("crowd", "10000", "% heard", 100, None, "%"),
    ),
    Claim(
        "10,000 connections: dropped in 60 s",
        *("crowd", "10000", "dropped", 0, None, "connections", "less"),
    ),
    Claim(
        "20,000 connections: share of the deliveries that arrived",
        *("crowd", "20000", "% heard", None, 100, "%"),
    ),
    Claim(
        "a page of history in a room of 1,000,000",
        *("growth", "1000000", "page ms", 1.5, 1.1, "× of 1,000", "less"),
        base="1000",
    ),
    Claim(
        "a search for a rare word in 1,000,000 messages: p95",
        *("growth", "1000000", "search p95 ms", 1000, 100, "ms", "less"),
    ),
    Claim(
        "a search for words that stand everywhere in 1,000,000: p95",
        *("growth", "1000000", "common p95 ms", 1000, 100, "ms", "less"),
    ),
    Claim(
        "longest wait of others while 1,000,000 are searched",
        *("growth", "1000000", "others wait ms", 250, 50, "ms", "less"),
    ),
    Claim(
        "2 workers and Redis: messages lost",
        *("workers", "2 workers", "lost", 0, None, "deliveries", "less"),
    ),
    Claim(
        "2 workers and Redis: messages out of order",
        *("workers", "2 workers", "misordered", 0, None, "deliveries", "less"),
    ),
    Claim(
        "added before an answer's first word, 1,000 members: p95",
        *("writing", "first word", "added p95 ms", 100, None, "ms", "less"),
    ),
    Claim(
        "a piece of an answer at the last of 1,000 members: p95",
        *("deltas", "1000", "last of them p95 ms", 50, None, "ms", "less"),
    ),
    Claim(
        "answers that grow beside talk in 200 rooms of 5",
        *("writing", "200 answers", "answers that grew", 200, None, "answers"),
    ),
    Claim(
        "pieces a second of the slowest of them, of 50",
        *("writing", "200 answers", "pieces/s of the slowest", 49, None, "pieces/s"),
    ),
    Claim(
        "talk beside 200 answers: p99",
        *("writing", "200 answers", "p99 ms", 2, None, "× without them", "less"),
        base="talk alone",
        sound=20,
    ),
)
