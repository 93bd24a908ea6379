"""A connection that only hears: it gets the packets of a socket, in the same order, for a reader that takes them one by one.

Server-sent events are made from it. The server of Socket.IO knows nothing of it; fan-out takes it for one of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from chatapp import runtime
from chatapp.ids import new_id
from chatapp.runtime.crew import crew

from . import frames
from .backlog import CLOSE_BYTES, CLOSE_PACKETS, DROP_PACKETS
from .connection import Connection, Person
from .fanout import Batch, Out

COME_BACK_S = 2.0  # after having been too slow


class Heard(NamedTuple):
    """An event. `number`: of a numbered one, the number of the change."""

    name: str
    payload: bytes
    number: int | None = None


class _Message(msgspec.Struct):
    changed_seq: int


class _Room(msgspec.Struct):
    seq: int


_NUMBERS: dict[str, Callable[[bytes], int]] = {
    "message": lambda payload: msgspec.json.decode(payload, type=_Message).changed_seq,
    "message_changed": lambda payload: msgspec.json.decode(payload, type=_Message).changed_seq,
    "room": lambda payload: msgspec.json.decode(payload, type=_Room).seq,
}


def heard(packet: bytes) -> Heard:
    """The event in a packet of frames.event()."""
    name, payload = frames.event_of(packet)
    number = _NUMBERS.get(name)
    return Heard(name, payload, number(payload) if number else None)


class Listener(Connection):
    """One reader; its own fan-out link. What waits for it is bounded as for a socket that does not read."""

    __slots__ = ("_bytes", "_ended", "_ending", "_news", "_waiting", "out")

    def __init__(self, user: Person, session_id: str, data: Any = None) -> None:
        super().__init__("", f"listener-{new_id()}", user, session_id, data)
        self.link = self
        self.out: Out = []
        self._waiting: deque[bytes] = deque()  # packets
        self._bytes = 0
        self._news = runtime.Event()
        self._ending = False  # it ends with what fan-out has for it in this turn
        self._ended = False

    def write(self, out: Out) -> None:
        """Keep what fan-out has for it. In the loop: must not wait."""
        for item in out:
            if isinstance(item, Batch):
                for frame in item.frames:
                    self._keep(frames.packet_of(frame), droppable=item.droppable)
            else:
                self._keep(frames.packet_of(item), droppable=False)
        self._ended = self._ended or self._ending
        crew.submit(self._news.set)

    def _keep(self, packet: bytes, *, droppable: bool) -> None:
        waiting = self._waiting
        if self._ended or (droppable and len(waiting) >= DROP_PACKETS):
            return
        if len(waiting) >= CLOSE_PACKETS or (self._bytes + len(packet) > CLOSE_BYTES and waiting):
            # It resumes by number: what waits now would only keep it behind.
            waiting.clear()
            packet = frames.closing("slow", COME_BACK_S)
            self._ended = True
        waiting.append(packet)
        self._bytes += len(packet)

    def end(self) -> None:
        """No more after what was sent until now."""
        with runtime.turn:
            self._ending = True
            self._ended = self._ended or not self.out
        crew.submit(self._news.set)

    def next(self, timeout: float) -> list[Heard] | None:
        """What came, as soon as something did; empty after `timeout` s without anything; None at the end."""
        if not self._waiting and not self._ended:
            self._news.wait(timeout)
        with runtime.turn:
            self._news.clear()
            packets, self._waiting = self._waiting, deque()
            self._bytes = 0
            if not packets and self._ended:
                return None
        return [heard(packet) for packet in packets]


def either(socket: Callable[..., None], listener: Callable[..., None]) -> Callable[..., None]:
    """What is done one way with the connection of a socket, and another way with a listener."""

    def call(conn: Connection, *arguments: Any) -> None:
        (listener if isinstance(conn, Listener) else socket)(conn, *arguments)

    return call
