"""Random faults for a while: in the end everybody shows the same, and nothing was left behind in any worker."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from tests.faults.site import Form, Site
from tests.faults.table import Table
from tests.faults.test_processes import heal
from tests.support.waiting import eventually
from tools.delivery.run import Run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900), pytest.mark.redis, pytest.mark.postgres]

MB = 1024 * 1024
GROWTH_MB = 20
SETTLE_S = 60


def census(site: Site, process: psutil.Process) -> dict[str, Any]:
    """What a worker says that it holds."""

    def lines() -> list[dict[str, Any]]:
        found = re.findall(r"chatapp.census: census (\{.*\})", site.server.log)
        return [each for each in map(json.loads, found) if each["pid"] == process.pid]

    before = len(lines())
    os.kill(process.pid, signal.SIGUSR1)
    eventually(lambda: len(lines()) > before, within=30, what="a worker tells what it holds")
    return lines()[-1]


def left_over(
    now: dict[str, Any], then: dict[str, Any], allowed: int
) -> dict[str, tuple[int, int]]:
    """What has grown: name -> (then, now)."""
    found = {}
    for name in ("tasks", "threads", "files"):
        if now[name] > then[name] + allowed:
            found[name] = (then[name], now[name])
    for path, size in now["sizes"].items():
        kind = path.rpartition(".")[2]
        if kind in HELD and size > then["sizes"].get(path, 0):
            found[path] = (then["sizes"].get(path, 0), size)
    return found


#: containers that must be as empty as before when everybody has left
HELD = {"connections", "_by_sid", "_channels", "_rooms", "_waiting", "_live", "_wanted", "_dirty"}


def soak(site: Site, people: int, seconds: float) -> tuple[Any, float]:
    """Talk and break things; the verdict and the seconds until all was whole."""
    plan = site.plan(Form("soak", people, 0.5, 0), "soak", rooms=4, ask=0.3)
    with Run(plan) as run:
        end = time.monotonic() + seconds
        killed = None
        while time.monotonic() < end:
            fault = random.choice(("kill", "redis", "cut", "cut"))
            if fault == "kill" and killed is None:
                killed = site.kill(
                    "w2"
                )  # w1 lives from the beginning to the end: it is the one that is weighed
            elif fault == "redis":
                site.redis.restart()
            else:
                some = random.sample(run.people, people // 4)
                run.on_loop(lambda some=some: [person.cut() for person in some])
            run.more(max(10, people // 4), within=120)
            if killed is not None:
                site.replaced([killed])
                killed = None
        at = run.record.now()
        whole = heal(run, at)
        return run.finish(), whole


def test_random_faults_leave_nothing_behind(
    new_site: Callable[..., Site], form: Form, table: Table, repetition: int
) -> None:
    people, seconds = (200, 600.0) if form.long else (30, 8.0)
    site = new_site()
    worker = site.process("w1")
    # The first round fills caches and pools; what the second one leaves is left for good.
    soak(site, people, seconds / 20)[0].must_hold()
    quiet(site, worker)
    then, weighed = census(site, worker), worker.memory_info().rss
    verdict, whole = soak(site, people, seconds)
    verdict.must_hold()
    quiet(site, worker)

    def nothing_left() -> bool:
        found = left_over(census(site, worker), then, allowed=5)
        assert not found, found
        return True

    eventually(nothing_left, within=SETTLE_S, what="nothing is left behind")
    grown = (worker.memory_info().rss - weighed) / MB
    assert grown < GROWTH_MB, f"{grown:.0f} MB more than before"
    table.add(f"soak: {people} clients, {seconds:.0f} s", verdict, whole, f"{grown:+.1f} MB")


def quiet(site: Site, worker: psutil.Process) -> None:
    """Wait until the worker has noticed that everybody left."""
    eventually(
        lambda: census(site, worker)["sizes"]["connections"] == 0,
        within=SETTLE_S,
        what="everybody has left",
    )
