from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatapp.config import load
from chatapp.store import schema
from tests.support.server import Server


@pytest.fixture
def server(runtime: str, tmp_path: Path) -> Server:
    return Server(tmp_path, runtime=runtime)


def make_admin(server: Server, name: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "chat", "make-admin", name]
    return subprocess.run(
        command, env=server.env, capture_output=True, text=True, timeout=60, check=False
    )


def test_an_account_becomes_an_administrator_by_a_command_and_nobody_else_does(
    server: Server,
) -> None:
    server.start()
    alice = {"name": "Alice", "password": "correct horse"}
    assert server.http("POST", "/api/v1/accounts", alice).status_code == 201
    server.guest("Bob")
    server.close()
    done = make_admin(server, "alice")
    assert (done.returncode, done.stdout) == (0, "alice is an administrator now.\n"), done.stderr
    guest = make_admin(server, "Bob")
    assert guest.returncode == 1
    assert guest.stderr == "Error: No such account, or it is not open to you.\n"


def test_a_database_that_is_not_there_yet_is_said_in_a_sentence(server: Server) -> None:
    done = make_admin(server, "alice")
    assert done.returncode == 1
    assert "older than this version of chatapp" in done.stderr
    schema.upgrade(load(server.env).database_url)
    assert "No such account" in make_admin(server, "alice").stderr
