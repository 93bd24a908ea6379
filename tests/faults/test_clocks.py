"""A machine's clock is wrong."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.faults.site import Form
from tests.faults.table import Table
from tests.faults.test_processes import heal
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.server import Server
from tests.support.waiting import eventually
from tools.delivery.plan import Plan
from tools.delivery.run import Run
from tools.delivery.wire import Address

HOUR_S = 3600


def faketime() -> str:
    """The library that shifts a process's clock."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, (
        "libfaketime is not installed; `make system-packages` installs what the tests need"
    )
    return str(found[0])


@pytest.mark.redis
@pytest.mark.postgres
def test_the_clock_of_one_worker_is_off_by_an_hour(
    form: Form,
    table: Table,
    repetition: int,
    postgres: PostgresServer,
    redis_server: RedisServer,
    runtime: str,
    tmp_path: Path,
) -> None:
    database = postgres.new_database()
    wrong = {
        "LD_PRELOAD": faketime(),
        "FAKETIME": f"+{HOUR_S}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    servers = [
        Server(
            tmp_path / name,
            runtime=runtime,
            database_url=database,
            redis_url=redis_server.url,
            arguments=["--node", name],
            env=env,
        )
        for name, env in (("a", {}), ("b", wrong))
    ]
    try:
        for server in servers:
            server.launch()
        for server in servers:
            server.is_ready()
        addresses = tuple(Address(server.url) for server in servers)
        plan = Plan(
            servers[0].url,
            people=form.people,
            rate=form.rate,
            addresses=addresses,
            database_url=database,
            label="clock",
            ask=0.5,
        )
        with Run(plan) as run:
            run.more(form.acked)
            at = run.record.now()
            run.on_loop(lambda: [person.cut() for person in run.people])  # they retry, on the other
            run.everyone_up()
            run.more(form.acked)
            whole = heal(run, at)
            times = [
                datetime.fromisoformat(each["created_at"]).timestamp()
                for room in run.rooms
                for each in run.stored(room)
            ]
            slug = run.rooms[1]
            people = {person.id for person in run.people}
            for address in addresses:
                eventually(
                    lambda address=address: (
                        people <= {user["id"] for user in run.look(slug, address)["online"]}
                    ),
                    within=60,
                    what="presence is whole",
                )
            verdict = run.finish().must_hold()
        assert run.record.endings, "assistants were asked"
        taken_over = [each for each in run.record.endings if each[2] > 1 or each[3] != "done"]
        assert not taken_over, "no lease seemed to be over"
        ahead = [each for each in times if each > time.time() + HOUR_S / 2]
        assert ahead, "its clock was wrong indeed"
        assert len(ahead) < len(times), "the other's was right"
        table.add("one worker's clock off by an hour", verdict, whole)
    finally:
        for server in servers:
            server.close()
