"""PostgreSQL's plans keep up with the tables: what a message and its place in the search index cost does not grow with its room."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text

from chatapp.store import indexing

from .conftest import Store

pytestmark = pytest.mark.postgres

BATCHES, EACH = 40, 50
INDEXES = ("pk_messages", "ix_messages_room_id_changed_seq")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_no_check_of_a_key_reads_the_room(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    for _ in range(BATCHES):
        pending = [store.submit(room, alice, "what is said") for _ in range(EACH)]
        for each in pending:
            each.wait()
        store.writer.run(indexing.IndexMessages([room]))
    store.writer.close()  # its session's statistics are complete when it is over
    count = "SELECT idx_scan, idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = :name"
    deadline = time.monotonic() + 30
    with store.db.engine.connect() as connection:

        def reads(name: str) -> tuple[int, int]:
            connection.execute(text("SELECT pg_stat_clear_snapshot()"))
            scans, rows = connection.execute(text(count), {"name": name}).one()
            return scans, rows

        while sum(reads(name)[0] for name in INDEXES) < BATCHES * EACH:
            assert time.monotonic() < deadline, [reads(name) for name in INDEXES]
            time.sleep(0.05)
        # Each message is looked at a few times. Reading the room each time would be two million.
        assert sum(reads(name)[1] for name in INDEXES) < 40 * BATCHES * EACH
