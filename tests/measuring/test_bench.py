"""The command itself, on the smallest load: the generator is built, the product is measured, the results are written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.__main__ import ACCEPT, QUICK, SECTIONS, options
from tests.support.processes import ROOT, Process
from tests.support.waiting import eventually

SMALL = ["--rounds", "1", "--seconds", "0.3", "--most", "20", "--peers", "none"]


@pytest.mark.alone
@pytest.mark.timeout(300)
def test_the_product_is_measured_and_the_results_are_written(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--only", "fanout", *SMALL, "--out", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

    figures = json.loads((tmp_path / "results.json").read_text())["figures"]["fanout"]
    for row in ("room-200", "room-2000", "rooms-of-20", "rooms-of-1"):
        mine = figures[row]["chatapp"]
        assert mine["deliveries/s"][0] > 0
        assert mine["lost"] == [0]
        assert mine["frame bytes"][0] > 300, "the product's own event came back"
        assert figures[row]["send()"]["deliveries/s"][0] > 0
    assert "20 connections, 1 room, 20 senders" in done.stdout
    assert "not measured" in done.stdout, "what was left out is not called reached"
    assert (
        "| 200 connections, 1 room, 20 senders, 1 in flight each |"
        in (tmp_path / "results.md").read_text()
    )


@pytest.mark.alone
@pytest.mark.timeout(300)
def test_who_stops_it_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--only", "crowd", *SMALL, "--seconds", "60"]
    bench = Process(
        "bench",
        [*command, "--out", tmp_path],
        log=tmp_path / "log",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        family: list[psutil.Process] = []

        def measures() -> bool:
            bench.must_run()
            family[:] = psutil.Process(bench.pid).children(recursive=True)
            return any(_is_generator(each) for each in family)

        eventually(measures, within=200, what="the generator runs")
        bench.signal(signal.SIGINT)
        assert bench.wait(60) == 130
        assert "nothing was written" in bench.log
        assert not list(tmp_path.glob("results*"))

        eventually(
            lambda: (
                not any(
                    each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in family
                )
            ),
            within=20,
            what="every program of the run has ended",
        )
    finally:
        bench.close()


def _is_generator(process: psutil.Process) -> bool:
    try:
        return process.name() == "wsload"
    except psutil.NoSuchProcess:
        return False


def test_what_is_asked_for_is_what_is_measured() -> None:
    assert tuple(options([]).sections) == QUICK
    accepted = options(["--accept"])
    assert (tuple(accepted.sections), accepted.rounds) == (ACCEPT, 5)
    assert set(options(["--full"]).sections) == set(SECTIONS)
    part = options(["--only", "growth,idle", "--peers", "node", "--rounds", "4"])
    assert (part.sections, part.peers, part.rounds) == (["growth", "idle"], ["node"], 4)
    assert options(["--peers", "none"]).peers == []


@pytest.mark.parametrize(
    "words", [["--only", "nonsense"], ["--peers", "nobody"], ["--accept", "--full"]]
)
def test_what_cannot_be_measured_is_refused_at_once(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        options(words)
    assert refused.value.code == 2
    assert "usage: make bench" in capsys.readouterr().err
