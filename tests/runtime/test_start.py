"""Starting the product: what cannot work is refused with one sentence that says what to change."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import ROOT, free_port
from tests.support.server import KEPT


class Start:
    """Tries to start the server on a port that is taken, so that it ends in any case."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env["CHATAPP_DATA_DIR"] = str(folder)

    def __call__(self, *arguments: str, port: int | None = None, **env: str) -> tuple[int, str]:
        """Exit code, and what it said."""
        done = subprocess.run(
            [sys.executable, "wsgi.py", "--port", str(port or self.port), *arguments],
            cwd=ROOT,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout == ""
        return done.returncode, done.stderr

    def gets_as_far_as_the_port(self, *arguments: str, **env: str) -> bool:
        """Whether nothing else is found wrong."""
        code, said = self(*arguments, **env)
        return (code, said.count("\n")) == (1, 1) and f"Port {self.port} " in said


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        yield Start(tmp_path / "data", taken.getsockname()[1])


def test_several_workers_need_redis(start: Start) -> None:
    sentence = "chatapp: --workers needs REDIS_URL: several workers hear of each other's messages through Redis.\n"

    assert start("--workers", "2") == (2, sentence)
    assert start.gets_as_far_as_the_port("--workers", "2", REDIS_URL="redis://127.0.0.1:1/0")
    assert start.gets_as_far_as_the_port("--workers", "1")


def test_several_machines_need_redis(start: Start) -> None:
    code, said = start("--node", "a")

    assert (code, "--node needs REDIS_URL" in said) == (2, True)
    assert start.gets_as_far_as_the_port("--node", "a", REDIS_URL="redis://127.0.0.1:1/0")


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("CHATAPP_RUNTIME", "twisted", "gevent"),
        ("CHATAPP_RATE_LIMITS", "off", "10/s"),
        ("DATABASE_URL", "mysql://x/y", "sqlite:////tmp/never-made.sqlite3"),
        ("REDIS_URL", "http://x", "redis://x"),
        ("SECRET_KEY", "short", "long enough for a key"),
        ("PORT", "eighty", "80"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(
    start: Start, name: str, wrong: str, right: str
) -> None:
    code, said = start(**{name: wrong})

    assert code == 2
    assert said.startswith(f"chatapp: {name}")
    assert said.count("\n") == 1
    assert start.gets_as_far_as_the_port(**{name: right})


@pytest.mark.parametrize(
    "arguments",
    [
        ("--port", "70000"),
        ("--workers", "0"),
        ("--node", "A-1"),
        ("--trust-proxy", "nginx"),
        ("--sleep",),
    ],
)
def test_a_wrong_option_is_refused(start: Start, arguments: tuple[str, ...]) -> None:
    code, said = start(*arguments)

    assert code == 2
    assert arguments[0] in said


def test_a_host_that_is_not_here_is_refused(start: Start) -> None:
    assert start("--host", "no.such.host.invalid") == (
        1,
        "chatapp: The host 'no.such.host.invalid' is not an address of this machine.\n",
    )
    code, said = start("--host", "192.0.2.1")
    assert (code, said.startswith("chatapp: Cannot listen on 192.0.2.1")) == (1, True)


def test_a_database_that_does_not_answer_is_told_in_one_sentence(start: Start) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/chat"

    code, said = start(port=free_port(), DATABASE_URL=url)

    assert code == 2
    assert "The database of DATABASE_URL cannot be used" in said
    assert said.count("\n") == 1


def test_a_database_of_a_newer_version_is_left_alone(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "chat.sqlite3"
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('of tomorrow')")

    code, said = start(port=free_port(), DATABASE_URL=f"sqlite:///{file}")

    assert code == 2
    assert "The database's schema (of tomorrow) is newer than this version of chatapp" in said
    assert said.count("\n") == 1
    with contextlib.closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("alembic_version",)]
