"""An installation of two workers, Redis and PostgreSQL to break, and what the tests know of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.server import Server
from tests.support.waiting import eventually
from tools.delivery.plan import Plan
from tools.delivery.wire import Address

SHORT_LEASE_S = 3
DEFECTIVE = ("-m", "tests.faults.serve")


@dataclass(frozen=True)
class Form:
    """How long a test takes: a few seconds in `make test`, as the fault table says in `make test-faults`."""

    name: str
    people: int
    rate: float
    acked: int  # before a fault, during it and after it

    @property
    def long(self) -> bool:
        return self.name == "long"

    def within(self, promised: float) -> float:
        """A time limit: what is promised in the long form; in the short one only the outcome counts."""
        return promised if self.long else max(60.0, 2 * promised)


SHORT = Form("short", people=8, rate=10, acked=25)
LONG = Form("long", people=40, rate=5, acked=600)


class Site:
    """Two workers, each reached by a socket of its own: nothing depends on whom the kernel lets accept."""

    def __init__(
        self,
        folder: Path,
        postgres: PostgresServer,
        form: Form,
        runtime: str,
        env: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.redis = RedisServer(folder)
        self.postgres = postgres
        self.database_url = postgres.new_database()
        self.sockets = folder / "s"
        self.die = folder / "die"  # while it exists, the next worker that has committed dies
        leases = {} if form.long else {"CHATAPP_TEST_LEASE_S": str(SHORT_LEASE_S)}
        self.server = Server(
            folder / "server",
            workers=2,
            runtime=runtime,
            redis_url=self.redis.url,
            database_url=self.database_url,
            env={"CHATAPP_TEST_DIE": str(self.die), **leases, **(env or {})},
            arguments=["--sockets", str(self.sockets)],
            entry=DEFECTIVE,
            host=host,
        )
        try:
            self.server.start(within=90)
        except BaseException:
            self.close()
            raise

    def address(self, worker: str) -> Address:
        return Address(f"unix:{self.sockets}/{worker}.sock")

    def plan(self, form: Form, label: str, **more: Any) -> Plan:
        """People on both workers by turns."""
        wanted: dict[str, Any] = {
            "people": form.people,
            "rate": form.rate,
            "rooms": 2,
            "addresses": (self.address("w1"), self.address("w2")),
            "database_url": self.database_url,
            "label": label,
            **more,
        }
        return Plan(self.server.url, **wanted)

    def process(self, worker: str) -> psutil.Process:
        """The process of a worker."""

        def find() -> psutil.Process | None:
            for pid in self.server.worker_pids():
                try:
                    process = psutil.Process(pid)
                    if f"--name={worker}" in process.cmdline():
                        return process
                except psutil.Error:
                    continue
            return None

        found = eventually(find, within=30, what=f"{worker} runs")
        assert found is not None
        return found

    def kill(self, worker: str) -> psutil.Process:
        """kill -9; the process that was."""
        old = self.process(worker)
        old.kill()
        return old

    def terminate(self, worker: str) -> None:
        """SIGTERM of one worker; comes back when another has taken its place."""
        old = self.process(worker)
        os.kill(old.pid, signal.SIGTERM)
        self.replaced([old])

    def replaced(self, gone: Collection[psutil.Process]) -> None:
        """Wait until workers run in place of these, and all are ready."""

        def others() -> bool:
            pids = self.server.worker_pids()
            return len(pids) == 2 and not {process.pid for process in gone} & set(pids)

        eventually(others, within=60, what="another worker is started")
        self.server.is_ready(60)

    def workers(self) -> list[psutil.Process]:
        return [self.process("w1"), self.process("w2")]

    def census(self, process: psutil.Process) -> dict[str, Any]:
        """What a worker says that it holds."""
        return self.server.census(process)

    def connections(self) -> int:
        """How many connections to the database stand."""
        name = self.database_url.rpartition("/")[2]
        asked = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
        [(count,)] = self.postgres.query(self.postgres.url("postgres"), asked)
        assert isinstance(count, int)
        return count

    def close(self) -> None:
        if hasattr(self.server, "process"):
            self.server.close()
        self.redis.close()
