"""The writer's thread, the loop's engine, logging, hashing and sockets at the same time: nothing stands still or is lost."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.processes import Process

SHORT, LONG = 4, 120


def run(runtime: str, seconds: int, folder: Path) -> None:
    command = [sys.executable, "-m", "tests.runtime.stress_loop", runtime, str(seconds)]
    process = Process(f"stress on {runtime}", command, log=folder / "log")

    assert process.wait(seconds + 60) == 0, process.log
    assert "Timeout" not in process.log  # the watchdog's first word
    counts = json.loads(process.log.splitlines()[-1])
    for kind in ("messages", "reads", "logged", "hashes", "talks"):
        assert counts[kind] > 20 * seconds, counts


@pytest.mark.alone
def test_nothing_stands_still_for_seconds(each_runtime: str, tmp_path: Path) -> None:
    run(each_runtime, SHORT, tmp_path)


@pytest.mark.alone
@pytest.mark.stress
@pytest.mark.timeout(LONG + 120)
def test_nothing_stands_still_for_minutes(each_runtime: str, tmp_path: Path) -> None:
    run(each_runtime, LONG, tmp_path)
