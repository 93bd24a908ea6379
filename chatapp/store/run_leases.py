"""Leases of runs, by the database's clock: renewed by the worker that writes, taken over when it is gone."""

from __future__ import annotations

from dataclasses import dataclass

from . import run_rows, run_texts
from .run_rows import FREE, Claim, Ending, Place, Terms, lease_end
from .sql import Connection, Statement
from .tx import Tx

MAX_ATTEMPTS = 3  # an answer that takes its worker down each time is given up

_RENEW = Statement(
    "UPDATE runs SET lease_until = :lease WHERE owner = :owner AND state IN ('thinking', 'streaming')"
    " AND (room_id || '-' || seq) IN :[places text]"
)
_OWNED = Statement(
    "SELECT room_id, seq, attempt FROM runs WHERE owner = :owner AND state IN ('thinking', 'streaming')"
)
_GONE = "r.state IN ('thinking', 'streaming') AND (r.lease_until < {now} OR r.lease_until IS NULL)"
# An answer whose turn has come: there was no room for it, or the worker that should have begun it ended before.
_LEFT = (
    "r.state = 'queued' AND NOT EXISTS (SELECT 1 FROM runs o WHERE o.state IN ('thinking', 'streaming')"
    " AND o.room_id = r.room_id AND o.assistant_id = r.assistant_id)"
)
_SELECT = "SELECT r.room_id, r.seq FROM runs r WHERE "
_NOW = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
}
_ABANDONED = Statement(
    *(f"{_SELECT} {_GONE.format(now=now)} ORDER BY 1, 2" for now in _NOW.values())
)
_OF_OTHERS = Statement(
    f"{_SELECT} r.state IN ('thinking', 'streaming') AND (r.owner IS NULL OR r.owner <> :owner)"
    " ORDER BY 1, 2"
)
# The first of each queue, fair to those who ask: who has fewest answers being written, counting those chosen before;
# among equals whoever was served longest ago.
_LINE = """SELECT room_id, seq FROM (SELECT r.room_id, r.seq, r.queued_at,
        (SELECT max(s.started_at) FROM runs s WHERE s.asker_id = r.asker_id) AS served,
        (SELECT count(*) FROM runs b
        WHERE b.state IN ('thinking', 'streaming') AND b.asker_id = r.asker_id)
        + row_number() OVER (PARTITION BY r.asker_id ORDER BY r.queued_at, r.room_id, r.seq) AS share
        FROM runs r WHERE {left} AND NOT EXISTS (SELECT 1 FROM runs f WHERE f.state = 'queued'
        AND f.room_id = r.room_id AND f.assistant_id = r.assistant_id AND f.seq < r.seq)) AS line
    ORDER BY share, COALESCE(served, 0), queued_at, room_id, seq LIMIT :limit"""
_IN_LINE = Statement(_LINE.format(left=_LEFT))
_ACTIVE_IN_ROOM = Statement(
    "SELECT seq, attempt FROM runs WHERE state IN ('thinking', 'streaming') AND room_id = :room"
    " AND (owner IS NULL OR owner <> :owner)"
)
_LEASE = Statement("SELECT lease_until, owner FROM runs WHERE room_id = :room AND seq = :seq")
_RELEASE = Statement("UPDATE runs SET lease_until = 0 WHERE owner = :owner AND state = 'thinking'")


def abandoned(db: Connection, only: str | None = None) -> list[Place]:
    """Runs that nobody carries on. `only`: the one owner that is alive, whatever the leases of others say."""
    rows = db.all(_ABANDONED) if only is None else db.all(_OF_OTHERS, owner=only)
    return [(row[0], row[1]) for row in rows]


def in_line(db: Connection, limit: int) -> list[Place]:
    """Answers whose turn it is, as far as their own queues say, in the order that is fair to who asked."""
    return [(row[0], row[1]) for row in db.all(_IN_LINE, limit=limit)]


def elsewhere(db: Connection, room_id: int, owner: str) -> list[tuple[int, int]]:
    """(seq, attempt) of the answers that others than `owner` write in a room."""
    return [(row[0], row[1]) for row in db.all(_ACTIVE_IN_ROOM, room=room_id, owner=owner)]


@dataclass(slots=True)
class RenewLeases:
    """Say that this worker is alive. The result: (room, seq, attempt) of all that it still owns."""

    owner: str
    places: list[Place]

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> set[tuple[int, int, int]]:
        names = [f"{room_id}-{seq}" for room_id, seq in self.places]
        tx.run(_RENEW, owner=self.owner, lease=lease_end(tx), places=names)
        return {(row[0], row[1], row[2]) for row in tx.all(_OWNED, owner=self.owner)}


@dataclass(slots=True)
class TakeOver:
    """Take care of abandoned runs: what showed nothing yet is begun again by `owner`, the rest is closed.

    The result is what the owner has to carry out. `alone`: there is no other owner, whatever leases say.
    """

    places: list[Place]
    owner: str
    alone: bool = False
    terms: Terms = FREE

    def rooms(self) -> list[int]:
        return [room_id for room_id, _seq in self.places]

    def run(self, tx: Tx) -> list[Claim]:
        claims: list[Claim] = []
        for room_id, seq in self.places:
            claims += self._take(tx, room_id, seq)
        return claims

    def _take(self, tx: Tx, room_id: int, seq: int) -> list[Claim]:
        run = run_rows.hold(tx, room_id, seq)
        if run is None or not run.active:
            return []
        room = tx.room(room_id)
        if run.state == "queued":
            return run_rows.promote(tx, room, run.assistant.id, self.owner, self.terms)
        if not self._free(tx, room_id, seq):
            return []
        if run.state == "thinking" and run.attempt < MAX_ATTEMPTS:
            claim = run_rows.claim(tx, room, run, run.attempt + 1, self.owner)
            run_rows.set_status(tx, room, run, "thinking", run.assistant.id)
            return [claim]
        text = run_texts.saved(tx, room_id, seq)
        status, error = ("interrupted", "ai_incomplete") if text else ("failed", "ai_unavailable")
        run_rows.end(tx, room, run, Ending(status, text, error=error))
        return run_rows.promote(tx, room, run.assistant.id, self.owner, self.terms)

    def _free(self, tx: Tx, room_id: int, seq: int) -> bool:
        lease, owner = tx.one(_LEASE, room=room_id, seq=seq) or (None, None)
        if self.alone:
            return bool(owner != self.owner)
        return lease is None or bool(lease < tx.database_now())


@dataclass(slots=True)
class ReleaseLeases:
    """This worker stops: what it has not shown anything of is free for others at once."""

    owner: str

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> int:
        return tx.run(_RELEASE, owner=self.owner)
