"""Read cursors, told at most once a second a room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

import msgspec

from chatapp import runtime
from chatapp.payloads import ReadEvent

from . import frames
from .bus import Bus, Kind
from .connection import Connection, Seat
from .fanout import Fanout

EVERY_SECONDS = 1.0
READS_MEMBERS = 200  # in larger rooms nobody is told how far others have read


class Reads:
    """Read cursors that moved: `read {room, reads: {user_id: seq}}` to the room, on all workers; in rooms of more than
    200 members to the person's own devices there, and to nobody else.

    They have no numbers, and come by way of several workers: what was said of a cursor in rooms that somebody here has
    joined is kept, so that one that no hint told of is found (compare, own), and so that it never seems to go back:
    whatever is said of one, in an event or an answer, is what said() makes of it in the same turn.

    Who is told is named by a key, here and on the bus: `7` all in that room, `7 alice` her own devices in it.
    """

    def __init__(self, fanout: Fanout, bus: Bus) -> None:
        self._fanout, self._bus = fanout, bus
        self._waiting: dict[str, ReadEvent] = {}
        self._resting: set[str] = set()
        self._known: dict[int, dict[str, int]] = {}
        bus.on(Kind.READS, self._moved_elsewhere)

    def moved(self, room_id: int, slug: str, user_id: str, seq: int, members_count: int) -> None:
        """The cursor of `user_id` stands at `seq` now."""
        key = str(room_id) if members_count <= READS_MEMBERS else f"{room_id} {user_id}"
        with runtime.turn:
            event = ReadEvent(slug, {user_id: seq})
            self._bus.publish(Kind.READS, key, msgspec.json.encode(event))
            self._add(key, event)

    def said(self, room_id: int, user_id: str, seq: int = 0) -> int:
        """What may be said of a cursor that was found to stand at `seq`: no less than was said of it here before."""
        with runtime.turn:
            known = self._known.get(room_id, {}).get(user_id, 0)
            own = (seat.read_seq for _, seat in self._devices(room_id, user_id))
            return max(seq, known, *own)

    def answer(
        self,
        conn: Connection,
        room_id: int,
        reads: Mapping[str, int],
        members_count: int,
        before: Set[str] = frozenset(),
    ) -> dict[str, int]:
        """What a device is to be told in an answer for which these cursors were read, its own person's among them.
        `before`: whose were known() before that; who is not among those that were read has left the room.

        It is more than was read, where more was said meanwhile. In rooms of up to 200 members the others there are told
        what is new to them.
        """
        me = conn.user.id
        with runtime.turn:
            told = {**reads, me: self.said(room_id, me, reads[me])}
            seat = conn.seats.get(room_id)
            if seat is None:
                return told
            seat.read_seq = told[me]
            if members_count > READS_MEMBERS:
                return told
            known = self._known.get(room_id)
            if known is not None or self._fanout.count(f"room:{room_id}") > 1:
                known = known or {}
                news = {who: seq for who, seq in told.items() if seq > known.get(who, 0)}
                if news:
                    self._add(str(room_id), ReadEvent(seat.slug, news))
            self._note(room_id, told)
            here = self._known.get(room_id, {})
            for who in before - told.keys():
                here.pop(who, None)
            return {**told, **here}

    def _note(self, room_id: int, told: Mapping[str, int]) -> None:
        if self._fanout.count(f"room:{room_id}"):
            known = self._known.setdefault(room_id, {})
            for user_id, seq in told.items():
                known[user_id] = max(seq, known.get(user_id, 0))

    def close(self, room_id: int) -> None:
        """Nobody here is in the room any more."""
        self._known.pop(room_id, None)

    # — what no hint told ————————————————————————————————————————————————————————————————————————————————————————————

    def counts(self) -> dict[int, int]:
        """How many cursors are known of each room."""
        with runtime.turn:
            return {room_id: len(known) for room_id, known in self._known.items()}

    def known(self, room_ids: Iterable[int]) -> dict[int, set[str]]:
        """Whose cursors are known in these rooms."""
        with runtime.turn:
            return {room_id: set(self._known.get(room_id, ())) for room_id in room_ids}

    def compare(
        self,
        known: Mapping[int, set[str]],
        found: Mapping[int, tuple[str, Mapping[str, int]]],
    ) -> None:
        """Tell of cursors that moved unnoticed. `known`: known() before slug and cursors of those of these rooms that are
        not too large were `found` in the database."""
        with runtime.turn:
            for room_id, before in known.items():
                told = self._known.get(room_id)
                if told is None:
                    continue
                if room_id not in found:
                    self._grown(room_id)
                    continue
                slug, cursors = found[room_id]
                moved = {who: seq for who, seq in cursors.items() if seq > told.get(who, 0)}
                if moved:
                    self._add(str(room_id), ReadEvent(slug, moved))
                for who in before - cursors.keys():
                    told.pop(who, None)

    def _grown(self, room_id: int) -> None:
        """From now on each device alone is told of its own person's cursor: it knows what all were told so far."""
        for user_id, seq in self._known.pop(room_id).items():
            for _, seat in self._devices(room_id, user_id):
                seat.read_seq = max(seq, seat.read_seq)

    def own(self, room_id: int, user_id: str, seq: int) -> None:
        """In the database the cursor of `user_id` stands at `seq`, in a room of which they alone are told it."""
        with runtime.turn:
            for _, seat in self._behind(room_id, user_id, seq):
                self._add(f"{room_id} {user_id}", ReadEvent(seat.slug, {user_id: seq}))
                return

    # — telling ——————————————————————————————————————————————————————————————————————————————————————————————————————

    def _moved_elsewhere(self, key: str, body: bytes) -> None:
        room, _, user_id = key.partition(" ")
        if self._fanout.count(f"user:{user_id}" if user_id else f"room:{room}"):
            self._add(key, msgspec.json.decode(body, type=ReadEvent))

    def _add(self, key: str, event: ReadEvent) -> None:
        waiting = self._waiting.setdefault(key, ReadEvent(event.room, {}))
        for user_id, seq in event.reads.items():
            waiting.reads[user_id] = max(seq, waiting.reads.get(user_id, 0))
        if key not in self._resting:
            self._resting.add(key)
            runtime.call_later(0.0, self._flush, key)

    def _flush(self, key: str) -> None:
        with runtime.turn:
            event = self._waiting.pop(key, None)
            if event is None:
                self._resting.discard(key)
                return
            runtime.call_later(EVERY_SECONDS, self._flush, key)
            room, _, user_id = key.partition(" ")
            if user_id:
                self._tell_own(int(room), user_id, event)
            else:
                self._tell_all(int(room), event)

    def _tell_all(self, room_id: int, event: ReadEvent) -> None:
        told = {who: self.said(room_id, who, seq) for who, seq in event.reads.items()}
        self._note(room_id, told)
        packet = frames.event("read", msgspec.json.encode(ReadEvent(event.room, told)))
        self._fanout.send(f"room:{room_id}", packet)

    def _tell_own(self, room_id: int, user_id: str, event: ReadEvent) -> None:
        seq = self.said(room_id, user_id, event.reads[user_id])
        packet = frames.event("read", msgspec.json.encode(ReadEvent(event.room, {user_id: seq})))
        for conn, seat in self._behind(room_id, user_id, seq):
            seat.read_seq = seq
            self._fanout.send_to(conn, packet)

    def _behind(self, room_id: int, user_id: str, seq: int) -> list[tuple[Connection, Seat]]:
        """The devices of a person in the room that do not know of a cursor as far as `seq`."""
        told_to_all = self._known.get(room_id, {}).get(user_id, 0)
        return [
            (conn, seat)
            for conn, seat in self._devices(room_id, user_id)
            if max(seat.read_seq, told_to_all) < seq
        ]

    def _devices(self, room_id: int, user_id: str) -> list[tuple[Connection, Seat]]:
        """The devices of a person that have joined the room here."""
        return [
            (conn, conn.seats[room_id])
            for conn in self._fanout.connections(f"user:{user_id}")
            if room_id in conn.seats
        ]
