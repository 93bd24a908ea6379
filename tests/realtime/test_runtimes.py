"""The tests of this folder run on plain threads; here they run again, each time with a whole process on another runtime."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.processes import Process

HERE = Path(__file__).parent
# The rest is pure code, or starts servers of its own.
FILES = [
    HERE / f"test_{name}.py"
    for name in ("presence", "reads", "redis_bus", "relay", "room_news", "typing")
]


@pytest.mark.redis
@pytest.mark.timeout(240)
def test_all_of_it_holds_on_every_runtime(tmp_path: Path) -> None:
    runs = [
        Process(
            f"tests on {name}",
            [sys.executable, "-m", "tests.realtime.on_runtime", name, *FILES],
            log=tmp_path / f"{name}.log",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        for name in ("eventlet", "gevent")
    ]
    for run in runs:
        assert run.wait(200) == 0, run.log
