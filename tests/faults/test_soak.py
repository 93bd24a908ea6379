"""Random faults for a while: in the end everybody shows the same, and nothing was left behind in any worker."""

from __future__ import annotations

import dataclasses
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from tests.faults.site import Form, Site
from tests.faults.table import Table
from tests.faults.test_processes import heal
from tests.support.waiting import eventually
from tools.delivery.run import Run
from tools.delivery.verdict import Verdict

pytestmark = [pytest.mark.redis, pytest.mark.postgres]

MB = 1024 * 1024
GROWTH_MB = 20
SETTLE_S = 60
UNFINISHED = "SELECT count(*) FROM runs WHERE state IN ('queued', 'thinking', 'streaming')"


def left_over(
    now: dict[str, Any], then: dict[str, Any], allowed: int
) -> dict[str, tuple[int, int]]:
    """What has grown: name -> (then, now)."""
    found = {}
    for name in ("tasks", "threads", "files"):
        if now[name] > then[name] + allowed:
            found[name] = (then[name], now[name])
    names = {path: path.rpartition(".")[2] for path in now["sizes"]}
    assert set(names.values()) >= HELD, f"{HELD - set(names.values())} are not there any more"
    for path, size in now["sizes"].items():
        if names[path] in HELD and size > then["sizes"].get(path, 0):
            found[path] = (then["sizes"].get(path, 0), size)
    return found


#: containers that must be as empty as before when everybody has left
HELD = {
    "_by_sid", "_channels", "_rooms", "_waiting", "_live", "_wanted", "_dirty",
    "_known", "_people_in", "_rooms_of", "_told",
}  # fmt: skip


@dataclass(frozen=True)
class Soak:
    """With how many who act how often a second, how long, and how long they talk undisturbed after each fault (from, to)."""

    people: int
    rate: float
    seconds: float
    rest: tuple[float, float]


SHORT = Soak(people=30, rate=0.5, seconds=8, rest=(0.0, 0.0))
LONG = Soak(people=200, rate=0.2, seconds=600, rest=(1.0, 6.0))


def soak(site: Site, how: Soak) -> tuple[Verdict, float, Counter[str]]:
    """Talk and break things; the verdict, the seconds until all was whole, and what was broken how often."""
    plan = site.plan(Form("soak", how.people, how.rate, 0), "soak", rooms=4, ask=0.3)
    faults: Counter[str] = Counter()
    with Run(plan) as run:
        end = time.monotonic() + how.seconds
        while time.monotonic() < end:
            fault = random.choice(("kill", "redis", "cut", "cut"))
            faults[fault] += 1
            killed = None
            if fault == "kill":
                # w1 lives from the beginning to the end: it is the one that is weighed.
                killed = site.kill("w2")
            elif fault == "redis":
                site.redis.restart()
            else:
                some = random.sample(run.people, how.people // 4)
                run.on_loop(lambda some=some: [person.cut() for person in some])
            run.more(max(10, how.people // 4), within=120)
            if killed is not None:
                site.replaced([killed])
            rested = time.monotonic() + random.uniform(*how.rest)
            while time.monotonic() < rested:
                run.more(5, within=120)
        at = run.record.now()
        whole = heal(run, at)
        return run.finish(), whole, faults


def test_random_faults_leave_nothing_behind(
    new_site: Callable[..., Site], form: Form, table: Table, repetition: int
) -> None:
    how = LONG if form.long else SHORT
    site = new_site()
    worker = site.process("w1")
    # The first round fills caches and pools; what the second one leaves is left for good.
    soak(site, dataclasses.replace(how, seconds=how.seconds / 20))[0].must_hold()
    quiet(site, worker)
    then, weighed = site.census(worker), worker.memory_info().rss
    verdict, whole, faults = soak(site, how)
    verdict.must_hold()
    quiet(site, worker)

    def nothing_left() -> bool:
        found = left_over(site.census(worker), then, allowed=5)
        assert not found, found
        assert leases(site) == set()
        return True

    eventually(nothing_left, within=SETTLE_S, what="nothing is left behind")
    assert site.postgres.query(site.database_url, UNFINISHED) == [(0,)]
    grown = (worker.memory_info().rss - weighed) / MB
    assert grown < GROWTH_MB, f"{grown:.0f} MB more than before"
    table.add(
        f"soak: {how.people} clients, {how.seconds:.0f} s",
        verdict,
        whole,
        f"{faults['kill']} kills, {faults['redis']} Redis restarts, {faults['cut']} cuts of a quarter; {grown:+.1f} MB",
    )


def leases(site: Site) -> set[str]:
    """What Redis keeps of anybody's presence."""
    with site.redis.client() as client:
        return {key for key in client.scan_iter() if not key.endswith(":workers")}


def quiet(site: Site, worker: psutil.Process) -> None:
    """Wait until the worker has noticed that everybody left."""
    eventually(
        lambda: site.census(worker)["sizes"]["fanout._by_sid"] == 0,
        within=SETTLE_S,
        what="everybody has left",
    )
