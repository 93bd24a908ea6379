"""The relay: each change of a room, once and in order, to this worker's members of it, whichever worker made it.

It hears of changes from the writer here (committed), from other workers (hinted), and, because both may fail, once a
second from the database itself (heads). What is missing is read from the database; see numbers.Stream for the rules.
"""

from __future__ import annotations

import logging
import struct
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing
from typing import Protocol

from chatapp import runtime
from chatapp.payloads import Numbered

from . import frames
from .bus import Bus, Kind, decode_hint, encode_hint
from .fanout import Fanout
from .numbers import Emit, Stream, Tail

log = logging.getLogger("chatapp.relay")

HOLD_SECONDS = 0.03  # how long a number may be late before it is read from the database
HOLD_LIMIT_SECONDS = 1.0  # … when reading did not help
HEADS_SECONDS = 1.0
JOIN_SECONDS = 30.0  # a room opened by somebody who never arrived is let go after this
FILLERS = 4  # rooms read at the same time; a mass recovery must not take all database connections
PAGE = 128  # events sent in one turn of the loop while a long gap is filled


class Reader(Protocol):
    """What the relay reads from the database. Both may wait, and raise when the database is away."""

    def changes_after(
        self, room_id: int, seq: int
    ) -> Generator[tuple[str, int, Sequence[Numbered]], None, None]:
        """Pages (epoch, number reached, events) of one snapshot, up to its head: all changed after `seq`, each message once,
        at its latest number, and as `message` if it was made after `seq`."""

    def heads(self, room_ids: Collection[int]) -> Mapping[int, tuple[str, int]]:
        """{room_id: (epoch, last number)} in one query; rooms that are gone are left out."""


class _Room:
    __slots__ = ("channel", "hold", "id", "stream", "tail", "timed", "wanted_by")

    def __init__(self, room_id: int) -> None:
        self.id = room_id
        self.channel = f"room:{room_id}"
        self.stream = Stream()
        self.tail = Tail()
        self.timed = False  # a hold or a fill is under way
        self.hold = HOLD_SECONDS
        self.wanted_by = 0.0  # somebody is joining, until this moment of the monotonic clock


