"""How often answers may be asked for: counted in the database, so that the limit is one for all workers.

Of a person and of a room one number is kept, the time at which their burst is whole again (as services.limits does for
what each worker counts by itself). It is moved in the transaction that begins what was asked for: a refused act does not
count, and one that was stored is counted once. Microseconds, by the database's clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.errors import ChatError

from .sql import Statement
from .tx import Tx

_READ = Statement(
    "SELECT scope, whole_at FROM paces WHERE (scope = 'person' AND key = :person) OR (scope = 'room' AND key = :room)"
)
_WRITE = Statement(
    "INSERT INTO paces (scope, key, whole_at) VALUES ('person', :person, :of_person), ('room', :room, :of_room)"
    " ON CONFLICT (scope, key) DO UPDATE SET whole_at = excluded.whole_at"
)


@dataclass(slots=True, frozen=True)
class Pace:
    """What one act costs, and how far a burst may be ahead, in microseconds."""

    cost: int = 0
    ahead: int = 0


@dataclass(slots=True, frozen=True)
class Paces:
    """Of each person and of each room."""

    person: Pace = Pace()
    room: Pace = Pace()


FREE = Paces()


def take(tx: Tx, paces: Paces, person_id: str, room_id: int) -> None:
    """Count one act of a person in a room. Raises `rate_limited` with `retry_after`. The gate was passed."""
    if paces == FREE:
        return
    now = tx.database_now() * 1000
    names = {"person": person_id, "room": str(room_id)}
    found: dict[str, int] = dict(tx.all(_READ, **names))
    of_person = _next(now, found.get("person", 0), paces.person)
    of_room = _next(now, found.get("room", 0), paces.room)
    tx.run(_WRITE, **names, of_person=of_person, of_room=of_room)


def _next(now: int, whole_at: int, pace: Pace) -> int:
    whole_at = max(whole_at, now) + pace.cost
    wait = whole_at - now - pace.ahead
    if wait > 0:
        raise ChatError(
            "rate_limited", "Too many in too short a time.", round(wait / 1_000_000 + 0.05, 1)
        )
    return whole_at
