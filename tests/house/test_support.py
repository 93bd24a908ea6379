"""The servers and clients that other tests stand on do what those tests believe."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support.postgres import PostgresServer
from tests.support.processes import EndedError, Process
from tests.support.redis import RedisServer
from tests.support.waiting import eventually


def test_a_process_that_ends_early_is_reported_with_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such luck')"]
    process = Process("unlucky", command, log=tmp_path / "log")

    assert process.wait() == 1
    with pytest.raises(EndedError, match="no such luck"):
        process.must_run()


def test_children_end_when_the_test_process_is_killed(tmp_path: Path) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not here")
    script = """
import os, signal, sys
from pathlib import Path
from tests.support.processes import Process
from tests.support.waiting import eventually
child = Process("child", ["sleep", "600"], log=Path(sys.argv[1]))
eventually(lambda: Path(f"/proc/{child.pid}/comm").read_text() == "sleep\\n")
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    parent = Process(
        "parent", [sys.executable, "-c", script, tmp_path / "child.log"], log=tmp_path / "log"
    )
    parent.wait()
    child = int(parent.log)

    def ended() -> bool:
        try:
            return Path(f"/proc/{child}/stat").read_text().split()[2] == "Z"
        except FileNotFoundError:
            return True

    eventually(ended, what="the child has ended")


@pytest.mark.redis
def test_redis_forgets_by_flush_and_by_restart_and_waits_while_stopped(
    redis_server: RedisServer,
) -> None:
    with redis_server.client() as client:
        client.set("a", "1")
        redis_server.stop()
        with (
            redis.Redis.from_url(redis_server.url, socket_timeout=0.2, retry=None) as impatient,
            pytest.raises(redis.TimeoutError),
        ):
            impatient.get("a")
        redis_server.cont()
        assert client.get("a") == "1"

        redis_server.flush()
        assert client.get("a") is None

        client.set("a", "2")
        redis_server.restart()
        assert client.get("a") is None


@pytest.mark.postgres
def test_postgres_gives_separate_databases_and_keeps_them_over_a_restart(
    postgres: PostgresServer,
) -> None:
    one, other = postgres.new_database(), postgres.new_database()
    with psycopg.connect(one) as connection:
        connection.execute("CREATE TABLE words (word text)")
        connection.execute("INSERT INTO words VALUES ('안녕')")
    postgres.restart()

    with psycopg.connect(one) as connection:
        assert connection.execute("SELECT word FROM words").fetchall() == [("안녕",)]
    with psycopg.connect(other) as connection:
        assert connection.execute("SELECT to_regclass('words')").fetchone() == (None,)
