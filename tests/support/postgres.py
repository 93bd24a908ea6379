"""A real PostgreSQL cluster for tests, made in a temporary folder."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg

from . import migrated
from .processes import Process, free_port, program
from .waiting import eventually

USER = "postgres"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "64MB",
    # A test machine's power may fail; what is tested is the death of processes, and the order of commits.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "Asia/Seoul",  # a server's zone must not matter
}


class PostgresServer:
    """A cluster on a free port. It refuses to run as root, so as root it runs as the system's user `postgres`."""

    def __init__(self) -> None:
        self.port = free_port()
        self._numbers = itertools.count(1)
        self._migrated: str | None = None
        # Not below pytest's folders: those are closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="chatapp-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER, USER)
        self.data = self.folder / "data"
        self._initialize()
        self.start()

    def url(self, database: str) -> str:
        """The DATABASE_URL of one of its databases."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Create a database with the code's schema, in which nobody has been yet; its DATABASE_URL."""
        if self._migrated is None:
            empty = self.empty_database()
            migrated.postgres(empty)
            self._migrated = empty.rpartition("/")[2]
        return self._create(self._migrated)

    def empty_database(self) -> str:
        """Create a database without a schema; its DATABASE_URL."""
        return self._create("template0")

    def _create(self, template: str) -> str:
        name = f"chat_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def start(self) -> None:
        """Start it on its port and wait until it answers."""
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        self.process = Process(
            "postgres",
            [
                _program("postgres"),
                *("-D", str(self.data), "-p", str(self.port), "-k", str(self.folder)),
                *options,
            ],
            log=self.folder / "postgres.log",
            cwd=self.folder,
            user=USER,
            stop_signal=signal.SIGINT,  # "fast": it breaks the clients' connections
        )
        eventually(self._answers, within=60, what="PostgreSQL answers")

    def stop(self) -> None:
        """Break all connections and end it; start() brings it back with what it has."""
        self.process.terminate(60)

    def restart(self) -> None:
        """Break all connections, stop and start it."""
        self.stop()
        self.start()

    def query(self, url: str, sql: str) -> list[tuple[object, ...]]:
        """Ask one of its databases."""
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()

    def read_only(self, url: str, on: bool) -> None:
        """Refuse writes to one database, or take them again, also on connections that stand."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                f"ALTER DATABASE {name} SET default_transaction_read_only = {'on' if on else 'off'}"
            )
            # It holds for new sessions.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )

    def dump(self, url: str, file: Path) -> None:
        """Back a database up, as docs/operations.md says."""
        _run("pg_dump", "--format=custom", f"--file={file}", url)

    def restore(self, url: str, file: Path) -> None:
        """Put a backup in the place of what the database holds."""
        rest = ("--clean", "--if-exists", "--single-transaction", f"--dbname={url}", str(file))
        _run("pg_restore", *rest)

    def close(self) -> None:
        self.process.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _initialize(self) -> None:
        command = [_program("initdb"), "-D", str(self.data), "--username", USER, "--auth", "trust"]
        subprocess.run(
            [*command, "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"],
            cwd=self.folder,
            user=USER if os.geteuid() == 0 else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def _answers(self) -> bool:
        self.process.must_run()
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


def _run(name: str, *arguments: str) -> None:
    done = subprocess.run(
        [_program(name), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _program(name: str) -> str:
    """A program of the newest PostgreSQL here."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    return program(name, *[str(path) for path in reversed(folders)])
