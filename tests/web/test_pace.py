"""Requests of an address that goes on offending wait; all others do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from chatapp import runtime
from chatapp.services.limits import LIMITS, MAX_WAIT_S, Limits
from chatapp.web import pace
from chatapp.web.pace import Pace


def answering(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response(environ["PATH_INFO"].removeprefix("/"), [])
    return [b"said"]


class Visitor:
    """Asks for a status, and is told how long it was held up before that."""

    def __init__(self, pace: Pace, waits: list[float], address: str) -> None:
        self.pace, self.waits, self.address = pace, waits, address

    def asks_for(self, status: str) -> float:
        self.waits.clear()
        answered: list[str] = []
        environ = {"REMOTE_ADDR": self.address, "PATH_INFO": f"/{status}"}
        assert self.pace(environ, lambda status, *_: answered.append(status)) == [b"said"]
        assert answered == [status]
        return sum(self.waits)


def test_only_who_offends_beyond_the_burst_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(runtime, "sleep", waits.append)
    now = [100.0]
    paced = Pace(answering, Limits(clock=lambda: now[0]))
    eve, bob = Visitor(paced, waits, "10.0.0.1"), Visitor(paced, waits, "10.0.0.2")
    for _ in range(LIMITS["offence"].burst):
        assert eve.asks_for("404 Not Found") == pytest.approx(0)
    for _ in range(100):
        eve.asks_for("400 Bad Request")
        assert bob.asks_for("200 OK") == 0
    assert eve.asks_for("200 OK") == pytest.approx(MAX_WAIT_S)
    now[0] += MAX_WAIT_S
    assert eve.asks_for("200 OK") == pytest.approx(0)
    # What goes well, or fails by our fault, is nobody's offence.
    for _ in range(100):
        assert bob.asks_for("200 OK") + bob.asks_for("503 Service Unavailable") == 0


class NarrowGate:
    narrow = True

    def __init__(self) -> None:
        self.waited: list[str] = []

    def wait(self, address: str) -> None:
        self.waited.append(address)


def test_strangers_wait_at_a_narrow_gate_and_who_came_in_before_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = NarrowGate()
    monkeypatch.setattr(pace, "gate", gate)
    paced = Pace(answering, Limits(), lambda environ: environ["REMOTE_ADDR"] == "10.0.0.3")
    for number in (1, 2, 3):
        Visitor(paced, [], f"10.0.0.{number}").asks_for("200 OK")
    assert gate.waited == ["10.0.0.1", "10.0.0.2"]


def test_limits_that_do_not_bite_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(runtime, "sleep", waits.append)
    eve = Visitor(Pace(answering, Limits(1_000_000)), waits, "10.0.0.1")
    assert max(eve.asks_for("404 Not Found") for _ in range(1_000)) == pytest.approx(0)
