"""What people do in their rooms until they are told to stop: they send, edit, react, delete, read, ask."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import Coroutine, Sequence
from typing import Any

from . import members
from .api import Api
from .coming import Coming
from .journal import Journal
from .person import Person
from .plan import Plan
from .wire import LostError

QUESTION = "@assistant tell me something"
EMOJI = ("👍", "🎉", "😀")
MENTION_EVERY = 5  # acts
REMOVED_AFTER = 3  # acts of the person who is taken out
INVITED_AFTER = 2  # acts of somebody, those who wait for it are invited


class Talk:
    """Lives on the loop that it was started on. `owner`: the token of who made the rooms; `named` are mentioned sometimes, `invited` once."""

    def __init__(
        self,
        plan: Plan,
        record: Journal,
        api: Api,
        rooms: Sequence[str],
        owner: str,
        people: list[Person],
        named: Sequence[str] = (),
        invited: Sequence[Coming] = (),
    ) -> None:
        self._plan, self._record, self._api = plan, record, api
        self._rooms, self._owner, self._people = rooms, owner, people
        self._named, self._invited = named, invited
        self._tasks: list[asyncio.Task[None]] = []
        self._victim: Person | None = None
        if plan.remove and plan.token is None and len(people) > 2:
            self._victim = people[-1]
        self.going = False

    def start(self) -> None:
        """Everybody but the listeners begins (again)."""
        self.going = True
        talkers = self._people[self._plan.listeners :]
        work: list[Coroutine[Any, Any, None]] = [self._talk_as(person) for person in talkers]
        if self._plan.ask:
            work.append(self._ask())
        self._tasks = [asyncio.ensure_future(each) for each in work]

    def stop(self) -> None:
        """Nobody begins anything new."""
        self.going = False

    @property
    def is_over(self) -> bool:
        """Whether what was under way has ended."""
        return all(task.done() for task in self._tasks)

    def end(self) -> None:
        """Give up what is still under way; raises what a task has raised."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            if task.done() and not task.cancelled() and (fault := task.exception()):
                raise fault
            task.cancel()

    async def _talk_as(self, person: Person) -> None:
        own: dict[str, list[str]] = {room: [] for room in self._rooms}
        await asyncio.sleep(random.uniform(0, 1 / self._plan.rate))
        count = 0
        while self.going and person.ended is None:
            began = time.monotonic()
            rooms = [room for room in self._rooms if room not in person.removed]
            if rooms:
                try:
                    await self._act(person, random.choice(rooms), own, count)
                except LostError:
                    return
            count += 1
            if person is self._victim and count == REMOVED_AFTER:
                self._victim = None
                await members.take_out(self._api, self._record, self._rooms[0], self._owner, person)
            if self._invited and count == INVITED_AFTER:
                invited, self._invited = self._invited, ()
                await members.invite(self._api, self._rooms, self._owner, invited)
            pause = random.uniform(0.5, 1.5) / self._plan.rate - (time.monotonic() - began)
            await asyncio.sleep(max(0.0, pause))

    async def _act(self, person: Person, room: str, own: dict[str, list[str]], count: int) -> None:
        dice = random.random() / self._plan.changes if self._plan.changes else 1.0
        mine = own[room]
        if dice < 0.4:
            await person.read(room)
        elif dice < 0.6 and mine:
            text = f"edited {uuid.uuid4().hex}"
            sent = await person.change("edit", room, mine[-1], text, {"body": text})
            if sent.outcome == "unknown":
                mine.pop()
        elif dice < 0.8 and mine:
            emoji = random.choice(EMOJI)
            payload = {"emoji": emoji, "on": random.random() < 0.8}
            await person.change("react", room, mine[0], emoji, payload)
        elif dice < 0.9 and mine:
            await person.change("delete", room, mine.pop(), "", {})
        else:
            patient = random.random() >= self._plan.impatient
            calls = self._named and count % MENTION_EVERY == 0
            whom = f"@{random.choice(self._named)} " if calls else ""
            text = f"{whom}{count} {uuid.uuid4().hex} 안녕 {'x' * random.choice((0, 20, 400))}"
            sent = await person.say(room, text, patient=patient)
            if sent.outcome == "ok":
                place = person.places[room]
                mine += [key for key, each in place.messages.items() if each.seq == sent.seq]
                del mine[:-20]

    async def _ask(self) -> None:
        while self.going:
            person = random.choice(self._people[:-1] or self._people)
            with contextlib.suppress(LostError):
                await person.say(random.choice(self._rooms[1:] or self._rooms), QUESTION)
            await asyncio.sleep(random.uniform(0.5, 1.5) / self._plan.ask)
