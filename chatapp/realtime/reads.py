"""Read cursors, told at most once a second a room."""

from __future__ import annotations

import msgspec

from chatapp import runtime
from chatapp.payloads import ReadEvent

from . import frames
from .bus import Bus, Kind
from .fanout import Fanout

EVERY_SECONDS = 1.0
READS_MEMBERS = 200  # in larger rooms nobody is told how far others have read


class Reads:
    """Read cursors that moved: `read {room, reads: {user_id: seq}}` to the room, on all workers."""

    def __init__(self, fanout: Fanout, bus: Bus) -> None:
        self._fanout, self._bus = fanout, bus
        self._waiting: dict[int, ReadEvent] = {}
        self._resting: set[int] = set()
        bus.on(Kind.READS, self._moved_elsewhere)

    def moved(self, room_id: int, slug: str, user_id: str, seq: int, members_count: int) -> None:
        """The cursor of `user_id` stands at `seq` now."""
        if members_count > READS_MEMBERS:
            return
        with runtime.turn:
            event = ReadEvent(slug, {user_id: seq})
            self._bus.publish(Kind.READS, str(room_id), msgspec.json.encode(event))
            self._add(room_id, event)

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
            packet = frames.event("read", msgspec.json.encode(event))
            self._fanout.send(f"room:{room_id}", packet)
            runtime.call_later(EVERY_SECONDS, self._flush, room_id)
