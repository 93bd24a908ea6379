"""Tasks that pause come back in time, in order, and on eventlet with the turns of the others in between."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.pauses import TASKS

ROOT = Path(__file__).resolve().parents[2]


def seen(runtime: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.runtime.pauses", runtime],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_each_comes_back_when_its_pause_is_over(each_runtime: str) -> None:
    found = seen(each_runtime)
    assert found["back"] == ["short", "long"]
    assert found["together"]["back"] == TASKS


@pytest.mark.parametrize("runtime", ["eventlet"])
def test_those_that_come_back_together_do_not_have_the_loop_to_themselves(runtime: str) -> None:
    together = seen(runtime)["together"]
    assert together["at_once"] == 1  # each has more to do than they have of a turn together
    assert together["turns"] >= TASKS


@pytest.mark.parametrize("runtime", ["eventlet"])
def test_those_that_have_little_to_do_come_back_several_in_a_turn_but_not_while_a_thread_works(
    runtime: str,
) -> None:
    found = seen(runtime)
    assert found["with little to do"]["at_once"] > 1
    assert found["while a thread works"]["at_once"] == 1
