"""How a run begins: rooms are made, guests are let in, and connect."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

from . import members
from .api import Api
from .coming import Coming
from .journal import Journal
from .onlooker import Onlooker
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
    gate = asyncio.Semaphore(TOGETHER)

    async def enter(number: int) -> Person:
        async with gate:
            token, user_id = await _account(plan, api, f"Checker {number + 1}", owner)
        return Person(record, token, user_id, rooms, _addresses(plan, number))

    return list(await asyncio.gather(*(enter(number) for number in range(plan.people))))


def devices(plan: Plan, record: Journal, people: Sequence[Person]) -> list[Person]:
    """Second devices of some people, which come by the next address and say nothing."""
    some = range(len(people) - 2, max(-1, len(people) - 2 - plan.devices), -1)
    return [
        Person(
            record,
            people[number].token,
            people[number].id,
            list(people[number].places),
            _addresses(plan, number + 1),
        )
        for number in some
    ]


async def onlookers(
    plan: Plan, record: Journal, api: Api, rooms: Sequence[str], owner: tuple[str, str]
) -> list[Onlooker]:
    """Those who join nothing: the first half are members of the rooms, the others will be invited."""
    found = []
    for number in range(plan.onlookers):
        name = f"Onlooker {uuid.uuid4().hex[:8]}"
        token, user_id = await _account(plan, api, name, owner)
        found.append(Onlooker(record, api, name, token, user_id, _addresses(plan, number)))
    if plan.token is None:  # else they are
        await members.invite(api, rooms, owner[0], found[: len(found) // 2])
    return found


async def _account(plan: Plan, api: Api, name: str, owner: tuple[str, str]) -> tuple[str, str]:
    """(token, id)."""
    if plan.token is not None:
        return owner
    guest = await asyncio.to_thread(api.guest, name)
    return guest["token"], guest["user"]["id"]


def _addresses(plan: Plan, number: int) -> list[Address]:
    """All of them, beginning with that one."""
    addresses = plan.addresses or (Address(plan.url),)
    turn = number % len(addresses)
    return [*addresses[turn:], *addresses[:turn]]


async def are_there(everybody: Sequence[Coming]) -> None:
    """Wait until all are connected. Who comes when others speak already is shown the latest messages only."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for person in everybody:
            while not person.is_up:
                if person.ended:
                    raise AssertionError(f"somebody could not come in: {person.ended}")
                await asyncio.sleep(0.01)
