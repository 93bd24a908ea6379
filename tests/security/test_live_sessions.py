"""Sessions that end where no word of it comes through."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from chatapp.services.live_sessions import EVERY_S, ROUNDS
from tests.support.waiting import eventually

from .people import Person
from .world import World

pytestmark = pytest.mark.one_runtime

LONG_AGO = 1_000  # ms: as by a clock that is far behind, so that a look at what was revoked lately misses it


def test_what_was_revoked_by_a_wrong_clock_ends_all_the_same(alone_world: World, room: str) -> None:
    server = alone_world.server
    people = [Person.guest(server, f"Guest {number}") for number in range(12)]
    *sockets, stays = [person.connects() for person in people]
    file = server.folder / "data" / "chat.sqlite3"
    with contextlib.closing(sqlite3.connect(file, timeout=20)) as database, database:
        for person in people[:-1]:
            changed = database.execute(
                "UPDATE sessions SET revoked_at = ?, revoked_reason = 'signed_out_all' WHERE user_id = ?",
                (LONG_AGO, person.id),
            )
            assert changed.rowcount == 1
    for socket in sockets:
        ended = socket.sees("session_revoked", timeout=3 * ROUNDS * EVERY_S)
        assert ended["reason"] == "signed_out_all"
        eventually(lambda socket=socket: not socket.is_open)  # type: ignore[misc]
    stays.join(room)
    stays.send(room, "still here")