class Relay:
    """Order, gaps and the latest packets of every room that is served here.

    A join: open() → read the snapshot → opened_at() with its number → in one turn: tail_after() that number, subscribe
    the connection, ack, the tail. When tail_after() says None, read again.
    """

    def __init__(
        self,
        reader: Reader,
        fanout: Fanout,
        bus: Bus,
        on_restored: Callable[[int], None] | None = None,
    ) -> None:
        """`on_restored(room_id)`: the room's connections must come anew, since it got another epoch (a restored backup), or
        since only a join can tell what they miss."""
        self._reader, self._fanout, self._bus = reader, fanout, bus
        self._on_restored = on_restored
        #: called with a room's id when another worker committed something in it, whether it is served here or not
        self.on_hint: Callable[[int], None] = lambda _room_id: None
        self._rooms: dict[int, _Room] = {}
        self._subscribers: list[Callable[[int, Numbered], None]] = []
        self._due: deque[_Room] = deque()
        self._fillers = 0
        self._wake = runtime.Event()
        self._running = False
        self._database_away = False
        bus.on(Kind.HINT, self.hinted)
        bus.on_resubscribed(self.resync)

    def start(self) -> None:
        """Begin to compare heads, once a second and after each resync()."""
        self._running = True
        runtime.spawn(self._compare_heads)

    def stop(self) -> None:
        self._running = False
        self._wake.set()

    def on_event(self, callback: Callable[[int, Numbered], None]) -> None:
        """`callback(room_id, numbered)` for each event as it goes out here, in order, in the turn that sends it."""
        self._subscribers.append(callback)

    # — what arrives ——————————————————————————————————————————————————————————————————————————————————————————————————

    def committed(self, room_id: int, epoch: str, events: Sequence[Numbered]) -> None:
        """A transaction of this worker gave the room these events, rising and without a hole between them.

        Call it once a room and transaction, after the commit, on the loop: one hint goes to the other workers.
        """
        before = events[0].seq - 1
        with runtime.turn:
            if self._bus.listened:
                self._bus.publish(Kind.HINT, str(room_id), encode_hint(epoch, before, events))
            room = self._rooms.get(room_id)
            if room is not None:
                self._send(room, room.stream.offer(epoch, before, events))
                self._watch(room)

    def hinted(self, key: str, body: bytes) -> None:
        """Another worker committed something. Nobody here in that room: dropped unread."""
        room_id = int(key)
        self.on_hint(room_id)
        room = self._rooms.get(room_id)
        if room is None:
            return
        try:
            hint = decode_hint(body)
        except (ValueError, struct.error):
            log.warning("a hint for room %s could not be read", key)
            return
        with runtime.turn:
            if hint.events:
                self._send(room, room.stream.offer(hint.epoch, hint.prev, hint.events))
            else:
                room.stream.head(hint.epoch, hint.seq)
            self._watch(room)

    def resync(self) -> None:
        """Hints may have been lost: compare all heads now."""
        self._wake.set()

    # — joining ———————————————————————————————————————————————————————————————————————————————————————————————————————

    def open(self, room_id: int) -> None:
        """Somebody is about to join: hold what comes from now on. Before the snapshot is read."""
        with runtime.turn:
            self._opened(room_id)

    def opened_at(self, room_id: int, epoch: str, seq: int) -> None:
        """The snapshot that was read after open() showed the room at `seq`."""
        with runtime.turn:
            room = self._opened(room_id)
            if room.stream.epoch not in {None, epoch}:
                # The database was read later than this stream began, so it is the one to believe.
                self._restored(room)
                room = self._opened(room_id)
            self._send(room, room.stream.start(epoch, seq))
            self._watch(room)

    def tail_after(self, room_id: int, seq: int) -> list[bytes] | None:
        """The packets that went out after number `seq`, or None when they do not reach back that far."""
        with runtime.turn:
            room = self._rooms.get(room_id)
            if room is None or room.stream.epoch is None:
                return None
            return room.tail.after(seq, room.stream.last)

    def position(self, room_id: int) -> int | None:
        """The number up to which members here were told, None for a room not served."""
        room = self._rooms.get(room_id)
        return None if room is None or room.stream.epoch is None else room.stream.position

    def close(self, room_id: int) -> None:
        """The last connection left the room here. It stays a moment if somebody is joining."""
        with runtime.turn:
            room = self._rooms.get(room_id)
            if room is not None and room.wanted_by < time.monotonic():
                del self._rooms[room_id]

    def _opened(self, room_id: int) -> _Room:
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = _Room(room_id)
        room.wanted_by = time.monotonic() + JOIN_SECONDS
        return room

    # — sending ———————————————————————————————————————————————————————————————————————————————————————————————————————

    def _send(self, room: _Room, emits: Sequence[Emit]) -> None:
        for prev, event in emits:
            packet = frames.event(event.event, b'%b,"prev":%d}' % (event.payload[:-1], prev))
            room.tail.add(prev, event.seq, packet)
            self._fanout.send(room.channel, packet)
            for callback in self._subscribers:
                try:
                    callback(room.id, event)
                except Exception:
                    log.exception("a subscriber to room events failed")

    # — gaps ——————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _watch(self, room: _Room) -> None:
        """See to it that what is missing comes: by itself within the hold, else from the database."""
        if room.stream.gap and not room.timed:
            room.timed = True
            runtime.call_later(room.hold, self._held_long_enough, room, room.stream.position)

    def _held_long_enough(self, room: _Room, position: int) -> None:
        with runtime.turn:
            room.timed = False
            if not room.stream.gap or self._rooms.get(room.id) is not room:
                return
            if room.stream.position != position:  # that gap has closed; this is another one
                self._watch(room)
                return
            room.timed = True
            self._due.append(room)
            if self._fillers < FILLERS:
                self._fillers += 1
                runtime.spawn(self._fill_rooms)

    def _fill_rooms(self) -> None:
        while True:
            with runtime.turn:
                if not self._due:
                    self._fillers -= 1
                    return
                room = self._due.popleft()
            self._fill(room)

    def _fill(self, room: _Room) -> None:
        with runtime.turn:
            after = room.stream.begin_fill()
        with closing(self._reader.changes_after(room.id, after)) as pages:
            try:
                for epoch, reached, events in pages:
                    if not self._fill_page(room, epoch, reached, events):
                        return
            except Exception:
                log.warning(
                    "room %d: reading what came after %d failed", room.id, after, exc_info=True
                )
                self._break_off(room, after)
                return
        with runtime.turn:
            if self._rooms.get(room.id) is not room:  # while the snapshot was given back
                return
            self._send(room, room.stream.fill(room.stream.position, []))
            helped = room.stream.position > after
            room.hold = HOLD_SECONDS if helped else min(room.hold * 2, HOLD_LIMIT_SECONDS)
            room.timed = False
            self._watch(room)

    def _fill_page(self, room: _Room, epoch: str, reached: int, events: Sequence[Numbered]) -> bool:
        """Send what was read, a part in each turn; False once the room is not this one any more."""
        for start in range(0, max(len(events), 1), PAGE):
            part, more = events[start : start + PAGE], start + PAGE < len(events)
            with runtime.turn:
                if self._rooms.get(room.id) is not room:
                    return False
                if epoch != room.stream.epoch:
                    self._restored(room)
                    return False
                upto = part[-1].seq if more else reached
                self._send(room, room.stream.fill(upto, part, more=True))
            runtime.sleep(0)  # let the sockets take it before the next part
        return True

    def _break_off(self, room: _Room, after: int) -> None:
        with runtime.turn:
            if self._rooms.get(room.id) is not room:
                return
            if room.stream.position > after:
                # Another snapshot cannot say which of the messages up to here this one had told.
                self._come_anew(room)
                return
            room.timed = False
            self._send(room, room.stream.fill_failed())

    def _restored(self, room: _Room) -> None:
        log.warning("room %d: another epoch; its connections have to come anew", room.id)
        self._come_anew(room)

    def _come_anew(self, room: _Room) -> None:
        self._rooms.pop(room.id, None)
        if self._on_restored is not None:
            self._on_restored(room.id)

    # — heads —————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _compare_heads(self) -> None:
        while self._running:
            self._wake.wait(HEADS_SECONDS)
            self._wake.clear()
            if self._running:
                self._let_go()
                self._read_heads()

    def _let_go(self) -> None:
        """Forget rooms that nobody here is in any more."""
        now = time.monotonic()
        with runtime.turn:
            for room in list(self._rooms.values()):
                if room.wanted_by < now and not self._fanout.count(room.channel):
                    del self._rooms[room.id]

    def _read_heads(self) -> None:
        with runtime.turn:
            served = [room.id for room in self._rooms.values() if room.stream.epoch is not None]
        if not served:
            return
        try:
            heads = self._reader.heads(served)
        except Exception:
            if not self._database_away:
                log.warning("the heads of rooms could not be read; trying on", exc_info=True)
            self._database_away = True
            return
        self._database_away = False
        with runtime.turn:
            for room_id, (epoch, seq) in heads.items():
                room = self._rooms.get(room_id)
                if room is None:
                    continue
                if room.stream.head(epoch, seq):
                    self._watch(room)
                else:
                    self._restored(room)
