"""Read cursors, told at most once a second a room."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chatapp import runtime
from chatapp.payloads import ReadEvent

from . import frames
from .bus import Bus, Kind
from .fanout import Fanout

EVERY_SECONDS = 1.0
READS_MEMBERS = 200  # in larger rooms nobody is told how far others have read


class Reads:
    """Read cursors that moved: `read {room, reads: {user_id: seq}}` to the room, on all workers.

    They have no numbers, and come by way of several workers: what was said of a cursor in rooms that somebody here has
    joined is kept, so that it never seems to go back.
    """

    def __init__(self, fanout: Fanout, bus: Bus) -> None:
        self._fanout, self._bus = fanout, bus
        self._waiting: dict[int, ReadEvent] = {}
        self._resting: set[int] = set()
        self._known: dict[int, dict[str, int]] = {}
        bus.on(Kind.READS, self._moved_elsewhere)

    def moved(self, room_id: int, slug: str, user_id: str, seq: int, members_count: int) -> None:
        """The cursor of `user_id` stands at `seq` now."""
        if members_count > READS_MEMBERS:
            return
        with runtime.turn:
            event = ReadEvent(slug, {user_id: seq})
            self._bus.publish(Kind.READS, str(room_id), msgspec.json.encode(event))
            self._add(room_id, event)

    def know(self, room_id: int, reads: Mapping[str, int]) -> None:
        """Somebody here is being told that the room's cursors stand there."""
        with runtime.turn:
            if self._fanout.count(f"room:{room_id}"):
                known = self._known.setdefault(room_id, {})
                for user_id, seq in reads.items():
                    known[user_id] = max(seq, known.get(user_id, 0))

    def close(self, room_id: int) -> None:
        """Nobody here is in the room any more."""
        self._known.pop(room_id, None)

    def _moved_elsewhere(self, key: str, body: bytes) -> None:
        if self._fanout.count(f"room:{key}"):
            self._add(int(key), msgspec.json.decode(body, type=ReadEvent))

    def _add(self, room_id: int, event: ReadEvent) -> None:
        waiting = self._waiting.setdefault(room_id, ReadEvent(event.room, {}))
        for user_id, seq in event.reads.items():
            waiting.reads[user_id] = max(seq, waiting.reads.get(user_id, 0))
        if room_id not in self._resting:
            self._resting.add(room_id)
            runtime.call_later(0.0, self._flush, room_id)

    def _flush(self, room_id: int) -> None:
        with runtime.turn:
            event = self._waiting.pop(room_id, None)
            if event is None:
                self._resting.discard(room_id)
                return
            self.know(room_id, event.reads)
            known = self._known.get(room_id, event.reads)
            event.reads.update((user_id, known[user_id]) for user_id in event.reads)
            packet = frames.event("read", msgspec.json.encode(event))
            self._fanout.send(f"room:{room_id}", packet)
            runtime.call_later(EVERY_SECONDS, self._flush, room_id)
