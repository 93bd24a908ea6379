"""What people are told when they come anew, after everything has healed."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence

from .api import Api
from .person import Person
from .plan import HEAL_SECONDS
from .wire import Address, LostError, Wire


async def unread(
    api: Api, people: Sequence[Person], patience: float
) -> list[tuple[str, str, int, int]]:
    """(person, room, cursor, how many are unread), by a join, and in the list of a person's rooms."""
    found: list[tuple[str, str, int, int]] = []
    for person in people:
        wire = await visit(person.addresses, person.token, patience)
        cursors: dict[str, int] = {}
        for slug in person.places:
            if slug not in person.removed:
                reply = await wire.call("join", {"room": slug}, HEAL_SECONDS)
                if reply["ok"]:
                    cursors[slug] = reply["read_seq"]
                    found.append((person.id, slug, reply["read_seq"], reply["unread"]))
        wire.abort("read")
        listed = await asyncio.to_thread(api.rooms, person.token)
        found += [
            (person.id, slug, cursors[slug], room["unread"])
            for room in listed
            if (slug := room["room"]["slug"]) in cursors
        ]
    return found


async def visit(addresses: Sequence[Address], token: str, patience: float) -> Wire:
    """A connection by whichever address answers, that nobody listens on. Raises LostError or RefusedError."""
    deadline = time.monotonic() + patience
    for address in itertools.cycle(addresses):
        try:
            return await Wire.open(
                address, {"token": token}, lambda _frame: None, lambda _why: None
            )
        except LostError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)
    raise AssertionError("there is an address")
