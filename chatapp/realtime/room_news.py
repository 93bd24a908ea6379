"""What moved in rooms that one is not looking at, told at most once a second a room."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from chatapp import runtime

from . import frames
from .fanout import Fanout

log = logging.getLogger("chatapp.realtime")

EVERY_SECONDS = 1.0
SUMMARIES_A_SECOND = 100  # of one room; with more people to tell, each is told less often

UNKNOWN = -1  # a cursor of which nothing was told yet

Summarise = Callable[[int, list[str]], tuple[int, Mapping[str, bytes]]]


class Place(Protocol):
    """A room's last number and its member's cursor, as they stand in the database."""

    @property
    def user_id(self) -> str: ...
    @property
    def room_id(self) -> int: ...
    @property
    def head(self) -> int: ...
    @property
    def read_seq(self) -> int: ...


class RoomNews:
    """`room_changed` to the people who are connected here, for rooms that their connection has not joined.

    `summarise(room_id, user_ids) -> (last number of the room, {user_id: payload_json})` reads what to say; it runs in a
    background task, once a second a room at most, for all concerned at once.
    """

    def __init__(self, fanout: Fanout, summarise: Summarise) -> None:
        self._fanout, self._summarise = fanout, summarise
        # Of each person the rooms, and how far their devices here know that they have read.
        self._rooms_of: dict[str, dict[int, int]] = {}
        self._people_in: defaultdict[int, set[str]] = defaultdict(set)
        self._told: dict[int, int] = {}  # how far a room had come when it was told of here
        self._due: Counter[int] = Counter()  # rooms that are resting; above zero: touched meanwhile

    def connected(self, user_id: str, places: Mapping[int, tuple[int, int]]) -> None:
        """A connection of `user_id` begins here: member of these rooms, of which it reads itself how far they have come
        and it has read: {room_id: (last number, cursor)}."""
        with runtime.turn:
            for room_id, (head, cursor) in places.items():
                self.added(user_id, room_id, cursor)
                self._told.setdefault(room_id, head)

    def disconnected(self, user_id: str) -> None:
        """The last connection of `user_id` here has ended."""
        with runtime.turn:
            for room_id in self._rooms_of.pop(user_id, {}):
                self._leave(room_id, user_id)

    def added(self, user_id: str, room_id: int, cursor: int = UNKNOWN) -> None:
        """`user_id` became a member of the room."""
        with runtime.turn:
            if self._fanout.count(f"user:{user_id}"):
                self._rooms_of.setdefault(user_id, {}).setdefault(room_id, cursor)
                self._people_in[room_id].add(user_id)

    def removed(self, user_id: str, room_id: int) -> None:
        """`user_id` is no longer a member of the room."""
        with runtime.turn:
            self._rooms_of.get(user_id, {}).pop(room_id, None)
            self._leave(room_id, user_id)

    def _leave(self, room_id: int, user_id: str) -> None:
        people = self._people_in.get(room_id)
        if people is not None:
            people.discard(user_id)
            if not people:
                del self._people_in[room_id]
                self._told.pop(room_id, None)

    def rooms_of(self, user_ids: Iterable[str]) -> dict[str, set[int]]:
        """The rooms whose news these people get here, as far as is known."""
        with runtime.turn:
            return {user_id: set(self._rooms_of.get(user_id, ())) for user_id in user_ids}

    def compare(self, known: Mapping[str, set[int]], found: Iterable[Place]) -> None:
        """Tell what no hint told. `known`: rooms_of() before the places of these people were `found` in the database."""
        rooms: dict[str, set[int]] = {user_id: set() for user_id in known}
        heads: dict[int, int] = {}
        moved: list[Place] = []
        with runtime.turn:
            for place in found:
                user_id, room_id = place.user_id, place.room_id
                rooms[user_id].add(room_id)
                heads[room_id] = place.head
                if room_id not in known[user_id]:
                    self.added(user_id, room_id, place.read_seq)
                    self._told.pop(room_id, None)
                elif place.read_seq > self._rooms_of.get(user_id, {}).get(room_id, place.read_seq):
                    moved.append(place)
            for user_id, before in known.items():
                for room_id in before - rooms[user_id]:
                    self.removed(user_id, room_id)
            for room_id, head in heads.items():
                # Everybody may have left while the database was asked: then nothing is kept of the room.
                if room_id in self._people_in and head > self._told.get(room_id, -1):
                    # Once: what cannot be told now is tried again, and who has joined the room hears it there.
                    self._told[room_id] = head
                    self.touched(room_id)
        for (
            place
        ) in moved:  # here, one after the other: after an outage they are many, and readers few
            if self._needs_telling(place.room_id, place.user_id, place.read_seq):
                self._tell_one(place.room_id, place.user_id, place.read_seq)

    def touched(self, room_id: int) -> None:
        """Something was committed in the room, here or on another worker. Costs one look-up where nobody is concerned."""
        if room_id not in self._people_in:
            return
        with runtime.turn:
            # Who is concerned is looked up by the task, once for all that happens while the room rests: in a busy room
            # of thousands this line runs for every message.
            if room_id in self._due:
                self._due[room_id] += 1
            else:
                self._due[room_id] = 0
                runtime.spawn(self._tell, room_id)

    def read(self, room_id: int, user_id: str, seq: int) -> None:
        """`user_id` has read up to `seq`, on one device: the others, which have not joined the room, are told."""
        if self._needs_telling(room_id, user_id, seq):
            runtime.spawn(self._tell_one, room_id, user_id, seq)

    def _needs_telling(self, room_id: int, user_id: str, seq: int) -> bool:
        with runtime.turn:
            if self._listens(user_id, room_id):
                return True
            self._knows(user_id, room_id, seq)
            return False

    def _listens(self, user_id: str, room_id: int) -> bool:
        """Whether a connection here has not joined the room, and so gets its news."""
        return any(
            room_id not in conn.seats for conn in self._fanout.connections(f"user:{user_id}")
        )

    def _knows(self, user_id: str, room_id: int, seq: int) -> None:
        cursors = self._rooms_of.get(user_id, {})
        if room_id in cursors:
            cursors[room_id] = max(seq, cursors[room_id])

    def _tell_one(self, room_id: int, user_id: str, seq: int) -> None:
        try:
            _head, news = self._summarise(room_id, [user_id])
            self._send(room_id, news)
            with runtime.turn:
                self._knows(user_id, room_id, seq)
        except Exception:
            log.warning("news of room %d could not be read; trying on", room_id, exc_info=True)

    def _concerned(self, room_id: int) -> list[str]:
        return [
            user_id
            for user_id in self._people_in.get(room_id, ())
            if self._listens(user_id, room_id)
        ]

    def _tell(self, room_id: int) -> None:
        user_ids: list[str] = []
        try:
            with runtime.turn:
                user_ids = self._concerned(room_id)
            if user_ids:
                head, news = self._summarise(room_id, user_ids)
                self._send(room_id, news)
                with runtime.turn:
                    if room_id in self._people_in:
                        self._told[room_id] = max(head, self._told.get(room_id, head))
        except Exception:
            log.warning("news of room %d could not be read; trying on", room_id, exc_info=True)
            with runtime.turn:
                self._due[room_id] += 1
        rest = max(EVERY_SECONDS, len(user_ids) / SUMMARIES_A_SECOND)
        runtime.call_later(rest, self._rested, room_id)

    def _send(self, room_id: int, news: Mapping[str, bytes]) -> None:
        with runtime.turn:
            for user_id, payload in news.items():
                packet = frames.event("room_changed", payload)
                for conn in self._fanout.connections(f"user:{user_id}"):
                    if room_id not in conn.seats:
                        self._fanout.send_to(conn, packet)

    def _rested(self, room_id: int) -> None:
        with runtime.turn:
            if self._due.pop(room_id, 0):
                self.touched(room_id)
