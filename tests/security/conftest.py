from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.support.processes import Process
from tests.support.server import Server

from .world import World


class Weakened(Server):
    """The product with switches for its defences."""

    def launch(self) -> Process:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = Process(
            f"weakened {self.runtime}",
            [sys.executable, "-m", "tests.security.serve", "--port", str(self.port)],
            log=self.folder / "server.log",
            env=self.env,
        )
        return self.process

    def off(self, switch: str) -> None:
        """Turn one defence off, and all others on; `none`: all on."""
        answer = self.http("POST", f"/weaken/{switch}")
        assert answer.status_code == 200, f"{switch}: {answer.text}"


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    """The server that all checks share, on each installation."""
    world = World(server)
    yield world
    world.close()


@pytest.fixture(scope="session")
def _alone(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("alone"), runtime=runtime)
    yield server.start()
    server.close()


@pytest.fixture
def alone_world(_alone: Server) -> Iterator[World]:
    """One worker with SQLite, for what does not depend on the installation."""
    world = World(_alone)
    yield world
    world.close()


@pytest.fixture(scope="session")
def weakened(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weakened]:
    server = Weakened(tmp_path_factory.mktemp("weakened"), runtime=runtime)
    server.start()
    yield server
    server.close()
