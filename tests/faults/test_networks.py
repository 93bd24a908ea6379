"""The network between people and the server: cut, silent, and everybody back at once."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from chatapp.store.database import POOL_OVERFLOW, POOL_SIZE
from tests.faults import netns
from tests.faults.site import Form, Site
from tests.faults.table import Table
from tests.faults.test_processes import heal
from tests.support.network import network
from tests.support.waiting import eventually
from tools.delivery.run import Run
from tools.delivery.wire import Address

pytestmark = [pytest.mark.redis, pytest.mark.postgres]

LISTENERS = 2
LOOK_S = 0.05
SLACK = 10  # tasks, threads and files that come and go
BACKLOG = 500  # messages that changed while somebody was away; beyond it the answer is refetch


def behind(site: Site, url: str) -> tuple[Address, ...]:
    """Every other person comes by that network."""
    return (site.address("w1"), Address(url))


@pytest.mark.parametrize("seconds", [1, pytest.param(60, marks=pytest.mark.faults)])
def test_clients_are_cut_off(
    site: Site, form: Form, table: Table, repetition: int, seconds: int
) -> None:
    # What is missed in a minute is to fit into one answer.
    pace = {"rate": 0.15} if seconds > 1 else {}
    acked = 30 if seconds > 1 else form.acked
    with (
        network(site.server.port) as way,
        Run(site.plan(form, "cut", addresses=behind(site, way.url), **pace)) as run,
    ):
        for person in run.people[1::2]:
            person.addresses = [Address(way.url)]
        run.more(acked)
        cut_off = run.people[1::2]
        way.cut()
        began = time.monotonic()
        run.until(lambda: not any(person.is_up for person in cut_off), 20, "they notice")
        while time.monotonic() < began + seconds:
            run.more(5)
        way.mend()
        at = run.record.now()
        whole = heal(run, at)
        run.more(acked)
        backfilled = sum(receipt.how == "backfill" for receipt in run.record.receipts)
        verdict = run.finish().must_hold()
    assert run.record.refetches == 0, "what was missed fits into one answer"
    assert backfilled
    table.add(
        f"clients cut off for {seconds} s", verdict, whole, f"{backfilled} receipts by backfill"
    )


def test_clients_are_cut_off_beyond_history(
    site: Site, form: Form, table: Table, repetition: int
) -> None:
    plan = site.plan(form, "far", rooms=1, rate=60, people=8, changes=0.0, remove=False)
    with network(site.server.port) as way, Run(plan) as run:
        away = run.people[-1]
        run.more(20)
        away.addresses = [Address(way.url)]
        way.cut()
        run.on_loop(away.cut)
        run.more(BACKLOG + 40, within=100)
        assert run.record.refetches == 0
        way.mend()
        at = run.record.now()
        whole = heal(run, at)
        run.more(20)
        assert away.places[run.rooms[0]].first > 1, "it holds the latest page only"
        verdict = run.finish().must_hold()
    assert run.record.refetches >= 1, "it was told to start afresh"
    table.add("a client cut off beyond history", verdict, whole, "refetch")


@pytest.mark.skipif(not netns.possible(), reason="network namespaces need root")
def test_half_open_connections(
    new_site: Callable[..., Site], form: Form, table: Table, repetition: int
) -> None:
    ping = 15 if form.long else 2
    site = new_site(env={"CHATAPP_TEST_PING_S": str(ping)}, host="0.0.0.0")
    with (
        netns.namespaces() as way,
        Run(site.plan(form, "half-open", remove=False, listeners=LISTENERS)) as run,
    ):
        address = Address(
            f"http://{way.host}:{site.server.port}", functools.partial(way.dial, site.server.port)
        )
        # Who talks notices by an answer that does not come, who only listens by the pings alone.
        far = run.people[: LISTENERS + 1]
        listeners = {person.id for person in far[:LISTENERS]}
        for person in far:
            person.addresses = [address]
        run.on_loop(lambda: [person.cut() for person in far])
        run.everyone_up()
        run.more(form.acked)

        def connections() -> int:
            return sum(
                each.status == psutil.CONN_ESTABLISHED and each.raddr[0].startswith(way.client_net)
                for worker in site.workers()
                for each in worker.net_connections("tcp")
                if each.raddr
            )

        def far_are_there() -> bool:
            return all(person.is_up for person in far) and connections() == len(far)

        eventually(far_are_there, within=60, what="those far away are there")
        way.drop()
        at = run.record.now()
        people = {person.id for person in far}
        cut_off = [
            each
            for each in run.record.sessions
            if each.person in people and (each.ended_at is None or each.ended_at >= at)
        ]
        assert {each.person for each in cut_off} == people
        eventually(lambda: connections() == 0, within=form.within(45), what="the server notices")
        server_noticed = run.record.now() - at
        run.until(lambda: not any(person.is_up for person in far), 60, "the clients notice")
        assert all(each.why.startswith("silent") for each in cut_off if each.person in listeners)
        client_noticed = max(each.ended_at or 0 for each in cut_off) - at
        assert client_noticed < form.within(45)
        way.mend()
        mended = run.record.now()
        whole = heal(run, mended)
        run.more(form.acked)
        verdict = run.finish().must_hold()
    note = f"server noticed after {server_noticed:.0f} s, clients after {client_noticed:.0f} s (ping {ping} s)"
    table.add("half-open TCP, packets dropped", verdict, whole, note)


@contextlib.contextmanager
def watched(count: Callable[[], int]) -> Iterator[list[int]]:
    """Ask `count` again and again meanwhile; its answers."""
    found, stop = [count()], threading.Event()

    def look() -> None:
        while not stop.wait(LOOK_S):
            found.append(count())

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield found
        finally:
            stop.set()
        looking.result(60)


def test_everybody_comes_back_at_once(
    site: Site, form: Form, table: Table, repetition: int
) -> None:
    people = 200 if form.long else 30
    with (
        network(site.server.port) as way,
        Run(site.plan(form, "all", people=people, rate=0.2, addresses=(Address(way.url),))) as run,
    ):
        run.more(form.acked)
        before = [site.census(worker) for worker in site.workers()]
        way.cut()
        run.until(lambda: not any(person.is_up for person in run.people), 30, "all are cut off")
        way.mend()
        at = run.record.now()
        with watched(site.connections) as connections:
            whole = heal(run, at)
            run.more(form.acked)
        after = [site.census(worker) for worker in site.workers()]
        ended = [each for each in run.record.sessions if each.joined_at >= at and each.ended_at]
        verdict = run.finish().must_hold()
    assert ended == [], "who came back stays, and no ping timed out"
    assert run.record.refetches == 0, "all resume"
    assert set(run.record.refusals) <= {"rate_limited", "overloaded"}
    # The writer and the search index have a connection each beside the pool.
    bound = len(before) * (POOL_SIZE + POOL_OVERFLOW + 2)
    assert max(connections) <= bound, connections
    for name in ("tasks", "threads", "files"):
        grown = sum(each[name] for each in after) - sum(each[name] for each in before)
        assert grown <= SLACK, f"{grown} more {name} than before"
    note = f"at most {max(connections)} connections to the database"
    table.add(f"{people} clients reconnect at once", verdict, whole, note)
