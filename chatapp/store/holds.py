"""What is held of the budgets for what is no answer in a room: a catch-up, a trial of a provider."""

from __future__ import annotations

from dataclasses import dataclass

from . import paces
from .budgets import NOTHING, Caps, Use, add, check, day_of, gate
from .paces import Paces
from .sql import Statement
from .tx import Tx

HOLD_MS = 90_000  # a request that is not over by then lost its worker

_ADD = Statement(
    "INSERT INTO holds (id, day, person_id, room_id, assistant_id, tokens, cost, until)"
    " VALUES (:id, :day, :person, :room, :assistant, :tokens, :cost, :until)"
)
_END = Statement("DELETE FROM holds WHERE id = :id")
_LOST = Statement(
    "SELECT id, day, person_id, room_id, assistant_id, tokens, cost FROM holds WHERE until < :now"
)


@dataclass(slots=True)
class HoldFor:
    """Keep something for what is no answer in a room (a catch-up), for HOLD_MS at most. The result: the day.

    Raises `rate_limited`, `budget_exceeded`.
    """

    id: str
    caps: Caps
    paces: Paces
    person_id: str
    room_id: int
    assistant_id: str
    need: Use

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> str:
        gate(tx)
        paces.take(tx, self.paces, self.person_id, self.room_id)
        check(tx, self.caps, self.person_id, self.room_id, self.assistant_id, self.need)
        day = day_of(tx.now)
        add(tx, day, self.person_id, self.room_id, self.assistant_id, held=self.need)
        tx.run(
            _ADD,
            id=self.id,
            day=day,
            person=self.person_id,
            room=self.room_id,
            assistant=self.assistant_id,
            tokens=self.need.tokens,
            cost=self.need.cost,
            until=tx.database_now() + HOLD_MS,
        )
        return day


@dataclass(slots=True)
class SettleFor:
    """The end of HoldFor: what was held goes, what was used stays."""

    held: HoldFor
    day: str
    use: Use

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        gate(tx)
        held = self.held
        lost = not tx.run(_END, id=held.id)  # it took so long that it was let go already
        back = NOTHING if lost else Use(-held.need.tokens, -held.need.cost)
        add(
            tx, self.day, held.person_id, held.room_id, held.assistant_id, held=back, spent=self.use
        )


def let_go_lost(tx: Tx, now: int) -> None:
    """Give back what a worker that is gone held. The gate was passed."""
    for hold, day, person, room, assistant, tokens, cost in tx.all(_LOST, now=now):
        tx.run(_END, id=hold)
        add(tx, day, person, room, assistant, held=Use(-int(tokens), -int(cost)))
