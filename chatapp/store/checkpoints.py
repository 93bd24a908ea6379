"""SQLite's checkpoints, away from the writer: what was committed moves from the write-ahead log into the file.

By default whoever commits the thousandth page copies them all, and its batch waits. Here a thread of its own copies while
the writer goes on (PASSIVE). Under steady load that never reaches the end of the log, which then only grows; so once it
is large the end is taken under the write lock (RESTART), a few pages by then, and the log is written from its beginning
again.
"""

from __future__ import annotations

import sqlite3
from _queue import Empty, SimpleQueue
from pathlib import Path

from chatapp import runtime

from .database import connect_sqlite

INTERVAL_S = 2.0  # between checkpoints while there are commits; each syncs the file beside the writer's own syncs
LARGE_FRAMES = 8_000  # of 4 KB: beyond it the log starts again
KEPT_BYTES = 32 * 1024 * 1024  # of the log's file; what is more goes back to the disk
MAX_BYTES = 128 * 1024 * 1024  # beyond it the writer itself takes the checkpoint that did not come
BUSY_MS = 50  # that a RESTART holds the writer up at most while somebody still reads the old log


class Checkpointer:
    """One for each writer of a file; its thread starts with the first commit and ends with close()."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._commits: SimpleQueue[bool] = SimpleQueue()
        self._ending: SimpleQueue[None] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._told = self._started = False

    def committed(self) -> None:
        """Called by the writer after each commit; never waits."""
        if not self._started:
            self._started = True
            runtime.os_thread(self._work)
        if not self._told:
            self._told = True
            self._commits.put(True)

    def log_bytes(self) -> int:
        """How large the log's file is."""
        try:
            return Path(f"{self._path}-wal").stat().st_size
        except OSError:
            return 0

    def close(self) -> None:
        """Wait for the thread's end. Blocks: call it in the writer's own thread."""
        if self._started:
            self._commits.put(False)
            self._ending.put(None)
            self._ended.get()
            self._commits, self._ending = SimpleQueue(), SimpleQueue()
            self._told = self._started = False

    def _work(self) -> None:
        """The OS thread: touches nothing but its own connection and the queues."""
        connection: sqlite3.Connection | None = None
        while self._commits.get():
            self._told = False
            try:
                if connection is None:
                    connection = connect_sqlite(self._path)
                    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
                if checkpoint(connection, "PASSIVE") > LARGE_FRAMES:
                    checkpoint(connection, "RESTART")
            except sqlite3.Error:
                pass  # a full disk, a file that was taken away: the log keeps everything
            try:
                self._ending.get(timeout=INTERVAL_S)
                break
            except Empty:
                continue
        if connection is not None:
            connection.close()
        self._ended.put(None)


def checkpoint(connection: sqlite3.Connection, mode: str) -> int:
    """Move what is committed into the file; how many frames the log had. `mode` as SQLite names it."""
    _busy, frames, _moved = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return int(frames)
