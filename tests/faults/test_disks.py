"""The disk under SQLite is full, its file may not be written, its file system gives up: no ack, reads work, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.disks import Image, fill, immutable, small_disk
from tests.faults.site import Form
from tests.faults.table import Table
from tests.faults.test_processes import heal
from tests.support.server import Server
from tools.delivery.plan import Plan
from tools.delivery.run import Run
from tools.delivery.wire import Address

REFUSALS = 10
PEOPLE = 10


@pytest.fixture
def start(tmp_path: Path, runtime: str) -> Iterator[Callable[[Path], Server]]:
    """Starts a server whose data stands in that folder."""
    servers: list[Server] = []

    def begin(data: Path) -> Server:
        env = {"CHATAPP_DATA_DIR": str(data)}
        servers.append(Server(tmp_path / "server", runtime=runtime, env=env))
        return servers[-1].start()

    yield begin
    for server in servers:
        server.close()


def database(server: Server) -> Path:
    return Path(server.env["CHATAPP_DATA_DIR"], "chat.sqlite3")


def plan(server: Server, form: Form, label: str) -> Plan:
    return Plan(
        server.url,
        people=min(form.people, PEOPLE),
        rate=form.rate,
        rooms=1,
        database_url=f"sqlite:///{database(server)}",
        label=label,
    )


def acked(form: Form) -> int:
    return 100 if form.long else form.acked


def is_refused(run: Run) -> int:
    """Wait until all that is sent is refused for now, and see that reads work; how often it was refused.

    A full disk has room yet where SQLite may write once more: what goes there is acknowledged, and is judged at the end.
    """
    refusals = run.record.refusals
    acked = refused = -1

    def nothing_gets_through() -> bool:
        nonlocal acked, refused
        if (now := run.record.acked()) != acked:
            acked, refused = now, refusals.get("unavailable", 0)
        return refusals.get("unavailable", 0) >= refused + REFUSALS

    run.until(nothing_gets_through, 60, f"{REFUSALS} sends are refused and none acknowledged")
    assert run.look(run.rooms[0], Address(run.plan.url))["ok"], "reads work"
    assert run.stored(run.rooms[0]), "reads work"
    assert set(refusals) == {"unavailable"}
    return sum(refusals.values())


def test_the_disk_is_full(
    form: Form,
    table: Table,
    repetition: int,
    start: Callable[[Path], Server],
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        server = start(disk / "data")
        with Run(plan(server, form, "disk")) as run:
            run.more(10)
            fill(disk / "ballast")
            is_refused(run)
            (disk / "ballast").unlink()
            at = run.record.now()
            run.more(acked(form))
            whole = heal(run, at)
            verdict = run.finish().must_hold()
        server.close()
    assert run.record.reconnections == 0
    refused = f"{sum(run.record.refusals.values())} refused"
    table.add("the disk is full (SQLite, a small tmpfs)", verdict, whole, refused)


def test_the_database_file_becomes_read_only(
    form: Form,
    table: Table,
    repetition: int,
    start: Callable[[Path], Server],
    tmp_path: Path,
) -> None:
    server = start(tmp_path / "data")
    file = database(server)
    with Run(plan(server, form, "file")) as run:
        run.more(acked(form))
        with immutable(file, file.with_name(f"{file.name}-wal")):
            is_refused(run)
        at = run.record.now()
        run.more(acked(form))
        whole = heal(run, at)
        verdict = run.finish().must_hold()
    assert run.record.reconnections == 0
    refused = f"{sum(run.record.refusals.values())} refused"
    table.add("SQLite's file becomes read-only", verdict, whole, refused)


def test_the_file_system_gives_up_and_is_repaired(
    table: Table,
    repetition: int,
    form: Form,
    start: Callable[[Path], Server],
    tmp_path: Path,
) -> None:
    image = Image(tmp_path / "image", tmp_path / "disk")
    try:
        server = start(image.folder / "data")
        with Run(plan(server, form, "gives-up")) as run:
            run.more(acked(form))
            image.give_up()
            refused = is_refused(run)
            assert server.terminate() == 0
            image.repair()
            at = run.record.now()
            server.start()
            run.more(acked(form))
            whole = heal(run, at)
            verdict = run.finish().must_hold()
        server.close()
    finally:
        image.close()
    table.add("the file system gives up, and is repaired", verdict, whole, f"{refused} refused")
