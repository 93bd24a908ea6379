"""A write transaction as jobs see it: statements, the rooms' numbers, and what is to be told after the commit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import msgspec

from chatapp.clock import now_ms, rfc3339
from chatapp.errors import ChatError, not_found
from chatapp.payloads import Numbered, User

from .sql import Connection, Cursor, Insert, Statement

R = TypeVar("R", covariant=True)

_LOCK = Statement(
    "SELECT id, slug, name, epoch, last_seq, retention, members_count, indexed_seq FROM rooms WHERE id IN :[rooms]"
    " ORDER BY id",
    "SELECT id, slug, name, epoch, last_seq, retention, members_count, indexed_seq FROM rooms WHERE id IN :[rooms]"
    " ORDER BY id FOR UPDATE",
)
_SET_LAST = Statement(
    "UPDATE rooms SET last_seq = ? WHERE id = ?",
    "UPDATE rooms SET last_seq = CAST(moved.room ->> 1 AS bigint)"
    " FROM jsonb_array_elements(CAST(:rooms AS jsonb)) AS moved (room)"
    " WHERE rooms.id = CAST(moved.room ->> 0 AS bigint)",
)
CHANGES = Insert(
    "changes",
    {
        "room_id": "bigint",
        "seq": "bigint",
        "kind": "text",
        "subject": "text",
        "by_id": "text",
        "at": "bigint",
        "data": "text",
    },
)
_DATABASE_NOW = Statement(
    "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
)


class Step(Protocol[R]):
    """What a transaction does: a job, or a part of one."""

    def run(self, tx: Tx, /) -> R: ...


@dataclass(slots=True)
class RoomRow:
    """A room locked by this transaction."""

    id: int
    slug: str
    name: str
    epoch: str
    last_seq: int
    retention: str
    members_count: int
    indexed_seq: int


@dataclass(slots=True, frozen=True)
class Told:
    """What one transaction did to one room, numbers ascending."""

    room_id: int
    slug: str
    epoch: str
    events: list[Numbered]


class Tx(Connection):
    """One transaction. `now` is the wall clock at its start, `time` the same as clients read it; `told` goes to the relay after the commit."""

    def __init__(self, cursor: Cursor, dialect: str) -> None:
        super().__init__(cursor, dialect)
        self.now = now_ms()
        self.time = rfc3339(self.now)
        self.told: list[Told] = []
        self._rooms: dict[int, RoomRow] = {}

    def lock(self, room_ids: Collection[int]) -> dict[int, RoomRow]:
        """Lock rooms in the order of their ids (so that two batches cannot wait for each other); missing ones are left out."""
        wanted = sorted({room_id for room_id in room_ids if room_id not in self._rooms})
        if wanted:
            for row in self.all(_LOCK, rooms=wanted):
                self._rooms[row[0]] = RoomRow(*row)
        return {room_id: self._rooms[room_id] for room_id in room_ids if room_id in self._rooms}

    def room(self, room_id: int) -> RoomRow:
        """One room, locked. Raises ChatError `not_found`."""
        try:
            return self.lock([room_id])[room_id]
        except KeyError:
            raise not_found("room") from None

    def number(
        self, room: RoomRow, kind: str, subject: str, by: str | None, data: bytes | None = None
    ) -> int:
        """Take the room's next number for one change and write its row."""
        seq = room.last_seq + 1
        text = None if data is None else data.decode()
        self.insert(CHANGES, [(room.id, seq, kind, subject, by, self.now, text)])
        room.last_seq = seq
        self.move([room])
        return seq

    def move(self, rooms: Sequence[RoomRow]) -> None:
        """Store the rooms' last numbers, after the rows of `changes` up to them are written."""
        if self.sqlite:
            self.cursor.executemany(_SET_LAST.sqlite, [(r.last_seq, r.id) for r in rooms])
        elif rooms:
            self.run(
                _SET_LAST, rooms=msgspec.json.encode([(r.id, r.last_seq) for r in rooms]).decode()
            )

    def tell(self, room: RoomRow, *events: Numbered) -> None:
        """Have the members told after the commit."""
        self.told.append(Told(room.id, room.slug, room.epoch, list(events)))

    def tell_room(
        self, room: RoomRow, kind: str, subject: str, by: User | None, **fields: Any
    ) -> int:
        """Number a change that is not a message's and tell the members; returns the number."""
        seq = room.last_seq + 1
        payload = msgspec.json.encode(
            {"room": room.slug, "seq": seq, "kind": kind, "by": by, **fields}
        )
        self.number(room, kind, subject, by.id if by else None, payload)
        self.tell(room, Numbered(seq, "room", payload))
        return seq

    def attempt(self, step: Step[R]) -> tuple[R | None, ChatError | None]:
        """Do a part of the transaction. What a refused one wrote is undone, and the rest stands.

        A refusal is an answer: it keeps no frames, which would keep it and all that they knew until the collector comes.
        """
        told, moved = len(self.told), self.marks()
        self.cursor.execute("SAVEPOINT job")
        try:
            result = step.run(self)
        except ChatError as refusal:
            self.cursor.execute("ROLLBACK TO SAVEPOINT job")
            self.cursor.execute("RELEASE SAVEPOINT job")
            del self.told[told:]
            self.restore(moved)
            return None, refusal.with_traceback(None)
        self.cursor.execute("RELEASE SAVEPOINT job")
        return result, None

    def marks(self) -> dict[int, RoomRow]:
        """The locked rooms as they stand, to be restored when a job is undone."""
        return {room_id: replace(room) for room_id, room in self._rooms.items()}

    def restore(self, marks: dict[int, RoomRow]) -> None:
        """Back to marks(): rooms locked since are looked up again when they are needed."""
        self._rooms = marks

    def database_now(self) -> int:
        """The database's clock in milliseconds: what leases go by, whatever the workers' clocks say."""
        return int(self.value(_DATABASE_NOW))
