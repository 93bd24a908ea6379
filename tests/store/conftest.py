"""A store of one's own on each database: the same tests hold on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event

from chatapp.payloads import User
from chatapp.services.mentions import signs
from chatapp.store import indexing, posting, rooms, search
from chatapp.store.backends import PostgresBackend, SqliteBackend
from chatapp.store.database import Database, configure_sqlite, engine_options
from chatapp.store.naming import fold
from chatapp.store.pending import Pending
from chatapp.store.sql import Statement
from chatapp.store.tx import Told, Tx
from chatapp.store.writer import Writer
from tests.support import migrated

_USER = Statement(
    "INSERT INTO users (id, name, mention_key, kind, is_admin, created_at)"
    " VALUES (:id, :name, :key, :kind, :no, 0)"
)


@dataclass
class AddUser:
    user: User

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        row = {
            "id": self.user.id,
            "name": self.user.name,
            "kind": self.user.kind,
            "key": fold(self.user.name),
        }
        tx.run(_USER, **row, no=False)


@dataclass
class Store:
    """A database with its writer, and what the rooms were told."""

    db: Database
    writer: Writer
    told: list[Told]
    keys: int = field(default=0)

    def user(self, name: str, kind: str = "person") -> User:
        user = User(name, name.capitalize(), kind)  # type: ignore[arg-type]
        self.writer.run(AddUser(user))
        return user

    def room(self, owner: User, slug: str = "general", kind: str = "public") -> int:
        return self.writer.run(rooms.CreateRoom(slug, slug, kind, "forever", owner))

    def submit(
        self, room_id: int, user: User, body: str, key: str | None = None, **more: object
    ) -> Pending[posting.Posted]:
        self.keys += 1
        job = posting.PostMessage(
            room_id, user, key or f"k{self.keys}", f"digest {body}"[:32], body, None, signs(body)
        )
        for name, value in more.items():
            setattr(job, name, value)
        return self.writer.submit(job)

    def post(self, room_id: int, user: User, body: str, **more: object) -> posting.Posted:
        return self.submit(room_id, user, body, **more).wait()  # type: ignore[arg-type]

    def numbers(self, room_id: int) -> list[int]:
        statement = Statement("SELECT seq FROM changes WHERE room_id = :room ORDER BY seq")
        with self.db.snapshot() as db:
            return [row[0] for row in db.all(statement, room=room_id)]


ON_EACH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def with_psycopg(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:", 1)


@pytest.fixture(params=ON_EACH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'chat.sqlite3'}"
    return with_psycopg(request.getfixturevalue("postgres").empty_database())


@pytest.fixture(params=ON_EACH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database with the code's schema, in which nobody has been yet."""
    if request.param == "sqlite":
        migrated.sqlite(tmp_path / "chat.sqlite3")
        return f"sqlite:///{tmp_path / 'chat.sqlite3'}"
    return with_psycopg(request.getfixturevalue("postgres").new_database())


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    engine = create_engine(database_url, **engine_options(database_url))
    if database_url.startswith("sqlite"):
        event.listen(engine, "connect", configure_sqlite)
        backend = SqliteBackend(database_url.removeprefix("sqlite:///"))
    else:
        backend = PostgresBackend(database_url)  # type: ignore[assignment]
    told: list[Told] = []
    writer = Writer(backend, told.extend)
    yield Store(Database(engine), writer, told)
    writer.close()
    engine.dispose()


def found(store: Store, room: int, text: str) -> list[int]:
    """The places of a room's messages that a search finds, the newest first."""
    store.writer.run(indexing.IndexMessages([room]))
    with store.db.snapshot() as db:
        return [seq for _, seq in search.newest(db, [room], text, 10)[0]]
