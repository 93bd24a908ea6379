"""Connections to the database: snapshots for the loop to read from, raw connections for the writer.

On the loop the database is only read; everything that changes goes through the writer. So no reader ever holds a lock
that a writer waits for, and on SQLite no task can yield inside a write transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chatapp.errors import ChatError

from .sql import Connection, Cursor

# A statement that waits longer than this for SQLite's write lock gives up; the client tries again.
SQLITE_BUSY_MS = 5_000
POOL_SIZE, POOL_OVERFLOW, POOL_WAIT_S = 10, 10, 5

_BEGIN = {
    "sqlite": "BEGIN",
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}


def engine_options(url: str) -> dict[str, Any]:
    """Options for the loop's engine: bare connections in autocommit, transactions begun by snapshot()."""
    options: dict[str, Any] = {
        "pool_size": POOL_SIZE,
        "max_overflow": POOL_OVERFLOW,
        "pool_timeout": POOL_WAIT_S,
        "isolation_level": "AUTOCOMMIT",
    }
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False}
    else:
        options["pool_pre_ping"] = True
        options["connect_args"] = {"connect_timeout": 5}
    return options


class Database:
    """Reads for the loop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dialect = engine.dialect.name
        self.url = engine.url.render_as_string(hide_password=False)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection on which all reads see the same moment.

        Raises ChatError: `overloaded` when every connection is in use, `unavailable` when the database is away.
        """
        try:
            pooled = self.engine.raw_connection()
        except PoolTimeout:
            raise ChatError("overloaded", "The server is busy. Try again.", 1) from None
        except (DBAPIError, self.driver_error) as error:
            raise unavailable() from error
        broken = True
        try:
            cursor = pooled.cursor()
            cursor.execute(_BEGIN[self.dialect])
            yield Connection(cast(Cursor, cursor), self.dialect)
            cursor.execute("COMMIT")
            broken = False
        except ChatError:
            cursor.execute("ROLLBACK")
            broken = False
            raise
        except self.driver_error as error:
            raise unavailable() from error
        finally:
            # What ended in the middle (a killed task, a lost server) is not lent to anybody else.
            if broken:
                pooled.invalidate()
            pooled.close()

    @property
    def driver_error(self) -> type[Exception]:
        """The driver's own base class of what goes wrong outside of us."""
        return self.engine.dialect.loaded_dbapi.OperationalError


def unavailable(cause: Exception | None = None) -> ChatError:
    """The database is away or full; the same request may succeed later. `cause` is for the log, not for the client."""
    error = ChatError("unavailable", "The database does not answer. Try again.", 1)
    error.__cause__ = cause
    return error


def connect_sqlite(path: str | Path) -> sqlite3.Connection:
    """A connection of one's own to the file, in autocommit, durable: an acknowledged commit survives a power cut."""
    connection = sqlite3.connect(
        path, timeout=SQLITE_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
    )
    configure_sqlite(connection)
    return connection


def configure_sqlite(connection: sqlite3.Connection, _record: object = None) -> None:
    """Every connection's settings; WAL is a property of the file and stays."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
    connection.execute("PRAGMA cache_size=-16000")
