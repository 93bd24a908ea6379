"""Messages that go: of `live` rooms that everyone has left, and of rooms that keep them for a number of days."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from . import search
from .epochs import new_epoch
from .sql import Insert, Row, Statement
from .tx import Tx

RUNNING = ("queued", "thinking", "streaming")
PAGE = 200  # messages that one transaction takes away, so that nobody waits long behind it

_OCCUPY = Statement(
    "UPDATE rooms SET occupied_at = :at WHERE id IN :[rooms] AND retention = 'live'"
)
EMPTY = Statement(
    "SELECT id FROM rooms WHERE retention = 'live' AND COALESCE(occupied_at, created_at) < :before"
    " AND EXISTS (SELECT 1 FROM messages m WHERE m.room_id = rooms.id)"
)
_DAYS = (
    "SELECT r.id, CAST(r.retention AS BIGINT) FROM rooms r JOIN messages m ON m.room_id = r.id"
    " AND m.seq = (SELECT MIN(seq) FROM messages o WHERE o.room_id = r.id) WHERE {is_days}"
    " AND m.created_at < :now - CAST(r.retention AS BIGINT) * 86400000"
)
# Rooms that keep messages for days, and whose oldest is older than that.
AGED = Statement(
    _DAYS.format(is_days="r.retention NOT IN ('forever', 'live')"),
    _DAYS.format(is_days="r.retention ~ '^[0-9]+$'").replace(
        "CAST(r.retention AS BIGINT)",
        "CAST(CASE WHEN r.retention ~ '^[0-9]+$' THEN r.retention ELSE '0' END AS BIGINT)",
    ),
)
_STILL_EMPTY = Statement(
    "SELECT 1 FROM rooms WHERE id = :room AND COALESCE(occupied_at, created_at) < :before"
)
_OLDEST = Statement(
    "SELECT seq, body, sender_id, client_id, created_at, deleted_at, status, digest FROM messages"
    " WHERE room_id = :room ORDER BY seq LIMIT :limit"
)
_YOUNGER = Statement(
    "SELECT 1 FROM messages WHERE room_id = :room AND seq = (SELECT MAX(seq) FROM messages WHERE room_id = :room)"
    " AND created_at >= :before"
)
_SPEND = Insert(
    "spent_keys",
    {
        "sender_id": "text",
        "client_id": "text",
        "room_id": "bigint",
        "seq": "bigint",
        "digest": "text",
        "created_at": "bigint",
        "deleted_at": "bigint",
    },
    "ON CONFLICT DO NOTHING",
)
_DELETE = Statement("DELETE FROM messages WHERE room_id = :room AND seq IN :[seqs]")
_EPOCH = Statement("UPDATE rooms SET epoch = :epoch WHERE id = :room")


@dataclass(slots=True)
class Occupy:
    """Somebody is in these `live` rooms now."""

    room_ids: list[int]

    def rooms(self) -> list[int]:
        return self.room_ids

    def run(self, tx: Tx) -> int:
        return tx.run(_OCCUPY, rooms=self.room_ids, at=tx.now)


@dataclass(slots=True)
class Expire:
    """Take away a page of messages older than a moment; True while there may be more. Their keys stay spent,
    with what they were used for."""

    room_id: int
    before: int

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> bool:
        room = tx.room(self.room_id)
        rows = tx.all(_OLDEST, room=self.room_id, limit=PAGE)
        due = list(takewhile(self._is_due, rows))
        spent: list[tuple[object, ...]] = []
        for seq, body, sender, client, created, deleted, _status, digest in due:
            if client:
                gone = tx.now if deleted is None else deleted
                spent.append((sender, client, room.id, seq, digest, created, gone))
            if (
                deleted is None
            ):  # else it left the index when it was deleted; a second time would spoil the index
                search.replace(tx, room, seq, body, None)
        tx.insert(_SPEND, spent)
        if due:
            tx.run(_DELETE, room=self.room_id, seqs=[row[0] for row in due])
        return len(due) == PAGE

    def _is_due(self, row: Row) -> bool:
        return bool(row[4] < self.before) and row[6] not in RUNNING


@dataclass(slots=True)
class Clear:
    """Take away a page of a `live` room that has been empty since `before`; True while there may be more.

    The last page gives the room another epoch, so that nobody continues what is gone.
    """

    room_id: int
    before: int

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> bool:
        place = {"room": self.room_id, "before": self.before}
        if tx.value(_STILL_EMPTY, **place) is None or tx.value(_YOUNGER, **place) is not None:
            return False
        more = Expire(self.room_id, tx.now + 1).run(tx)
        if not more:
            tx.run(_EPOCH, room=self.room_id, epoch=new_epoch())
        return more
