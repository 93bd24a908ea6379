"""What the writer does around a commit."""

from __future__ import annotations

from pathlib import Path

from chatapp.payloads import User
from chatapp.store import schema
from chatapp.store.backends import SqliteBackend
from chatapp.store.writer import Writer

from .conftest import AddUser


def test_what_is_told_and_answered_goes_out_right_behind_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "chat.sqlite3"
    schema.upgrade(f"sqlite:///{path}")
    seen: list[str] = []
    writer = Writer(SqliteBackend(str(path)), lambda _told: None, lambda: seen.append("flushed"))
    pending = writer.submit(AddUser(User("u1", "Alice", "guest")))
    pending.on_done(lambda _result, _error: seen.append("answered"))
    pending.wait()
    writer.close()
    assert seen == ["answered", "flushed"]
