"""What is stored, read after everything has healed: by the API as a member reads it, and from the database itself."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from . import journal
from .api import Api

Payload = dict[str, Any]
Rows = Callable[..., list[Any]]


class DatabaseError(Exception):
    """The database could not be asked."""


@dataclass
class Row:
    """One row of `messages`."""

    seq: int
    changed_seq: int
    sender: str
    client_id: str | None
    body: str
    deleted: bool
    status: str | None


@dataclass
class RoomTruth:
    """One room."""

    slug: str
    epoch: str
    seq: int
    messages: list[Payload]
    digests: dict[str, str]
    #: (number, kind, subject) of `changes`, None when the database was not asked
    changes: list[tuple[int, str, str]] | None = None
    rows: list[Row] | None = None
    #: how far each member has read; without the database what a join tells of them
    cursors: dict[str, int] = field(default_factory=dict)
    members_count: int = 0


def read(
    api: Api, rooms: Sequence[str], token: str, database_url: str | None
) -> dict[str, RoomTruth]:
    """Read every room; nobody may be writing any more."""
    found: dict[str, RoomTruth] = {}
    for slug in rooms:
        info = api.room(slug, token)
        messages = list(api.messages(slug, token))
        digests = {message["id"]: journal.digest(message) for message in messages}
        found[slug] = RoomTruth(
            slug, info["epoch"], info["seq"], messages, digests, members_count=info["members_count"]
        )
    if database_url is not None:
        with _asking(database_url) as rows:
            _read_rooms(rows, found)
            _read_cursors(rows, found)
    return found


def read_cursors(database_url: str, rooms: Mapping[str, RoomTruth]) -> None:
    """Read once more how far everybody has read."""
    with _asking(database_url) as rows:
        _read_cursors(rows, rooms)


@contextlib.contextmanager
def _asking(url: str) -> Iterator[Rows]:
    """rows(statement, *values) by a connection."""
    connection = connect(url)
    mark = "?" if url.startswith("sqlite") else "%s"

    def rows(sql: str, *values: object) -> list[Any]:
        cursor = connection.cursor()
        cursor.execute(sql.replace("?", mark), values)
        return list(cursor.fetchall())

    try:
        yield rows
    finally:
        connection.close()


def _read_rooms(rows: Rows, rooms: Mapping[str, RoomTruth]) -> None:
    for slug, room in rooms.items():
        [(room_id, last)] = rows("SELECT id, last_seq FROM rooms WHERE slug = ?", slug)
        room.seq = last
        room.changes = rows(
            "SELECT seq, kind, subject FROM changes WHERE room_id = ? ORDER BY seq", room_id
        )
        room.rows = [
            Row(*row)
            for row in rows(
                "SELECT seq, changed_seq, sender_id, client_id, body, deleted_at IS NOT NULL, status"
                " FROM messages WHERE room_id = ? ORDER BY seq",
                room_id,
            )
        ]


def _read_cursors(rows: Rows, rooms: Mapping[str, RoomTruth]) -> None:
    for slug, room in rooms.items():
        room.cursors = dict(
            rows(
                "SELECT m.user_id, m.read_seq FROM memberships m JOIN users u ON u.id = m.user_id"
                " JOIN rooms r ON r.id = m.room_id WHERE r.slug = ? AND u.kind IN ('person', 'guest')",
                slug,
            )
        )


def connect(url: str) -> Any:
    """A connection to read by; raises DatabaseError with a sentence."""
    try:
        return _connect(url)
    except Exception as error:  # noqa: BLE001 - each driver has its own
        raise DatabaseError(f"the database cannot be opened ({error})") from None


def _connect(url: str) -> Any:
    if url.startswith("sqlite"):
        path = urlsplit(url).path[1:]
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    import psycopg  # noqa: PLC0415 - only where the server has it too

    return psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:", 1), connect_timeout=10)
