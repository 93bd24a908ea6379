"""A backup is restored as docs/operations.md says: nobody goes on by numbers that mean something else now."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.security.people import command
from tests.support.postgres import PostgresServer
from tests.support.server import Server

pytestmark = pytest.mark.one_runtime


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server()


class Backup:
    """A copy of a server's database, taken while it runs; restored while it does not."""

    def __init__(self, server: Server, folder: Path, postgres: PostgresServer | None) -> None:
        self.url = server.env.get("DATABASE_URL", "")
        self.file = server.folder / "data" / "chat.sqlite3"
        self.copy = folder / "backup"
        self.postgres = postgres

    def take(self) -> None:
        if self.postgres is not None:
            self.postgres.dump(self.url, self.copy)
            return
        with (
            closing(sqlite3.connect(self.file)) as source,
            closing(sqlite3.connect(self.copy)) as to,
        ):
            source.backup(to)

    def restore(self) -> None:
        if self.postgres is not None:
            self.postgres.restore(self.url, self.copy)
            return
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copy(self.copy, self.file)


@pytest.fixture
def backup(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Backup:
    postgres = request.getfixturevalue("postgres") if "DATABASE_URL" in server.env else None
    return Backup(server, tmp_path, postgres)


def test_after_a_restore_every_client_loads_the_room_afresh(
    server: Server, backup: Backup, room: str
) -> None:
    alice = server.connect("Alice")
    epoch = alice.join(room)["room"]["epoch"]
    alice.send(room, "kept")
    backup.take()
    lost = alice.send(room, "lost with what came after the backup")
    server.terminate()
    backup.restore()
    done = command(server, "renew-epochs")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1 rooms have another epoch")
    server.start()

    bob = server.connect("Bob")
    bob.join(room)
    assert bob.send(room, "instead")["seq"] == lost["seq"]
    alice = server.connect(token=alice.token)
    for since in (lost["seq"], lost["seq"] - 1):
        back = alice.join(room, since=since, epoch=epoch)
        assert back["refetch"] is True
        assert [message["body"] for message in back["messages"]] == ["kept", "instead"]
        synced = alice.ok("sync", {"room": room, "since": since, "epoch": epoch})
        assert synced["refetch"] is True
    again = alice.join(room, since=lost["seq"], epoch=back["room"]["epoch"])
    assert "refetch" not in again
    assert again["messages"] == []


def test_a_running_server_sends_everybody_back_into_their_rooms(server: Server, room: str) -> None:
    alice = server.connect("Alice", worker="w1")
    bob = server.connect("Bob", worker=f"w{server.workers}")
    for each in (alice, bob):
        epoch = each.join(room)["room"]["epoch"]
    outside = server.connect("Carol")
    last = alice.send(room, "hello")["seq"]
    bob.sees("message", body="hello")
    assert "refetch" not in bob.ok("sync", {"room": room, "since": last, "epoch": epoch})
    assert command(server, "renew-epochs").returncode == 0
    for each in (alice, bob):
        each.sees("closing", reason="restart")
        each.is_closed_by_server()
        back = server.connect(token=each.token)
        joined = back.join(room, since=last, epoch=epoch)
        assert joined["refetch"] is True
        assert joined["room"]["epoch"] != epoch
    assert outside.is_open, "who is in no room need not come anew"
    assert back.send(room, "and on")["seq"] == last + 1
    assert "renew_epochs" in command(server, "audit").stdout


def test_every_room_gets_an_epoch_of_its_own(server: Server, room: str) -> None:
    alice = server.connect("Alice")
    slugs = [f"{room}-{n}" for n in range(3)]
    before = [alice.join(slug)["room"]["epoch"] for slug in slugs]
    for slug in slugs:
        alice.ok("leave", {"room": slug})
    assert command(server, "renew-epochs").stdout.startswith("3 rooms")
    after = [alice.join(slug)["room"]["epoch"] for slug in slugs]
    assert len({*before, *after}) == 6
    assert {len(epoch) for epoch in (*before, *after)} == {12}
