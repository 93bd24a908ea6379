"""Databases that have the code's schema already: to migrate one takes longer than most tests."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from chatapp.store import schema


@cache
def _file() -> bytes:
    """A SQLite file after all migrations, made once for this process of tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chat.sqlite3"
        schema.upgrade(f"sqlite:///{path}")
        return path.read_bytes()


def sqlite(path: Path) -> None:
    """Put a database in which nobody has been yet at `path`, unless there is one."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(_file())


def postgres(url: str) -> None:
    """Bring a database of PostgreSQL to the code's schema."""
    schema.upgrade(url.replace("postgresql:", "postgresql+psycopg:", 1))
