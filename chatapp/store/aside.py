"""Reads that may take long, away from the loop: on SQLite in OS threads with connections of their own.

SQLite answers in the thread that asks, and nothing else runs on the loop meanwhile. A search of a large room takes tens
of milliseconds; so it runs aside, a few at a time, each for a bounded time. PostgreSQL is another process: there the
asking task waits as for any statement, and the server ends what takes too long.
"""

from __future__ import annotations

import sqlite3
import time
from _queue import Empty, SimpleQueue
from collections.abc import Callable
from typing import TypeVar, cast

from chatapp import runtime
from chatapp.errors import ChatError

from .database import Database, connect_sqlite, unavailable
from .sql import Connection, Cursor

R = TypeVar("R")

LIMIT_S = 2.0  # of one read
THREADS, BACKLOG = 2, 32  # reads at a time in one process, and how many may wait
STEPS = 1_000  # of SQLite's machine between two looks at the clock

_LIMIT = f"SET LOCAL statement_timeout = {round(LIMIT_S * 1000)}"


class Aside:
    """One per process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._path = db.engine.url.database or ""
        self._pool = runtime.Pool(THREADS, BACKLOG)
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()

    def read(self, fn: Callable[[Connection], R]) -> R:
        """fn(connection) on one snapshot, while the calling task waits. On SQLite `fn` runs in an OS thread: plain data only.

        Raises ChatError: `overloaded` when too many wait or it takes too long, `unavailable` when the database is away.
        """
        if self._db.dialect != "sqlite":
            return self._on_postgres(fn)
        try:
            result: R = self._pool.run(self._on_sqlite, fn)
        except runtime.PoolFull:
            raise ChatError("overloaded", "Too many search at once. Try again.", 2) from None
        return result

    def close(self) -> None:
        """End the threads and let go of the connections that are idle."""
        self._pool.close()
        try:
            while True:
                self._idle.get_nowait().close()
        except Empty:
            return

    def _on_postgres(self, fn: Callable[[Connection], R]) -> R:
        # Not at the top: the runtime chooses how it waits before it is imported.
        from psycopg.errors import QueryCanceled  # noqa: PLC0415

        with self._db.snapshot() as connection:
            try:
                connection.cursor.execute(_LIMIT)
                return fn(connection)
            except QueryCanceled:
                raise _too_long() from None

    def _on_sqlite(self, fn: Callable[[Connection], R]) -> R:
        connection: sqlite3.Connection | None = None
        keep = False
        end = time.monotonic() + LIMIT_S
        try:
            try:
                connection = self._idle.get_nowait()
            except Empty:
                connection = connect_sqlite(self._path)
            connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
            cursor = connection.cursor()
            cursor.execute("BEGIN")
            try:
                return fn(Connection(cast(Cursor, cursor), "sqlite"))
            finally:
                cursor.execute("ROLLBACK")  # there is nothing to commit
                keep = True
        except sqlite3.OperationalError:
            raise (_too_long() if time.monotonic() > end else unavailable()) from None
        finally:
            if connection is not None:
                if keep:
                    self._idle.put(connection)
                else:
                    connection.close()


def _too_long() -> ChatError:
    return ChatError("overloaded", "This search takes too long. Add a rarer word.", 1)
