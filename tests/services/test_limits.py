from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatapp.errors import ChatError
from chatapp.services import limits
from chatapp.services.limits import LIMITS, Limit, Limits

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refused(counted: Limits, kind: str, key: str) -> float:
    with pytest.raises(ChatError) as error:
        counted.check(kind, key)
    assert error.value.code == "rate_limited"
    assert error.value.retry_after is not None
    return error.value.retry_after


def test_a_burst_passes_and_what_is_more_waits_until_it_may(clock: Clock) -> None:
    counted = Limits(clock=clock)
    for _ in range(6):
        counted.check("ai", "alice")
    wait = refused(counted, "ai", "alice")
    assert wait == pytest.approx(10, abs=0.1)
    clock.now += wait
    counted.check("ai", "alice")
    refused(counted, "ai", "alice")


def test_what_weighs_more_counts_as_many(clock: Clock) -> None:
    counted = Limits(clock=clock)
    burst = LIMITS["event"].burst
    counted.check("event", "alice", burst - 3)
    with pytest.raises(ChatError):
        counted.check("event", "alice", 4)
    counted.check("event", "alice", 3)
    refused(counted, "event", "alice")


def test_who_offends_again_and_again_waits_up_to_a_bound_and_nobody_else(clock: Clock) -> None:
    counted = Limits(clock=clock)
    for _ in range(LIMITS["offence"].burst):
        counted.offend("10.0.0.1")
    assert counted.penance("10.0.0.1") == pytest.approx(0)
    counted.offend("10.0.0.1")
    assert counted.penance("10.0.0.1") == pytest.approx(0.5)
    for _ in range(1_000):
        counted.offend("10.0.0.1")
    assert counted.penance("10.0.0.1") == pytest.approx(limits.MAX_WAIT_S)
    assert counted.penance("10.0.0.2") == 0
    clock.now += limits.MAX_WAIT_S
    assert counted.penance("10.0.0.1") == pytest.approx(0)


def test_a_crowd_that_offends_is_noticed_whatever_the_addresses(clock: Clock) -> None:
    counted = Limits(clock=clock)
    noticed: list[float] = []
    counted.on_crowd = lambda: noticed.append(clock.now)
    for number in range(LIMITS["crowd"].burst):
        counted.offend(f"10.0.0.{number}")
    assert not noticed
    counted.offend("10.0.1.1")
    assert noticed == [clock.now]
    clock.now += 10
    counted.offend("10.0.1.1")
    assert len(noticed) == 1


def test_a_few_refusals_are_no_bad_name(clock: Clock) -> None:
    counted = Limits(clock=clock)
    for _ in range(limits.FEW):
        counted.offend("10.0.0.1")
        assert not counted.offends("10.0.0.1")
    counted.offend("10.0.0.1")
    assert counted.offends("10.0.0.1")
    assert not counted.offends("10.0.0.2")
    clock.now += 10
    assert not counted.offends("10.0.0.1")


def test_one_persons_limit_is_not_anothers(clock: Clock) -> None:
    counted = Limits(clock=clock)
    for _ in range(6):
        counted.check("ai", "alice")
    refused(counted, "ai", "alice")
    counted.check("ai", "bob")
    counted.check("message", "alice")


def test_what_is_refused_does_not_count(clock: Clock) -> None:
    counted = Limits(clock=clock)
    for _ in range(6):
        counted.check("ai", "alice")
    for _ in range(50):
        assert refused(counted, "ai", "alice") < 11


def test_nobody_saves_up_more_than_a_burst(clock: Clock) -> None:
    counted = Limits(clock=clock)
    counted.check("ai", "alice")
    clock.now += 3600
    for _ in range(6):
        counted.check("ai", "alice")
    refused(counted, "ai", "alice")


def test_with_another_rate_every_limit_runs_at_that_rate(clock: Clock) -> None:
    counted = Limits(2.0, clock=clock)
    for kind in LIMITS:
        counted.check(kind, "alice")
        counted.check(kind, "alice")
        refused(counted, kind, "alice")
    clock.now += 1
    counted.check("ai", "alice")


def test_keys_are_forgotten_before_they_fill_the_memory(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_KEYS", 3)
    counted = Limits(clock=clock)
    for _ in range(6):
        counted.check("ai", "alice")
    for other in ("bob", "carol", "dave"):
        counted.check("ai", other)
    counted.check("ai", "alice")  # forgotten, the quiet one for longest
    refused_for_dave = [counted.check("ai", "dave") for _ in range(5)]
    assert refused_for_dave == [None] * 5
    refused(counted, "ai", "dave")  # still known


def test_the_published_table_is_what_the_code_does() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([a-z ]+) \| (\d+) \| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE
    )
    published = {kind: Limit(int(rate), int(burst), key) for kind, key, burst, rate in rows}
    assert published == LIMITS
