"""A real Redis server for tests."""

from __future__ import annotations

import signal
from pathlib import Path

import redis

from .processes import Process, free_port, program
from .waiting import eventually


class RedisServer:
    """`redis-server` on a free port, without persistence; `restart()` therefore loses everything, as a real loss does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start it on its port and wait until it answers."""
        self.process = Process(
            "redis",
            [
                program("redis-server", "/usr/sbin"),
                *("--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(self.folder)),
            ],
            log=self.folder / "redis.log",
            stop_signal=signal.SIGKILL,
        )
        eventually(self._answers, within=60, what="Redis answers")

    def client(self) -> redis.Redis:
        """A client of one's own; close it."""
        return redis.Redis.from_url(self.url, socket_timeout=5, decode_responses=True)

    def flush(self) -> None:
        """FLUSHALL: everything that it knew is gone."""
        with self.client() as client:
            client.flushall()

    def stop(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        self.process.signal(signal.SIGSTOP)

    def cont(self) -> None:
        """SIGCONT: go on after stop()."""
        self.process.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once; start() brings it back empty."""
        self.process.kill()

    def restart(self) -> None:
        """End it at once and start it again, empty, on the same port."""
        self.kill()
        self.start()

    def close(self) -> None:
        self.process.close()

    def _answers(self) -> bool:
        self.process.must_run()
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
