"""What is counted for all workers: how often answers are asked for, and what catch-ups hold; and how old rows go."""

from __future__ import annotations

import pytest

from chatapp.clock import now_ms
from chatapp.errors import ChatError
from chatapp.services.retention import Retention
from chatapp.store import budgets, paces, rooms
from chatapp.store.budgets import Cap, Caps, Use
from chatapp.store.holds import HoldFor, SettleFor
from chatapp.store.paces import Pace, Paces
from chatapp.store.sql import Statement
from chatapp.store.tx import Tx
from tests.store.conftest import Store
from tests.store.test_runs import Run

SECOND = 1_000_000
SLOW = Paces(Pace(10 * SECOND, 30 * SECOND), Pace(10 * SECOND, 50 * SECOND))
NEED = Use(1_000, 10)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock stands: however slow the machine is, nobody is allowed more meanwhile."""
    now = now_ms()
    monkeypatch.setattr(Tx, "database_now", lambda _tx: now)


class Take:
    def __init__(self, person: str, room: int, allowed: Paces = SLOW) -> None:
        self.person, self.room, self.allowed = person, room, allowed

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        budgets.gate(tx)
        paces.take(tx, self.allowed, self.person, self.room)


def take(store: Store, person: str, room: int = 1) -> float:
    """Seconds to wait; 0 when it was allowed."""
    try:
        store.writer.run(Take(person, room))
    except ChatError as refusal:
        return (refusal.code == "rate_limited" and refusal.retry_after) or -1.0
    return 0


def later(store: Store, seconds: int) -> None:
    statement = Statement("UPDATE paces SET whole_at = whole_at - :by")
    store.writer.run(Run(statement, {"by": seconds * SECOND}))


def rows(store: Store, table: str) -> int:
    with store.db.snapshot() as db:
        return int(db.value(Statement(f"SELECT count(*) FROM {table}")))


def used(store: Store) -> list[tuple[int, int]]:
    now = Statement("SELECT tokens, held_tokens FROM spendings ORDER BY scope")
    with store.db.snapshot() as db:
        return [(row[0], row[1]) for row in db.all(now)]


def sweep(store: Store) -> None:
    Retention(store.db, store.writer, list).sweep()


def test_a_burst_passes_and_then_one_as_often_as_it_may(store: Store) -> None:
    assert [take(store, "alice") for _ in range(3)] == [0, 0, 0]
    assert take(store, "alice") == 10.1
    assert take(store, "alice") == 10.1, "a refused act does not count"
    assert take(store, "bob") == 0
    later(store, 10)
    assert take(store, "alice") == 0
    assert take(store, "alice") > 0


def test_a_room_has_its_own_pace_whoever_asks(store: Store) -> None:
    assert [take(store, name) for name in "abcde"] == [0] * 5
    assert take(store, "f") > 0
    assert take(store, "f", room=2) == 0


def test_what_is_over_is_forgotten_and_the_rest_is_not(store: Store) -> None:
    take(store, "alice")
    sweep(store)
    assert rows(store, "paces") == 2
    later(store, 60)
    sweep(store)
    assert rows(store, "paces") == 0


def hold(store: Store) -> tuple[HoldFor, str]:
    alice = store.user("alice")
    room = store.room(alice)
    job = HoldFor("h1", Caps(Cap(1_500)), SLOW, alice.id, room, rooms.ASSISTANT_ID, NEED)
    return job, store.writer.run(job)


def test_what_a_dead_worker_held_for_a_catch_up_is_let_go(store: Store) -> None:
    job, day = hold(store)
    with pytest.raises(ChatError, match="budget"):
        store.writer.run(HoldFor("h2", *_rest(job)))
    sweep(store)
    assert used(store) == [(0, 1_000)] * 3, "it may still be under way"
    store.writer.run(Run(Statement("UPDATE holds SET until = 1"), {}))
    sweep(store)
    assert used(store) == [(0, 0)] * 3
    store.writer.run(HoldFor("h2", *_rest(job)))
    # It was only slow: what it used counts, and what it held does not go a second time.
    store.writer.run(SettleFor(job, day, Use(300, 3)))
    assert used(store) == [(300, 1_000)] * 3


def _rest(job: HoldFor) -> tuple[Caps, Paces, str, int, str, Use]:
    return job.caps, job.paces, job.person_id, job.room_id, job.assistant_id, job.need


def test_what_was_used_takes_the_place_of_what_was_held(store: Store) -> None:
    job, day = hold(store)
    store.writer.run(SettleFor(job, day, Use(300, 3)))
    assert used(store) == [(300, 0)] * 3
    assert rows(store, "holds") == 0


def test_spendings_of_long_ago_go(store: Store) -> None:
    hold(store)
    old = Statement("UPDATE spendings SET day = '2020-01-01' WHERE scope = 'person'")
    store.writer.run(Run(old, {}))
    sweep(store)
    assert rows(store, "spendings") == 2
