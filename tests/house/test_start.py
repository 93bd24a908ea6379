"""The first of the two commands, in this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.support.node import build_pages
from tests.support.processes import Process, free_port
from tests.support.waiting import eventually

SECOND_START_SECONDS = 5.0


def processor_seconds(pid: int) -> float:
    """What a process, its descendants and those of them that have ended have computed so far."""
    top = psutil.Process(pid)
    return sum(sum(process.cpu_times()[:4]) for process in [top, *top.children(recursive=True)])


def start(folder: Path) -> tuple[float, float, str]:
    """`make run` until it serves a page, then stop it.

    The seconds to the page, those that it computed, and what it said.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    settings = {"PORT": str(port), "CHATAPP_DATA_DIR": str(folder / "data")}
    began = time.monotonic()
    process = Process("make run", ["make", "run"], log=folder / "log", env={**clean, **settings})

    def page() -> str:
        process.must_run()
        with urllib.request.urlopen(address, timeout=5) as response:
            return str(response.read().decode())

    try:
        html = eventually(page, within=30, what="a page is served")
        took = time.monotonic() - began
        computed = processor_seconds(process.pid)
        assert "/static/" in html
        assert f"starting the server on {address}" in process.log
        process.terminate()
    finally:
        process.close()
    return took, computed, process.log


@pytest.mark.alone
def test_make_run_once_set_up_serves_a_page_within_five_seconds_and_stops_when_asked(
    tmp_path: Path,
) -> None:
    build_pages()
    took, computed, log = start(tmp_path)

    assert "Traceback" not in log
    # Where others use the processors as well, a start may take longer, but not compute longer.
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    assert (computed if busy else took) < SECOND_START_SECONDS


def test_a_server_that_uses_no_provider_does_not_import_the_sdk_for_one() -> None:
    """It is a third of the time that a worker takes to start, and of its memory."""

    def imported(code: str) -> bool:
        asked = f"import sys; {code}; print('openai' in sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout.strip() == "True"

    assert imported("import chatapp.assistant.completions"), "this is how it would show"
    assert not imported("import chatapp.wiring")
