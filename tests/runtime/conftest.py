"""The echo application under the real supervisor."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.processes import Process, free_port, paused
from tests.support.waiting import eventually

RUNTIMES = ("eventlet", "gevent", "threading")


class Echo(Process):
    """A running server of the echo application."""

    def __init__(
        self, folder: Path, runtime: str, workers: int, *more: str, env: dict[str, str] | None
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir(parents=True)
        super().__init__(
            f"echo {runtime} {workers}",
            [
                *(sys.executable, "-m", "tests.runtime.serve_echo"),
                *("--port", str(self.port), "--workers", str(workers), *more),
            ],
            log=folder / "log",
            env={
                "PATH": os.environ["PATH"],
                "PYTHONUNBUFFERED": "1",
                "CHATAPP_DATA_DIR": str(folder / "data"),
                "CHATAPP_RUNTIME": runtime,
                **(env or {}),
            },
        )

    def ready(self) -> Echo:
        """Wait until it says that it serves."""

        def serves() -> bool:
            self.must_run()
            return f"serving on {self.url}\n" in self.log

        eventually(serves, within=30, what="the server is ready")
        return self

    def connection(self) -> http.client.HTTPConnection:
        """A new connection, kept alive as long as the server allows."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.connect()
        return connection

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON of an answer over a connection of its own."""
        with contextlib.closing(self.connection()) as connection:
            return ask(connection, path)

    def workers(self) -> list[psutil.Process]:
        """The worker processes, oldest first."""
        return sorted(psutil.Process(self.pid).children(), key=psutil.Process.create_time)

    def worker(self, name: str) -> psutil.Process:
        """The process of the worker of this name."""
        return next(each for each in self.workers() if f"--name={name}" in each.cmdline())

    @contextlib.contextmanager
    def only(self, name: str) -> Iterator[None]:
        """Only the worker of this name accepts connections meanwhile."""
        others = [each for each in self.workers() if f"--name={name}" not in each.cmdline()]
        with paused(others):
            yield

    def connection_to(self, name: str) -> http.client.HTTPConnection:
        """A new connection that the worker of this name has accepted."""
        with self.only(name):
            connection = self.connection()
            # Connections are accepted in their order, so this one's answer comes after the other's acceptance.
            assert self.get("/who")[1]["worker"] == name
        return connection

    def passed(self, *names: str) -> int:
        """How many connections these workers have handed over."""
        total = 0
        for name in names:
            with self.only(name):
                total += self.get("/who")[1]["passed"]
        return total


def ask(
    connection: http.client.HTTPConnection,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Any]:
    """Status and content of an answer: JSON if it is some, else text."""
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    text = response.read().decode()
    with contextlib.suppress(json.JSONDecodeError):
        return response.status, json.loads(text)
    return response.status, text


StartEcho = Callable[..., Echo]


@pytest.fixture
def start_echo(runtime: str, tmp_path: Path) -> Iterator[StartEcho]:
    """Start a server: `start_echo("--factory", "broken", workers=2, on="gevent", env={…})`."""
    servers: list[Echo] = []

    def start(
        *more: str,
        workers: int = 1,
        on: str = runtime,
        env: dict[str, str] | None = None,
        wait: bool = True,
    ) -> Echo:
        server = Echo(tmp_path / f"echo-{len(servers)}", on, workers, *more, env=env)
        servers.append(server)
        return server.ready() if wait else server

    yield start
    for server in servers:
        server.close()


@pytest.fixture(params=RUNTIMES, scope="session")
def each_runtime(request: pytest.FixtureRequest) -> str:
    """For what must hold on all of them."""
    name: str = request.param
    return name
