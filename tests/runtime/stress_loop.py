"""`python -m tests.runtime.stress_loop eventlet 60`: what is known to hang this stack, all at once, for so many seconds.

In one process: the SQLite writer in its OS thread, reads through SQLAlchemy on the loop, logging from many tasks, password
hashing in a pool of OS threads, sockets and timers. Measured before the rules of this project were made: an engine shared
with the thread hung 3 runs of 3, logging on both sides 6 of 11.

Prints one JSON line of counts, and ends with a failure if an acknowledged message is not in the database exactly once at
its number, if a task died, or if the loop was late by more than LATE_SECONDS. The watchdog shows where it stands still.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from chatapp import runtime
from chatapp.runtime import watchdog

ROOMS, POSTERS, READERS, LOGGERS, HASHERS, TALKERS = 5, 30, 10, 5, 4, 10
LATE_SECONDS = 2.0
TICK_SECONDS = 0.02

log = logging.getLogger("stress")


class Stress:
    """The load on one store."""

    def __init__(self, folder: Path, seconds: float) -> None:
        from sqlalchemy import create_engine, event

        from chatapp.payloads import User
        from chatapp.store import schema
        from chatapp.store.backends import SqliteBackend
        from chatapp.store.database import (
            Database,
            configure_sqlite,
            connect_sqlite,
            engine_options,
        )
        from chatapp.store.rooms import CreateRoom
        from chatapp.store.writer import Writer

        path = folder / "chat.sqlite3"
        url = f"sqlite:///{path}"
        schema.upgrade(url)
        self.user = User("alice", "Alice", "person")
        with connect_sqlite(path) as connection:
            connection.execute(
                "INSERT INTO users (id, name, kind, is_admin, created_at) VALUES ('alice', 'Alice', 'person', 0, 0)"
            )
        connection.close()
        self.engine = create_engine(url, **engine_options(url))
        event.listen(self.engine, "connect", configure_sqlite)
        self.database = Database(self.engine)
        self.writer = Writer(SqliteBackend(str(path)), told=lambda told: self._told(len(told)))
        self.rooms = [
            self.writer.run(CreateRoom(f"room-{n}", f"Room {n}", "public", "forever", self.user))
            for n in range(ROOMS)
        ]
        self.pool = runtime.Pool(2, HASHERS)
        self.end = time.monotonic() + seconds
        self.counts: Counter[str] = Counter()
        self.acked: dict[str, tuple[int, int]] = {}
        self.latest_tick = 0.0

    def _told(self, count: int) -> None:
        self.counts["told"] += count

    def run(self) -> None:
        """Until the time is up; every task must then end by itself."""
        kinds: list[tuple[Callable[[int], None], int]] = [
            (self._post, POSTERS),
            (self._read, READERS),
            (self._log, LOGGERS),
            (self._hash, HASHERS),
            (self._talk, TALKERS),
            (self._tick, 1),
        ]
        tasks = [runtime.spawn(kind, n) for kind, count in kinds for n in range(count)]
        for task in tasks:
            assert task.join(max(self.end - time.monotonic(), 0) + 20), "a task goes on for ever"
        expected = sum(count for _, count in kinds)
        assert self.counts["ended"] == expected, f"{expected - self.counts['ended']} tasks died"

    def _running(self) -> bool:
        return time.monotonic() < self.end

    def _post(self, number: int) -> None:
        from chatapp.store.posting import PostMessage

        sent = 0
        while self._running():
            sent += 1
            room = self.rooms[(number + sent) % ROOMS]
            key = f"{number}-{sent}"
            pending = self.writer.submit(PostMessage(room, self.user, key, key, f"text {key}"))
            posted = pending.wait()
            self.acked[key] = (room, posted.message.seq)
            self.counts["messages"] += 1
        self.counts["ended"] += 1

    def _read(self, number: int) -> None:
        from sqlalchemy import text

        while self._running():
            with self.engine.connect() as connection:
                rows = connection.execute(
                    text(
                        "SELECT seq, body FROM messages WHERE room_id = :room ORDER BY seq DESC LIMIT 50"
                    ),
                    {"room": self.rooms[number % ROOMS]},
                ).all()
            self.counts["reads"] += 1
            self.counts["rows"] += len(rows)
            runtime.sleep(0)
        self.counts["ended"] += 1

    def _log(self, number: int) -> None:
        while self._running():
            log.info("task %d says that %d messages were sent", number, self.counts["messages"])
            self.counts["logged"] += 1
            runtime.sleep(0.001)
        self.counts["ended"] += 1

    def _hash(self, number: int) -> None:
        salt = str(number).encode()
        while self._running():
            self.pool.run(hashlib.pbkdf2_hmac, "sha256", b"secret", salt, 20_000)
            self.counts["hashes"] += 1
        self.counts["ended"] += 1

    def _talk(self, _number: int) -> None:
        import socket

        here, there = socket.socketpair()
        answering = runtime.spawn(_echo, there)
        while self._running():
            here.sendall(b"hello")
            assert here.recv(16) == b"hello"
            self.counts["talks"] += 1
        here.close()
        assert answering.join(5)
        self.counts["ended"] += 1

    def _tick(self, _number: int) -> None:
        while self._running():
            due = time.monotonic() + TICK_SECONDS
            runtime.sleep(TICK_SECONDS)
            self.latest_tick = max(self.latest_tick, time.monotonic() - due)
        self.counts["ended"] += 1

    def check(self) -> None:
        """Acknowledged is stored, once, at its number; the numbers have no gap."""
        self.writer.close()
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT client_id, room_id, seq FROM messages").all()
            changes = connection.exec_driver_sql(
                "SELECT room_id, count(*), max(seq) FROM changes GROUP BY room_id"
            ).all()
        assert {key: (room, seq) for key, room, seq in rows} == self.acked
        assert len(rows) == len(self.acked)
        assert all(count == last for _, count, last in changes)
        assert self.latest_tick < LATE_SECONDS, f"the loop was {self.latest_tick:.1f} s late"


def _echo(there: object) -> None:
    import socket

    assert isinstance(there, socket.socket)
    while data := there.recv(16):
        there.sendall(data)
    there.close()


def main(name: str, seconds: float) -> None:
    """One run."""
    runtime.patch(name)
    with tempfile.TemporaryDirectory() as folder:
        logging.basicConfig(filename=Path(folder) / "log", level=logging.INFO)
        watchdog.start()
        stress = Stress(Path(folder), seconds)
        stress.run()
        stress.check()
        print(
            json.dumps(
                {
                    "runtime": name,
                    "seconds": seconds,
                    "late_ms": round(stress.latest_tick * 1000),
                    **stress.counts,
                }
            )
        )


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
