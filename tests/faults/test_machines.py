"""A machine's clock is wrong, its disk is full."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
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
from tools.delivery.run import Plan, Run
from tools.delivery.wire import Address

HOUR_S = 3600
SIZE_MB = 8


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
            server.start()
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
                    within=30,
                    what="presence is whole",
                )
            verdict = run.finish().must_hold()
        ahead = [each for each in times if each > time.time() + HOUR_S / 2]
        assert ahead, "its clock was wrong indeed"
        assert len(ahead) < len(times), "the other's was right"
        table.add("one worker's clock off by an hour", verdict, whole)
    finally:
        for server in servers:
            server.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_the_disk_is_full(
    form: Form, table: Table, repetition: int, small_disk: Path, runtime: str, tmp_path: Path
) -> None:
    server = Server(
        tmp_path / "server", runtime=runtime, env={"CHATAPP_DATA_DIR": str(small_disk / "data")}
    )
    ballast = small_disk / "ballast"
    try:
        server.start()
        plan = Plan(
            server.url,
            people=min(form.people, 10),
            rate=form.rate,
            rooms=1,
            database_url=f"sqlite:///{small_disk}/data/chat.sqlite3",
            label="disk",
        )
        with Run(plan) as run:
            run.more(10)
            fill(ballast)
            run.until(lambda: run.record.refusals.get("unavailable"), 60, "a send is refused")
            acked = run.record.acked()
            assert run.look(run.rooms[0], Address(server.url))["ok"], "reads work"
            refused = run.record.refusals["unavailable"]
            run.until(
                lambda: run.record.refusals["unavailable"] >= refused + 10, 60, "it stays refused"
            )
            assert run.record.acked() <= acked + run.plan.people, "nothing is acknowledged"
            ballast.unlink()
            at = run.record.now()
            run.more(form.acked if not form.long else 100)
            whole = heal(run, at)
            verdict = run.finish().must_hold()
        assert set(run.record.refusals) == {"unavailable"}
        assert run.record.reconnections == 0
        table.add(
            "the disk is full", verdict, whole, f"{sum(run.record.refusals.values())} refused"
        )
    finally:
        server.close()


def fill(path: Path) -> None:
    """Take all the space that is left."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
