"""How a run begins: rooms are made, guests are let in, and connect."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from .api import Api
from .journal import Journal
from .person import Person
from .plan import Plan
from .wire import Address

TOGETHER = 20
PATIENCE_SECONDS = 120


async def own(plan: Plan, api: Api, rooms: Sequence[str]) -> tuple[str, str]:
    """Make the rooms; (token, id) of their owner."""
    if plan.token is None:
        owner = await asyncio.to_thread(api.guest, "Checker")
    else:
        owner = {"token": plan.token, "user": await asyncio.to_thread(api.me, plan.token)}
    for room in rooms:
        await asyncio.to_thread(api.make_room, room, owner["token"])
    return owner["token"], owner["user"]["id"]


async def people(
    plan: Plan, record: Journal, api: Api, rooms: Sequence[str], owner: tuple[str, str]
) -> list[Person]:
    """Everybody, not connected yet. With a token of an account everybody is its owner."""
    addresses = plan.addresses or (Address(plan.url),)
    gate = asyncio.Semaphore(TOGETHER)

    async def enter(number: int) -> Person:
        token, user_id = owner
        if plan.token is None:
            async with gate:
                guest = await asyncio.to_thread(api.guest, f"Checker {number + 1}")
            token, user_id = guest["token"], guest["user"]["id"]
        turn = number % len(addresses)
        return Person(record, token, user_id, rooms, [*addresses[turn:], *addresses[:turn]])

    return list(await asyncio.gather(*(enter(number) for number in range(plan.people))))


async def are_there(everybody: Sequence[Person]) -> None:
    """Wait until all are connected. Who comes when others speak already is shown the latest messages only."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for person in everybody:
            while not person.is_up:
                if person.ended:
                    raise AssertionError(f"somebody could not come in: {person.ended}")
                await asyncio.sleep(0.01)
