"""Who is a member changes while they talk: people are invited and taken out. The answer to a try may be lost: then one looks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from .api import Api, ApiError
from .coming import Coming
from .journal import Journal
from .person import Person


async def invite(api: Api, rooms: Sequence[str], owner: str, people: Sequence[Coming]) -> None:
    """Make people members of the rooms. `owner`: the token of who made those."""
    for person in people:
        for room in rooms:
            try:
                await asyncio.to_thread(api.enter, room, person.id, owner)
            except ApiError:
                if person.id not in await asyncio.to_thread(api.members, room, owner):
                    raise


async def take_out(api: Api, record: Journal, room: str, owner: str, person: Coming) -> None:
    """End somebody's membership of a room."""
    try:
        await asyncio.to_thread(api.remove, room, person.id, owner)
    except ApiError:
        if person.id in await asyncio.to_thread(api.members, room, owner):
            raise
    record.removals.append((person.id, room, record.now()))
    if isinstance(person, Person):
        person.removed.add(room)
