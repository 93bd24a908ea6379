"""The rules of numbers, gaps and resume, as pure code: no I/O, no clock, no task.

Every change of a room takes the room's next number. `Stream` is how a worker brings the changes of one room into
order; `ClientView` is how a client knows what to apply, what to drop and when to ask. What connects them is `prev`:
each event that leaves a stream says where that stream stood before it, so a client can tell a hole (it must ask)
from numbers that were merged into a later one (nothing is missing).

Why skipping merged numbers is safe: a number is skipped only when its message changed again, so the message comes
with a later, higher number, and whoever stops in between is sent it by that higher number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Generic, Literal, NamedTuple, TypeVar

from chatapp.payloads import Numbered

T = TypeVar("T")

# More waiting for a missing one than this are forgotten: the database has them, in order.
HELD_LIMIT = 256
# Events kept for those who are just joining.
TAIL_LIMIT = 256
# More events than this while a client awaits an answer are forgotten; it then asks once more.
BUFFER_LIMIT = 256


class Emit(NamedTuple):
    """What goes out next, and the number at which the stream stood before."""

    prev: int
    event: Numbered


class Stream:
    """A worker's position in one room: turns what arrives by any way and in any order into each number once, rising.

    Until start() the position is unknown and everything is held. After that each call returns what goes out now.
    While `gap` is true something is missing: wait a little for it (another worker's hint may be late), then
    begin_fill(), read the room's changes after that number, and fill().
    """

    __slots__ = ("_early", "_held", "_limit", "epoch", "filling", "last", "position", "wanted")

    def __init__(self, held_limit: int = HELD_LIMIT) -> None:
        self.epoch: str | None = None  # None: position not known yet
        self.position = 0  # all up to here went out, or was merged into something later
        self.last = 0  # the last number that went out: `prev` of the next
        self.wanted = 0  # the room is known to have come at least this far
        self.filling = False
        self._limit = held_limit
        self._held: list[tuple[int, int, Numbered]] = []  # heap of (seq, prev, event)
        self._early: list[tuple[str, int, Sequence[Numbered]]] = []

    @property
    def gap(self) -> bool:
        """Something up to `wanted` has not come."""
        return self.epoch is not None and self.wanted > self.position

    def start(self, epoch: str, seq: int) -> list[Emit]:
        """The room was read at number `seq`. The first call sets the position, later ones only tell how far it is."""
        if self.epoch is not None:
            self.head(epoch, seq)
            return []
        self.epoch = epoch
        self.position = self.last = self.wanted = seq
        early, self._early = self._early, []
        out: list[Emit] = []
        for batch in early:
            out += self.offer(*batch)
        return out

    def offer(self, epoch: str, prev: int, events: Sequence[Numbered]) -> list[Emit]:
        """One transaction's events, rising; together they cover every number after `prev` up to the last one.

        Events of another epoch are dropped: only the database can say which epoch is the current one (see head).
        """
        if self.epoch is None:
            if len(self._early) < self._limit:
                self._early.append((epoch, prev, events))
            # A batch that does not fit is found missing by the next head.
            return []
        if epoch != self.epoch:
            return []
        self.wanted = max(self.wanted, events[-1].seq)
        if prev == self.position and not self._held and not self.filling:
            return self._follow(events)
        for event in events:
            if event.seq > self.position:
                heappush(self._held, (event.seq, prev, event))
            prev = event.seq
        if len(self._held) > self._limit and (self.filling or self._held[0][1] > self.position):
            self._held.clear()
        return self._release()

    def head(self, epoch: str, seq: int) -> bool:
        """The room stands at `seq` in the database. False: its epoch is another one, this stream is void."""
        if self.epoch is None:
            return True
        if epoch == self.epoch:
            self.wanted = max(self.wanted, seq)
        return epoch == self.epoch

    def begin_fill(self) -> int:
        """The number after which to read. Nothing goes out until fill() or fill_failed()."""
        self.filling = True
        return self.position

    def fill(self, head: int, events: Sequence[Numbered], *, more: bool = False) -> list[Emit]:
        """All changes after begin_fill()'s number up to `head`, each subject once at its latest number, rising.

        Long ones come in parts: `more` says that another call follows; `head` is then the last number of this part.
        """
        out: list[Emit] = []
        for event in events:
            if event.seq > self.position:
                out.append(Emit(self.last, event))
                self.position = self.last = event.seq
        # Numbers at the end may have no event (removed by retention): they are passed, but `prev` stays with what
        # clients were sent.
        self.position = max(self.position, head)
        self.wanted = max(self.wanted, head)
        if more:
            return out
        self.filling = False
        return out + self._release()

    def fill_failed(self) -> list[Emit]:
        """The read did not succeed; what has become whole by itself meanwhile goes out."""
        self.filling = False
        return self._release()

    def _follow(self, events: Sequence[Numbered]) -> list[Emit]:
        # Nearly always: they continue what went out, and nothing is held.
        out: list[Emit] = []
        for event in events:
            out.append(Emit(self.last, event))
            self.last = event.seq
        self.position = self.last
        return out

    def _release(self) -> list[Emit]:
        out: list[Emit] = []
        if self.filling:
            return out
        held = self._held
        while held and held[0][1] <= self.position:
            seq, _, event = heappop(held)
            if seq > self.position:
                out.append(Emit(self.last, event))
                self.position = self.last = seq
        return out


class Tail:
    """The latest events that went out of a stream, for those whose snapshot is a little older than that."""

    __slots__ = ("_events",)

    def __init__(self, limit: int = TAIL_LIMIT) -> None:
        self._events: deque[tuple[int, int, bytes]] = deque(maxlen=limit)

    def add(self, prev: int, number: int, packet: bytes) -> None:
        """`packet` went out as `number`, after `prev`."""
        self._events.append((prev, number, packet))

    def after(self, seq: int, last: int) -> list[bytes] | None:
        """What went out after number `seq`, where `last` was the latest; None when that is not all here."""
        events = self._events
        if last <= seq:
            return []
        if not events or events[0][0] > seq:
            return None
        return [packet for _, number, packet in events if number > seq]


class Call(NamedTuple):
    """What a client asks the server next. Without `since` it wants the room afresh."""

    name: Literal["join", "sync"]
    since: int | None
    epoch: str | None


class ClientView(Generic[T]):
    """The reference client: where it stands in a room, what to apply, when to ask. Every client library does this.

    join() → Call; then received() for each numbered event and joined(), synced() for the answers. These return the
    events to apply now, in order; the messages of an answer are applied before them. A message, wherever it comes
    from, replaces the one held only if its `changed_seq` is higher. After each step `call` is what to ask next
    (None: nothing); it stays until answered, so after an error or a time-out it is sent again.
    """

    def __init__(self, buffer_limit: int = BUFFER_LIMIT) -> None:
        self.epoch: str | None = None
        self.position: int | None = None
        self._limit = buffer_limit
        self.call: Call | None = None
        self._connected = False
        self._buffer: list[tuple[int, int, T]] = []
        self._overflowed = False

    def join(self) -> Call:
        """A connection is there: ask for what was missed, or for all if nothing is known."""
        self._connected = True
        self.call = Call("join", self.position, self.epoch)
        return self.call

    def lost(self) -> None:
        """The connection is gone. What was applied stays; what was held would come again."""
        self._connected = False
        self._forget()
        self.call = None

    def need_sync(self) -> None:
        """Something outside the numbers has a hole (an answer's deltas): ask, unless asking already."""
        if self._connected and self.call is None and self.position is not None:
            self.call = Call("sync", self.position, self.epoch)

    def received(self, number: int, prev: int, event: T) -> list[T]:
        """A numbered event of this room arrived."""
        if not self._connected:
            return []
        if len(self._buffer) < self._limit:
            self._buffer.append((number, prev, event))
        else:
            self._overflowed = True
        return self._advance()

    def joined(self, epoch: str, seq: int) -> list[T]:
        """join was answered with the room at `seq`. With `refetch`, or if asked without `since`, what the client
        held is replaced by the answer's messages; else they are added.
        """
        self.epoch, self.position, self.call = epoch, seq, None
        return self._advance()

    def synced(self, seq: int, *, refetch: bool = False) -> list[T]:
        """sync was answered as of number `seq`; `refetch`: too far behind or another epoch, so join afresh."""
        if refetch:
            self.epoch = self.position = None
            self._forget()
            self.call = Call("join", None, None)
            return []
        self.position = seq if self.position is None else max(self.position, seq)
        self.call = None
        return self._advance()

    def _advance(self) -> list[T]:
        apply: list[T] = []
        if self.call is not None or self.position is None:
            return apply
        for index, (number, prev, event) in enumerate(self._buffer):
            if number <= self.position:
                continue
            if prev > self.position:
                del self._buffer[:index]
                self.call = Call("sync", self.position, self.epoch)
                return apply
            self.position = number
            apply.append(event)
        self._buffer.clear()
        if self._overflowed:
            self._overflowed = False
            self.call = Call("sync", self.position, self.epoch)
        return apply

    def _forget(self) -> None:
        self._buffer.clear()
        self._overflowed = False
