"""What a server's clients would not learn of by hints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from chatapp.store.backends import Backend, PostgresBackend, SqliteBackend
from tests.support.server import Server


@pytest.fixture
def dying(server: Server) -> Iterator[Backend]:
    """What a worker commits that dies before it tells the others."""
    url = server.env.get("DATABASE_URL")
    sqlite = str(server.folder / "data" / "chat.sqlite3")
    with closing(PostgresBackend(url) if url else SqliteBackend(sqlite)) as backend:
        yield backend
