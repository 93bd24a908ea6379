"""What is stored, read after everything has healed: by the API as a member reads it, and from the database itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from . import journal
from .api import Api

Payload = dict[str, Any]


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
    cursors: dict[str, int] = field(default_factory=dict)


def read(
    api: Api, rooms: Sequence[str], token: str, database_url: str | None
) -> dict[str, RoomTruth]:
    """Read every room; nobody may be writing any more."""
    found: dict[str, RoomTruth] = {}
    for slug in rooms:
        info = api.room(slug, token)
        messages = list(api.messages(slug, token))
        digests = {message["id"]: journal.digest(message) for message in messages}
        found[slug] = RoomTruth(slug, info["epoch"], info["seq"], messages, digests)
    if database_url is not None:
        _read_database(database_url, found)
    return found


def _read_database(url: str, rooms: dict[str, RoomTruth]) -> None:
    connection = connect(url)
    mark = "?" if url.startswith("sqlite") else "%s"

    def rows(sql: str, *values: object) -> list[Any]:
        cursor = connection.cursor()
        cursor.execute(sql.replace("?", mark), values)
        return list(cursor.fetchall())

    try:
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
            room.cursors = dict(
                rows("SELECT user_id, read_seq FROM memberships WHERE room_id = ?", room_id)
            )
    finally:
        connection.close()


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
