"""What answers may use in a day: checked and held before a provider is called, settled with what was used.

A budget belongs to a person, a room or an assistant, and to one day by UTC. Everything that moves one passes the gate
first: so two workers cannot both take what is left, and none waits for another's rows in another order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from chatapp.errors import BudgetScope, ChatError

from .sql import Connection, Statement
from .tx import Tx

DAY_MS = 24 * 3600 * 1000
_GATE_KEY = 0x616967617465  # "aigate"

_GATE = Statement("SELECT 1", f"SELECT pg_advisory_xact_lock({_GATE_KEY})")
_OWN = Statement(
    "SELECT r.ai_tokens_per_day, r.ai_cost_per_day, a.tokens_per_day, a.cost_per_day"
    " FROM rooms r LEFT JOIN assistants a ON a.user_id = :assistant WHERE r.id = :room"
)
_USED = Statement(
    "SELECT tokens + held_tokens, cost + held_cost FROM spendings"
    " WHERE day = :day AND scope = :scope AND key = :key"
)
_ADD = Statement(
    "INSERT INTO spendings (day, scope, key, tokens, cost, held_tokens, held_cost)"
    " VALUES (:day, :scope, :key, :tokens, :cost, :held_tokens, :held_cost)"
    " ON CONFLICT (day, scope, key) DO UPDATE SET tokens = spendings.tokens + excluded.tokens,"
    " cost = spendings.cost + excluded.cost, held_tokens = spendings.held_tokens + excluded.held_tokens,"
    " held_cost = spendings.held_cost + excluded.held_cost"
)
_HELD = Statement(
    "SELECT assistant_id, asker_id, held_day, held_tokens, held_cost FROM runs"
    " WHERE room_id = :room AND seq = :seq"
)
_HOLD_RUN = Statement(
    "UPDATE runs SET held_day = :day, held_tokens = :tokens, held_cost = :cost"
    " WHERE room_id = :room AND seq = :seq"
)


@dataclass(slots=True, frozen=True)
class Cap:
    """Tokens and money (millionths) of a day; None: no limit."""

    tokens: int | None = None
    cost: int | None = None


NO_CAP = Cap()


@dataclass(slots=True, frozen=True)
class Caps:
    """What the installation allows each person, each room, and each assistant."""

    person: Cap = NO_CAP
    room: Cap = NO_CAP
    assistant: Cap = NO_CAP


UNLIMITED = Caps()


@dataclass(slots=True, frozen=True)
class Use:
    """Tokens and money (millionths)."""

    tokens: int = 0
    cost: int = 0


NOTHING = Use()


@dataclass(slots=True, frozen=True)
class Budget:
    """One budget of today: what is used, answers being written included, and its cap."""

    scope: BudgetScope
    key: str
    used: Use
    cap: Cap


def gate(tx: Tx) -> None:
    """From here to the end of the transaction nobody else starts or ends an answer, on any worker."""
    tx.run(_GATE)


def day_of(ms: int) -> str:
    """The day of a time, by UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d")


def next_day_ms(ms: int) -> int:
    """When the budgets begin anew."""
    return (ms // DAY_MS + 1) * DAY_MS


def budgets(
    db: Connection, now: int, caps: Caps, person_id: str, room_id: int, assistant_id: str
) -> list[Budget]:
    """The three budgets that an answer is made on."""
    room_tokens, room_cost, own_tokens, own_cost = db.one(
        _OWN, room=room_id, assistant=assistant_id
    ) or (None, None, None, None)
    scopes: tuple[tuple[BudgetScope, str, Cap], ...] = (
        ("person", person_id, caps.person),
        ("room", str(room_id), _own(caps.room, room_tokens, room_cost)),
        ("assistant", assistant_id, _own(caps.assistant, own_tokens, own_cost)),
    )
    return [Budget(scope, key, used(db, now, scope, key), cap) for scope, key, cap in scopes]


def _own(cap: Cap, tokens: int | None, cost: int | None) -> Cap:
    return Cap(
        cap.tokens if tokens is None else tokens,
        cap.cost if cost is None else cost,
    )


def used(db: Connection, now: int, scope: str, key: str) -> Use:
    """What was used of a budget today, what is held included."""
    row = db.one(_USED, day=day_of(now), scope=scope, key=key)
    return Use(int(row[0]), int(row[1])) if row else Use()


def check(tx: Tx, caps: Caps, person_id: str, room_id: int, assistant_id: str, need: Use) -> None:
    """Raises `budget_exceeded` when one of the budgets does not have what an answer needs at least."""
    for budget in budgets(tx, tx.now, caps, person_id, room_id, assistant_id):
        if _exceeds(budget.used.tokens + need.tokens, budget.cap.tokens) or _exceeds(
            budget.used.cost + need.cost, budget.cap.cost
        ):
            raise exceeded(budget.scope, tx.now)


def _exceeds(wanted: int, cap: int | None) -> bool:
    return cap is not None and wanted > cap


def exceeded(scope: BudgetScope, now: int) -> ChatError:
    """The refusal, with whose budget it is and the seconds until the next day."""
    whose = {"person": "Your", "room": "This room's", "assistant": "This assistant's"}[scope]
    return ChatError(
        "budget_exceeded",
        f"{whose} budget of today is used up.",
        (next_day_ms(now) - now) / 1000,
        scope,
    )


def hold(tx: Tx, caps: Caps, room_id: int, seq: int, need: Use) -> None:
    """Keep what an answer is expected to use, instead of what was kept for it before. Raises `budget_exceeded`."""
    gate(tx)
    settle(tx, room_id, seq, NOTHING)
    row = tx.one(_HELD, room=room_id, seq=seq)
    if row is None:
        return
    assistant_id, asker_id = row[:2]
    check(tx, caps, asker_id, room_id, assistant_id, need)
    day = day_of(tx.now)
    add(tx, day, asker_id, room_id, assistant_id, held=need)
    tx.run(_HOLD_RUN, room=room_id, seq=seq, day=day, tokens=need.tokens, cost=need.cost)


def settle(tx: Tx, room_id: int, seq: int, use: Use | None) -> None:
    """Let go of what was held for an answer, and count what it used; None: as much as was held."""
    row = tx.one(_HELD, room=room_id, seq=seq)
    if row is None or row[2] is None:
        return
    assistant_id, asker_id, day, tokens, cost = row
    back = Use(-int(tokens), -int(cost))
    add(
        tx,
        day,
        asker_id,
        room_id,
        assistant_id,
        held=back,
        spent=use or Use(int(tokens), int(cost)),
    )
    tx.run(_HOLD_RUN, room=room_id, seq=seq, day=None, tokens=0, cost=0)


def add(
    tx: Tx,
    day: str,
    person_id: str,
    room_id: int,
    assistant_id: str,
    *,
    held: Use = NOTHING,
    spent: Use = NOTHING,
) -> None:
    """Move all three budgets of a day. The gate was passed."""
    for scope, key in (("person", person_id), ("room", str(room_id)), ("assistant", assistant_id)):
        tx.run(
            _ADD,
            day=day,
            scope=scope,
            key=key,
            tokens=spent.tokens,
            cost=spent.cost,
            held_tokens=held.tokens,
            held_cost=held.cost,
        )
