"""How a batch of jobs becomes one durable transaction, on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

from . import posting
from .checkpoints import KEPT_BYTES, MAX_BYTES, Checkpointer, checkpoint
from .database import connect_sqlite, unavailable
from .tx import Told, Tx

Outcome = tuple[Any, Exception | None]


# One stuck transaction elsewhere may cost its own room, not everybody: a lock that does not come is given up, and so is
# a transaction of ours that a stopped process left open.
SETTINGS = (
    "SET synchronous_commit = on",
    "SET lock_timeout = '3s'",
    "SET idle_in_transaction_session_timeout = '10s'",
    # The writer only looks up what its index leads to; before a new table has statistics, plans read all of it instead.
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
)
TCP_MS = 10_000

LOOK_EVERY = 64  # commits, after which the writer looks at the size of SQLite's log
COUNTED_AT = (
    1,
    8,
    64,
    512,
    4_096,
)  # batches of a connection, after which young tables are looked at
YOUNG_ROWS = 10_000
_SIZE = "SELECT reltuples FROM pg_class WHERE oid = 'messages'::regclass"

TRIES = 3  # of a job that gave way in a deadlock


class Backend(Protocol):
    """Owned by the writer; not shared with anybody."""

    in_thread: (
        bool  # whether commit() belongs in an OS thread (it blocks) or on the loop (it yields)
    )

    def commit(self, jobs: Sequence[Any]) -> tuple[list[Outcome], list[Told]]: ...
    def close(self) -> None: ...


def run_jobs(tx: Tx, jobs: Sequence[Any]) -> list[Outcome]:
    """Run a batch inside an open transaction; what the database itself refuses is raised."""
    tx.lock({room_id for job in jobs for room_id in job.rooms()})
    outcomes: list[Outcome] = []
    index = 0
    while index < len(jobs):
        end = index
        while end < len(jobs) and isinstance(jobs[end], posting.PostMessage):
            end += 1
        if end > index:
            outcomes += posting.post_all(tx, jobs[index:end])
            index = end
        else:
            outcomes.append(tx.attempt(jobs[index]))
            index += 1
    return outcomes


class _Transactions:
    """What both databases share: the batch in one transaction, and one by one if that failed."""

    dialect: str
    operational_errors: tuple[type[Exception], ...]
    deadlocks: tuple[type[Exception], ...] = ()
    locked: tuple[type[Exception], ...] = ()  # deadlocks, and locks that did not come

    def _cursor(self) -> Any:
        raise NotImplementedError

    def _begin(self, cursor: Any) -> None:
        raise NotImplementedError

    def _broken(self) -> None:
        """The transaction ended badly: roll back or let go of the connection."""
        raise NotImplementedError

    def commit(self, jobs: Sequence[Any]) -> tuple[list[Outcome], list[Told]]:
        """Outcomes in the order of `jobs`, and what the rooms are to be told. Never raises."""
        try:
            return self._transact(jobs)
        except self.locked:
            pass  # two servers waited for each other's rooms and this one had to give way, or a room is stuck
        except self.operational_errors as error:
            return [(None, unavailable(error))] * len(jobs), []
        except Exception as error:  # noqa: BLE001 - a job's own fault is its answer
            if len(jobs) == 1:
                return [(None, error)], []
        return self._one_by_one(jobs)

    def _one_by_one(self, jobs: Sequence[Any]) -> tuple[list[Outcome], list[Told]]:
        """One job's fault (a constraint, a bug, a room that is stuck) must not be the others': each alone."""
        outcomes: list[Outcome] = []
        told: list[Told] = []
        stuck: set[int] = set()
        for job in jobs:
            if stuck.isdisjoint(job.rooms()):
                outcome, its_told = self._alone(job, stuck)
                told += its_told
            else:
                outcome = (None, unavailable())  # nobody waits once more for what did not come
            outcomes.append(outcome)
        return outcomes, told

    def _alone(self, job: Any, stuck: set[int]) -> tuple[Outcome, list[Told]]:
        cause: Exception | None = None
        for _ in range(TRIES):
            try:
                (outcome,), told = self._transact([job])
            except self.deadlocks as error:
                cause = error
                continue
            except self.operational_errors as error:
                cause = error
                if isinstance(error, self.locked):
                    stuck.update(job.rooms())
                break
            except Exception as error:  # noqa: BLE001 - a job's own fault is its answer
                return (None, error), []
            return outcome, told
        return (None, unavailable(cause)), []

    def _transact(self, jobs: Sequence[Any]) -> tuple[list[Outcome], list[Told]]:
        cursor = self._cursor()
        try:
            self._begin(cursor)
            tx = Tx(cursor, self.dialect)
            outcomes = run_jobs(tx, jobs)
            cursor.execute("COMMIT")
        except BaseException:
            self._broken()
            raise
        return outcomes, tx.told


class SqliteBackend(_Transactions):
    """A file: the connection is opened, used and closed in the writer's own thread."""

    in_thread = True
    dialect = "sqlite"
    operational_errors = (sqlite3.OperationalError,)

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._checkpoints = Checkpointer(path)
        self._commits = 0

    def commit(self, jobs: Sequence[Any]) -> tuple[list[Outcome], list[Told]]:
        done = super().commit(jobs)
        self._checkpoints.committed()
        self._commits += 1
        if self._commits % LOOK_EVERY == 0 and self._checkpoints.log_bytes() > MAX_BYTES:
            self._checkpoint("RESTART")
        return done

    def _checkpoint(self, mode: str) -> None:
        if self._connection is not None:
            try:
                checkpoint(self._connection, mode)
            except sqlite3.Error:
                pass  # the log keeps everything; the next one may succeed

    def _cursor(self) -> sqlite3.Cursor:
        if self._connection is None:
            self._connection = connect_sqlite(self._path)
            self._connection.execute("PRAGMA wal_autocheckpoint=0")
            self._connection.execute(f"PRAGMA journal_size_limit={KEPT_BYTES}")
        return self._connection.cursor()

    def _begin(self, cursor: sqlite3.Cursor) -> None:
        cursor.execute("BEGIN IMMEDIATE")

    def _broken(self) -> None:
        if self._connection is not None:
            try:
                self._connection.rollback()
            except sqlite3.Error:
                self._let_go()

    def close(self) -> None:
        """What was committed stands in the file itself afterwards, unless somebody still reads an older moment."""
        self._checkpoints.close()
        self._checkpoint("TRUNCATE")
        self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class PostgresBackend(_Transactions):
    """A server: waits on its socket as a task of the loop."""

    in_thread = False
    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        # Not at the top: the runtime chooses how it waits before it is imported.
        import psycopg  # noqa: PLC0415

        self._psycopg = psycopg
        self._url = url.replace("postgresql+psycopg:", "postgresql:", 1)
        self._connection: Any = None
        self._batches = 0
        self.operational_errors = (
            psycopg.OperationalError,
            psycopg.InterfaceError,
            psycopg.errors.ReadOnlySqlTransaction,  # a standby, after a failover
            # This process stood still in the middle of a transaction: SIGSTOP, a machine that slept.
            psycopg.errors.IdleInTransactionSessionTimeout,
            psycopg.errors.TransactionTimeout,
        )
        self.deadlocks = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
        self.locked = (*self.deadlocks, psycopg.errors.LockNotAvailable)

    def _cursor(self) -> Any:
        if self._connection is None:
            self._connection = self._psycopg.connect(
                self._url, autocommit=True, connect_timeout=5, tcp_user_timeout=TCP_MS
            )
            for setting in SETTINGS:
                self._connection.execute(setting)
        return self._connection.cursor()

    def commit(self, jobs: Sequence[Any]) -> tuple[list[Outcome], list[Told]]:
        done = super().commit(jobs)
        self._batches += 1
        if self._batches in COUNTED_AT:
            self._count_rows()
        return done

    def _count_rows(self) -> None:
        """Have the server look at tables that are young. A plan made while a table was empty may read all of a room for
        one row of it, and is kept: first of all those by which foreign keys are checked. Large tables have their statistics.
        """
        if self._connection is not None:
            try:
                (rows,) = self._connection.execute(_SIZE).fetchone()
                if rows < YOUNG_ROWS:
                    self._connection.execute(
                        "ANALYZE messages, changes, memberships, search_documents"
                    )
            except self._psycopg.Error:
                self.close()

    def _begin(self, cursor: Any) -> None:
        cursor.execute("BEGIN")

    def _broken(self) -> None:
        if self._connection is None:
            return
        try:
            self._connection.execute("ROLLBACK")
        except self._psycopg.Error:
            self.close()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
