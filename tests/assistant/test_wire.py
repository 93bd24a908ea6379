"""Stopping a read works the same on each runtime, plain and over TLS: tried in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("secure", ["plain", "tls"])
@pytest.mark.parametrize("runtime", ["eventlet", "gevent", "threading"])
def test_stop_ends_a_blocked_read_within_200_ms(runtime: str, secure: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.assistant.stop_once", runtime, secure],
        cwd=ROOT,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *stops, loop = (float(line) for line in done.stdout.split())
    assert len(stops) == 2
    assert max(stops) < 200, (
        "milliseconds from stop() to the end of run(): in mid-stream, and before any answer"
    )
    assert loop < 100, "milliseconds for which other tasks stood still"
