"""The test application under the real supervisor, on every runtime."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.processes import Process, free_port
from tests.support.waiting import eventually

from .wire import Polling, Wire

RUNTIMES = ("eventlet", "gevent", "threading")


class ChatServer(Process):
    """A running server of the test application, and its clients."""

    def __init__(
        self,
        folder: Path,
        runtime: str,
        env: dict[str, str],
        app: str = "tests.transport.app:create_app",
    ) -> None:
        self.runtime = runtime
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.clients: list[Client | Wire | Polling] = []
        super().__init__(
            f"chat on {runtime}",
            [sys.executable, "-m", "tests.transport.serve", "--port", str(self.port), "--app", app],
            log=folder / f"{runtime}.log",
            env={
                "PATH": os.environ["PATH"],
                "PYTHONUNBUFFERED": "1",
                "CHATAPP_DATA_DIR": str(folder / "data"),
                "CHATAPP_RUNTIME": runtime,
                **env,
            },
        )

        def serves() -> bool:
            self.must_run()
            return f"serving on {self.url}\n" in self.log

        try:
            eventually(serves, within=30, what="the server is ready")
        except BaseException:
            self.close()
            raise

    def connect(self, name: str, **more: Any) -> Client:
        """A person on /chat, over WebSocket."""
        client = Client(self.url, {"token": name}, **more)
        self.clients.append(client)
        return client

    def wire(self, **more: Any) -> Wire:
        """A WebSocket by hand."""
        wire = Wire(self.port, **more)
        self.clients.append(wire)
        return wire

    def polling(self, headers: dict[str, str] | None = None) -> Polling:
        """A long-polling session by hand."""
        session = Polling(self.port, headers)
        self.clients.append(session)
        return session

    def state(self) -> dict[str, Any]:
        """What the worker holds for its clients."""
        with urllib.request.urlopen(f"{self.url}/state", timeout=10) as answer:
            state: dict[str, Any] = json.load(answer)
            return state

    def holds(self, **expected: Any) -> None:
        """Wait until the worker holds this much, and no more."""

        def check() -> bool:
            state = self.state()
            assert {key: state[key] for key in expected} == expected
            return True

        eventually(check)

    def holds_nothing(self) -> None:
        """Everything of every client was freed."""
        self.holds(sessions=0, environs=0, binary=0, connections=0, conns=0, rooms=[])

    def leave(self) -> None:
        """End all clients; the next test starts from nothing."""
        while self.clients:
            self.clients.pop().close()
        self.holds_nothing()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ChatServer]]:
    """The server on a runtime, started for who first asks and kept: pytest ends a fixture when its parameter changes."""
    servers: dict[str, ChatServer] = {}

    def server(runtime: str) -> ChatServer:
        if runtime not in servers:
            servers[runtime] = ChatServer(tmp_path_factory.mktemp("chat"), runtime, {})
        return servers[runtime]

    yield server
    for each in servers.values():
        each.close()


@pytest.fixture(scope="session", params=RUNTIMES)
def running(request: pytest.FixtureRequest, kept: Callable[[str], ChatServer]) -> ChatServer:
    return kept(request.param)


@pytest.fixture
def chat(running: ChatServer) -> Iterator[ChatServer]:
    """A server that all files' tests share, on each runtime; each begins when the clients of the one before are gone."""
    yield running
    running.leave()


@pytest.fixture(scope="session", params=RUNTIMES)
def running_hastily(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ChatServer]:
    haste = {"TEST_PING": "0.5", "TEST_PONG": "1", "TEST_CONNECT": "0.8"}
    server = ChatServer(tmp_path_factory.mktemp("hasty"), request.param, haste)
    yield server
    server.close()


@pytest.fixture
def hasty(running_hastily: ChatServer) -> Iterator[ChatServer]:
    """The same, with time limits that a test can wait for."""
    yield running_hastily
    running_hastily.leave()
