"""What people are told when they come anew, after everything has healed."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence

from . import journal
from .api import Api
from .checks import Fresh, View
from .journal import Journal
from .person import Person
from .plan import HEAL_SECONDS, Plan
from .wire import Address, LostError, Wire

TOGETHER = 10
PAGE = 100
#: of what is told to nobody who was there before
CONNECTION = 0


async def everybody(
    api: Api, record: Journal, people: Sequence[Person], patience: float
) -> list[Fresh]:
    """How much is unread, by a join, and in the list of a person's rooms; the messages of the joins are kept as receipts."""
    gate = asyncio.Semaphore(TOGETHER)

    async def come(person: Person) -> list[Fresh]:
        async with gate:
            wire = await visit(person.addresses, person.token, patience)
            try:
                found = [
                    await _join(wire, record, person.id, slug)
                    for slug in person.places
                    if slug not in person.removed
                ]
            finally:
                wire.abort("read")
            cursors = {each.room: each.cursor for each in found}
            listed = await asyncio.to_thread(api.rooms, person.token)
            return found + [
                Fresh(person.id, slug, cursors[slug], room["unread"], room["mentions"])
                for room in listed
                if (slug := room["room"]["slug"]) in cursors
            ]

    return list(itertools.chain(*await asyncio.gather(*map(come, people))))


async def _join(wire: Wire, record: Journal, person: str, slug: str) -> Fresh:
    reply = await wire.call("join", {"room": slug}, HEAL_SECONDS)
    if not reply["ok"]:
        raise LostError(f"{slug}: a join was refused: {reply['error']['code']}")
    record.told(CONNECTION, reply["room"], reply["messages"], "snapshot")
    return Fresh(person, slug, reply["read_seq"], reply["unread"], None)


async def whole(person: Person, patience: float) -> list[View]:
    """All of a person's rooms from the first message on, page by page."""
    wire = await visit(person.addresses, person.token, patience)
    found = []
    try:
        for slug in person.places:
            if slug in person.removed:
                continue
            info = (await wire.call("join", {"room": slug}, HEAL_SECONDS))["room"]
            digests: dict[str, str] = {}
            after, more = 0, True
            while more:
                ask = {"room": slug, "after": after, "limit": PAGE}
                page = await wire.call("history", ask, HEAL_SECONDS)
                digests |= {each["id"]: journal.digest(each) for each in page["messages"]}
                more = page["more"] and bool(page["messages"])
                after = page["messages"][-1]["seq"] if page["messages"] else after
            found.append(View(person.id, slug, info["epoch"], info["seq"], 0, digests))
    finally:
        wire.abort("read")
    return found


async def cursors(plan: Plan, token: str, rooms: Sequence[str]) -> dict[str, dict[str, int]]:
    """How far each member of the rooms has read, as a join tells."""
    wire = await visit(plan.addresses or (Address(plan.url),), token, plan.heal_seconds)
    try:
        replies = [await wire.call("join", {"room": slug}, HEAL_SECONDS) for slug in rooms]
    finally:
        wire.abort("read")
    return {reply["room"]["slug"]: reply.get("reads", {}) for reply in replies}


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
