"""What workers tell each other: the interface, its bytes, and the bus of a single process.

A bus carries hints. It may lose, delay, repeat and reorder what it is given, and nothing is ever wrong for long if it
does: numbers are healed from the database, leases from Redis, commands are looked up again by whoever missed them.

One published message is a header and records, so that all that waits goes out in one publish:

    magic 0xC7 · version 1 · 8 bytes: who sent it      | header
    kind u8 · length of key u16 · length of body u32   | a record, any number of times
    key · body                                         |

A first byte of 0xC7 begins neither JSON nor text, so the messages of python-socketio travel on the same channel.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

from chatapp.payloads import Numbered

Handler = Callable[[str, bytes], None]


class Kind(IntEnum):
    """What a record is; its key says whom it concerns."""

    HINT = 1  # key: room id. Numbered events that were committed
    ROOM = 2  # key: room id. A packet for the room's connections, without a number
    USER = 3  # key: fan-out channel of a user or session. A packet for these connections
    CONTROL = 4  # key: what to do. JSON
    PRESENCE = 5  # key: room id. Who came to and left a worker
    READS = 6  # key: room id. Read cursors that moved
    DELTA = 7  # key: room id. Text of an answer being written


# What nothing else would heal: kept and sent again while Redis is away. The rest is only a hint.
COMMANDS = frozenset({Kind.USER, Kind.CONTROL})


class Bus(Protocol):
    """Tells the other workers. Nothing here waits for the network, and nothing raises because it is down."""

    @property
    def listened(self) -> bool:
        """Whether there may be others. If not, what costs to encode need not be published."""

    def publish(self, kind: Kind, key: str, body: bytes) -> None:
        """Have `handler(key, body)` run on every other worker, soon, if all goes well. Never on this one."""

    def on(self, kind: Kind, handler: Handler) -> None:
        """`handler` runs on the loop, in a turn, for what the others publish. One handler a kind."""

    def on_resubscribed(self, callback: Callable[[], None]) -> None:
        """`callback` runs after each (re)connection: what was published before it may be lost."""

    def on_published_again(self, callback: Callable[[], None]) -> None:
        """`callback` runs when this worker is heard again: hints that it published meanwhile are lost."""


class MemoryBus:
    """The bus of a single process: there are no others, unless a test links some."""

    def __init__(self) -> None:
        self._others: list[MemoryBus] = []
        self._handlers: dict[int, Handler] = {}

    @property
    def listened(self) -> bool:
        return bool(self._others)

    def publish(self, kind: Kind, key: str, body: bytes) -> None:
        for other in self._others:
            other.deliver(kind, key, body)

    def on(self, kind: Kind, handler: Handler) -> None:
        self._handlers[kind] = handler

    def on_resubscribed(self, callback: Callable[[], None]) -> None:
        """Memory is never disconnected."""

    def on_published_again(self, callback: Callable[[], None]) -> None:
        """It always is heard."""

    def link(self, other: MemoryBus) -> None:
        """From now on each hears the other."""
        self._others.append(other)
        other._others.append(self)

    def deliver(self, kind: Kind, key: str, body: bytes) -> None:
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(key, body)


MAGIC = 0xC7
VERSION = 1
HOST_BYTES = 8
_HEADER = bytes((MAGIC, VERSION))
_RECORD = struct.Struct(">BHI")


def encode_record(kind: int, key: str, body: bytes) -> bytes:
    """One record."""
    name = key.encode()
    return _RECORD.pack(kind, len(name), len(body)) + name + body


def encode_message(host: bytes, records: Sequence[bytes]) -> bytes:
    """What is published: `host` is the sender's 8 bytes."""
    return b"".join((_HEADER, host, *records))


def is_ours(data: bytes) -> bool:
    """Whether these bytes are a message of this format and version."""
    return data[:2] == _HEADER and len(data) >= len(_HEADER) + HOST_BYTES


def sender(data: bytes) -> bytes:
    """Who published it; only for what is_ours()."""
    return data[2 : 2 + HOST_BYTES]


def decode_message(data: bytes) -> Iterator[tuple[int, str, bytes]]:
    """(kind, key, body) of each record. Stops at what is cut off."""
    at, end, head = 2 + HOST_BYTES, len(data), _RECORD.size
    while at + head <= end:
        kind, key_length, body_length = _RECORD.unpack_from(data, at)
        body_at = at + head + key_length
        stop = body_at + body_length
        if stop > end:
            return
        yield kind, data[at + head : body_at].decode(errors="replace"), data[body_at:stop]
        at = stop


class Hint(NamedTuple):
    """Events that one transaction gave a room: they cover every number after `prev` up to `seq`.

    No events: they were too large, or merged away; read them from the database.
    """

    epoch: str
    prev: int
    seq: int
    events: list[Numbered]


# A hint with more bytes of events than this says only "see number N": one read is cheaper than to carry it everywhere.
HINT_BYTES = 64 * 1024

_NUMBERS = struct.Struct(">BQQ")
_EVENT = struct.Struct(">QBI")
_NAMES = ("message", "message_changed", "room")
_CODES = {name: code for code, name in enumerate(_NAMES)}


def encode_hint(epoch: str, prev: int, events: Sequence[Numbered]) -> bytes:
    """The body of a HINT; without the events if they are too large."""
    name = epoch.encode()
    parts = [_NUMBERS.pack(len(name), prev, events[-1].seq), name]
    if sum(len(event.payload) for event in events) <= HINT_BYTES:
        for event in events:
            parts += (
                _EVENT.pack(event.seq, _CODES[event.event], len(event.payload)),
                event.payload,
            )
    return b"".join(parts)


def decode_hint(body: bytes) -> Hint:
    """Raises ValueError or struct.error for bytes that are no hint."""
    epoch_length, prev, seq = _NUMBERS.unpack_from(body)
    at = _NUMBERS.size + epoch_length
    epoch = body[_NUMBERS.size : at].decode()
    events: list[Numbered] = []
    while at < len(body):
        number, code, length = _EVENT.unpack_from(body, at)
        at += _EVENT.size
        if code >= len(_NAMES) or at + length > len(body):
            raise ValueError("not a hint")
        events.append(Numbered(number, _NAMES[code], body[at : at + length]))
        at += length
    return Hint(epoch, prev, seq, events)
