"""SQLite's write-ahead log: bounded under load, empty after a clean stop, and the writer never copies it itself."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from chatapp.store import checkpoints, schema
from chatapp.store.backends import SqliteBackend
from chatapp.store.database import connect_sqlite

FRAME = 4096 + 24


class Grow:
    """A job that writes a few pages."""

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: object) -> None:
        tx.cursor.execute("INSERT INTO pages (data) VALUES (randomblob(40000))")  # type: ignore[attr-defined]


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = str(tmp_path / "chat.sqlite3")
    schema.upgrade(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE pages (data BLOB)")
    connection.close()
    return path


def grow(backend: SqliteBackend, commits: int) -> None:
    for _ in range(commits):
        ((_, error),), _told = backend.commit([Grow()])
        assert error is None


def frames(path: str) -> tuple[int, int]:
    """How many frames the log has, and how many of them are in the file."""
    connection = connect_sqlite(path)
    _busy, logged, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    connection.close()
    return logged, moved


def pages(path: str) -> int:
    connection = connect_sqlite(path)
    (count,) = connection.execute("SELECT count(*) FROM pages").fetchone()
    connection.close()
    return int(count)


def test_the_log_starts_again_under_steady_load(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "INTERVAL_S", 0.001)
    monkeypatch.setattr(checkpoints, "LARGE_FRAMES", 100)
    backend = SqliteBackend(path)
    reader = connect_sqlite(
        path
    )  # a process that keeps the file open: closing does not empty the log
    log = Path(f"{path}-wal")
    largest = 0
    written = 0
    # Until much more was written than the log may hold; how soon the thread runs is the machine's affair.
    while written < 600 or log.stat().st_size > written * 11 * FRAME // 4:
        grow(backend, 20)
        written += 20
        largest = max(largest, log.stat().st_size)
        assert written < 20_000
    assert largest < written * 11 * FRAME
    backend.close()
    assert pages(path) == written
    reader.close()


def test_the_writer_itself_bounds_a_log_whose_checkpoint_does_not_come(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints.Checkpointer, "committed", lambda self: None)
    monkeypatch.setattr("chatapp.store.backends.MAX_BYTES", 1_000_000)
    monkeypatch.setattr("chatapp.store.backends.LOOK_EVERY", 8)
    backend = SqliteBackend(path)
    reader = connect_sqlite(path)
    grow(backend, 400)
    assert Path(f"{path}-wal").stat().st_size < 1_000_000 + 9 * 12 * FRAME
    backend.close()
    reader.close()


def test_the_writer_leaves_checkpoints_to_their_thread(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints.Checkpointer, "committed", lambda self: None)
    backend = SqliteBackend(path)
    grow(backend, 150)
    logged, _ = frames(path)
    assert logged > 1_000  # where SQLite's own default would have begun
    backend.close()


def test_a_clean_stop_leaves_an_empty_log(path: str) -> None:
    reader = connect_sqlite(path)  # has the file open, as the loop's readers have
    backend = SqliteBackend(path)
    grow(backend, 50)
    assert reader.execute("SELECT count(*) FROM pages").fetchone() == (50,)
    assert Path(f"{path}-wal").stat().st_size > 0
    backend.close()
    assert Path(f"{path}-wal").stat().st_size == 0
    assert pages(path) == 50
    reader.close()


def test_somebody_who_reads_an_old_moment_holds_up_no_commit(path: str) -> None:
    backend = SqliteBackend(path)
    grow(backend, 1)
    reader = connect_sqlite(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM pages").fetchone()
    grow(backend, 200)
    assert reader.execute("SELECT count(*) FROM pages").fetchone() == (1,)
    backend.close()
    reader.execute("COMMIT")
    assert pages(path) == 201
    reader.close()


def test_a_backend_that_was_closed_serves_again(path: str) -> None:
    backend = SqliteBackend(path)
    for _ in range(3):
        grow(backend, 2)
        backend.close()
    assert pages(path) == 6
