"""Who offends comes after the others, and all of them together have their part of the loop's time."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from chatapp.runtime.gate import SHARE, Gate


@pytest.fixture(scope="module")
def on_eventlet() -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.runtime.gate_loop"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def test_addresses_take_turns_and_offenders_come_last_but_come(on_eventlet: dict[str, Any]) -> None:
    others = ["amy 0", "bob 0", "amy 1", "bob 1", "eve 0", "amy 2", "bob 2"]
    assert on_eventlet["order"] == [*others, "eve 1", "eve 2"]


def test_a_job_that_waits_holds_up_nobody(on_eventlet: dict[str, Any]) -> None:
    assert on_eventlet["waiting"] == ["next", "waited"]


def test_tasks_wait_while_the_gate_is_narrow_only(on_eventlet: dict[str, Any]) -> None:
    assert on_eventlet["wide"] == ["eve", "amy", "door"]
    assert on_eventlet["narrow"] == ["door", "amy", "eve"]


def test_the_jobs_have_no_more_than_their_share_of_the_time(on_eventlet: dict[str, Any]) -> None:
    spent, passed = on_eventlet["spent"]
    assert spent <= 1.1 * passed / SHARE + 0.01


def test_it_stays_shut_while_something_is_being_stored_but_not_for_ever(
    on_eventlet: dict[str, Any],
) -> None:
    assert on_eventlet["beside a thread"] == ["thread", "eve"]
    assert on_eventlet["beside one that works on"] == ["eve", "thread"]


def test_on_threads_the_gate_stands_open() -> None:
    gate = Gate()
    gate.narrow_down()
    assert not gate.narrow
    gate.wait("anybody")
    gate.wait_at_door()
