"""What counts no more and nobody looks at goes: days of spendings, whole paces, what a lost worker held."""

from __future__ import annotations

from dataclasses import dataclass

from .budgets import DAY_MS, day_of, gate
from .holds import let_go_lost
from .sql import Connection, Statement
from .tx import Tx

KEPT_DAYS = 32  # that spendings are kept: a month can be looked at

_HAS_OLD = Statement(
    "SELECT EXISTS (SELECT 1 FROM spendings WHERE day < :day) OR EXISTS (SELECT 1 FROM paces WHERE whole_at < :now)"
    " OR EXISTS (SELECT 1 FROM holds WHERE until < :now / 1000)"
)
_OLD_SPENDINGS = Statement("DELETE FROM spendings WHERE day < :day")
_OLD_PACES = Statement("DELETE FROM paces WHERE whole_at < :now")


def has_old(db: Connection, now: int) -> bool:
    """Whether there is something for TidyUp."""
    return bool(db.value(_HAS_OLD, day=_first_day(now), now=now * 1000))


def _first_day(now: int) -> str:
    return day_of(now - KEPT_DAYS * DAY_MS)


@dataclass(slots=True)
class TidyUp:
    """Let go of what a worker that is gone held, and forget days and paces that count no more."""

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        gate(tx)
        now = tx.database_now()
        let_go_lost(tx, now)
        tx.run(_OLD_SPENDINGS, day=_first_day(now))
        tx.run(_OLD_PACES, now=now * 1000)
