"""PostgreSQL and Redis for a run, with what a careful operator leaves on: commits that reach the disk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .processes import START_S, Absent, free_port, running

_POSTGRES_USER = "postgres"


@contextmanager
def redis(folder: Path, cpus: Sequence[int]) -> Iterator[str]:
    """A Redis without persistence; its URL."""
    import redis as client  # noqa: PLC0415 - only who measures it

    program = shutil.which("redis-server")
    if program is None:
        raise Absent("redis-server is not installed (Debian: apt-get install redis-server)")
    port = free_port()
    command = [program, "--port", str(port), "--save", "", "--appendonly", "no"]
    command += ["--dir", str(folder), "--bind", "127.0.0.1"]
    url = f"redis://127.0.0.1:{port}/0"
    with running(command, cpus, log=folder / "redis.log"), client.Redis.from_url(url) as connection:
        _until(lambda: bool(connection.ping()), (client.RedisError,), "Redis")
        yield url


@contextmanager
def postgres(cpus: Sequence[int]) -> Iterator[str]:
    """A PostgreSQL as it comes (fsync and synchronous_commit on); the URL of an empty database."""
    import psycopg  # noqa: PLC0415 - only who measures it

    initdb, server = _program("initdb"), _program("postgres")
    as_root = os.geteuid() == 0  # PostgreSQL refuses to run as root
    user = _POSTGRES_USER if as_root else None
    # Not below bench-work: another user may not be able to enter the checkout's folder.
    place = Path(tempfile.mkdtemp(prefix="chatapp-bench-", dir="/var/tmp"))
    try:
        if as_root:
            shutil.chown(place, _POSTGRES_USER, _POSTGRES_USER)
        command = [initdb, "-D", str(place / "data"), "--username", _POSTGRES_USER]
        command += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        subprocess.run(command, cwd=place, user=user, check=True, stdout=subprocess.DEVNULL)
        port = free_port()
        command = [server, "-D", str(place / "data"), "-p", str(port), "-k", str(place)]
        url = f"postgresql://{_POSTGRES_USER}@127.0.0.1:{port}/postgres"
        log = place / "postgres.log"
        with running(command, cpus, log=log, cwd=place, user=user, stop=signal.SIGINT):
            _until(lambda: _answers(url), (psycopg.OperationalError,), "PostgreSQL")
            yield url
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _answers(url: str) -> bool:
    import psycopg  # noqa: PLC0415

    with psycopg.connect(url, connect_timeout=2):
        return True


def _until(answers: object, failures: tuple[type[Exception], ...], what: str) -> None:
    assert callable(answers)
    deadline = time.monotonic() + START_S
    while True:
        try:
            if answers():
                return
        except failures as error:
            if time.monotonic() > deadline:
                raise Absent(f"{what} does not answer ({error})") from None
        time.sleep(0.05)


def _program(name: str) -> str:
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, reversed(folders))])
    found = shutil.which(name, path=path)
    if found is None:
        raise Absent(f"{name} is not installed (Debian: apt-get install postgresql)")
    return found
