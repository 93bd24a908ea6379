"""What a run has to show in the end: what people show, what is stored, and whether these have come to agree."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import defaultdict
from collections.abc import Sequence

from . import anew, checks, truth
from .api import Api
from .checks import Evidence, Held, Listed, Present, View
from .onlooker import News, Onlooker, listed
from .person import Person
from .plan import Plan

LOOK_SECONDS = 0.3


def shown(people: Sequence[Person]) -> list[View]:
    """What each person shows of each room. Before anybody comes anew: a join also heals those who are there."""
    return [
        View(person.id, slug, place.epoch, place.position, place.first, place.digests())
        for person in people
        for slug, place in person.places.items()
        if slug not in person.removed
    ]


async def agree(
    plan: Plan,
    api: Api,
    owner: str,
    found: Evidence,
    people: Sequence[Person],
    onlookers: Sequence[Onlooker],
) -> float:
    """Wait until cursors, lists of rooms and who is there are right, or the time for it is over; the seconds that it took.

    They have no numbers: what a hint did not tell is told by rounds. What is not right then, the checks find.
    """
    if plan.database_url is None:
        for slug, cursors in (await anew.cursors(plan, owner, list(found.rooms))).items():
            found.rooms[slug].cursors = cursors
    began = time.monotonic()
    while True:
        found.held = [
            Held(person.id, slug, dict(place.reads))
            for person in people
            for slug, place in person.places.items()
            if slug not in person.removed
        ]
        found.present = _present(people)
        found.lists = [
            Listed(person.id, _of(found, person.rooms), _of(found, stored))
            for person in onlookers
            for stored in [await asyncio.to_thread(listed, api, person.token)]
        ]
        took = time.monotonic() - began
        unsettled = checks.unsettled(found)
        late = checks.only_presence(unsettled)
        if not unsettled or took > (plan.presence_seconds if late else plan.agree_seconds):
            return took
        await asyncio.sleep(LOOK_SECONDS)
        if plan.database_url is not None:
            await asyncio.to_thread(truth.read_cursors, plan.database_url, found.rooms)


def _present(people: Sequence[Person]) -> list[Present]:
    here = [
        (person.id, slug, place.online)
        for person in people
        for slug, place in person.places.items()
        if person.is_up and slug not in person.removed
    ]
    there: defaultdict[str, set[str]] = defaultdict(set)
    for person_id, slug, _ in here:
        there[slug].add(person_id)
    # Copies: what is judged is what is shown now.
    return [
        Present(person_id, slug, dataclasses.replace(online, people={*online.people}), there[slug])
        for person_id, slug, online in here
    ]


def _of(found: Evidence, rooms: dict[str, News]) -> dict[str, News]:
    """Without the rooms that an account has beside those of the run."""
    return {slug: each for slug, each in rooms.items() if slug in found.rooms}
