"""What was said in a room before the test began."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable
from datetime import datetime

from tests.support.client import Client
from tests.support.server import Server

AT_A_TIME = 500


def fill(server: Server, room: str, texts: Iterable[str], name: str = "Mina Kwon") -> Client:
    """One person says all this; their connection, which has joined the room."""
    client = server.connect(name)
    client.join(room)
    waiting = list(texts)
    while waiting:
        now, waiting = waiting[:AT_A_TIME], waiting[AT_A_TIME:]
        asked = [
            client.request("message", {"room": room, "client_id": str(uuid.uuid4()), "body": body})
            for body in now
        ]
        for number in asked:
            assert client.ack(number, timeout=30)["ok"], "a message was refused"
    return client


def lines(count: int) -> list[str]:
    """So many messages of different heights, each with its number."""
    return [
        f"Line {number}"
        + (" of something that takes more than one line to say" * (number % 7 == 0) * 4)
        for number in range(1, count + 1)
    ]


def happened(server: Server, room: str, moments: dict[str, datetime]) -> None:
    """Date messages back: text of a message → when it was said. For pages that open after this."""
    with sqlite3.connect(server.folder / "data" / "chat.sqlite3") as database:
        for body, moment in moments.items():
            done = database.execute(
                "UPDATE messages SET created_at = ? WHERE body = ?"
                " AND room_id = (SELECT id FROM rooms WHERE slug = ?)",
                (int(moment.timestamp() * 1000), body, room),
            )
            assert done.rowcount == 1, body
    database.close()
