"""A run: people who talk in rooms while anything may happen, then quiet, then the verdict.

with Run(Plan(url, people=20)) as run:
    run.until(lambda: run.record.acked() > 100, 30, "people talk")
    …                              # break something
    verdict = run.finish()
verdict.must_hold()
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from . import truth
from .api import Api, ApiError
from .checks import AFTER_REMOVAL_SECONDS, Evidence, View
from .journal import Journal
from .person import Person
from .verdict import Verdict
from .wire import Address, LostError, Wire

HEAL_SECONDS = 60.0
ANSWER_ENDS_SECONDS = 90.0
PREFIX = "delivery-check"
QUESTION = "@assistant tell me something"
EMOJI = ("👍", "🎉", "😀")
ENTER_TOGETHER = 20
FRESH_PEOPLE = 10
REMOVED_AFTER = 3  # acts of the person who is taken out


@dataclass(frozen=True)
class Plan:
    """What to do. `rate`: acts a second of each person. `workers`: names, spread over the people."""

    url: str
    people: int = 20
    rooms: int = 2
    rate: float = 5.0
    workers: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()  # person n begins with address n; default: the url
    database_url: str | None = None
    token: str | None = None  # of an account, where guests are not let in: everybody is it
    ask: float = 0.0  # questions to the assistant a second, of all together
    remove: bool = True  # take one person out of the first room
    impatient: float = 0.1  # share of messages that are tried once only
    changes: float = 0.2  # share of acts that are edits, deletes, reactions and cursors
    heal_seconds: float = HEAL_SECONDS
    label: str = "talk"  # stands in the rooms' slugs
    removal_seconds: float = AFTER_REMOVAL_SECONDS


class Run:
    """A plan being carried out on a thread of its own; the methods are for other threads."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.record = Journal()
        self.people: list[Person] = []
        self.api = Api(plan.url)
        self.rooms = [
            f"{PREFIX}-{uuid.uuid4().hex[:8]}-{plan.label}-{n + 1}" for n in range(plan.rooms)
        ]
        self.talking = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="delivery", daemon=True)
        self._tasks: list[asyncio.Task[Any]] = []
        self._owner = ""
        self._victim: Person | None = None

    def __enter__(self) -> Run:
        self._thread.start()
        try:
            self._do(self._begin(), 300)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(Exception):
            self._do(self._end(), 20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any], timeout: float) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def on_loop(self, function: Callable[[], object]) -> None:
        """Have function() called where the connections live."""

        async def call() -> None:
            function()

        self._do(call(), 20)

    def until(self, check: Callable[[], object], within: float, what: str) -> float:
        """Wait until check() is true; the seconds that it took. Raises AssertionError."""
        began = time.monotonic()
        while not check():
            if time.monotonic() > began + within:
                raise AssertionError(f"{what}: not so within {within:g} s; {self.summary()}")
            time.sleep(0.02)
        return time.monotonic() - began

    def more(self, acked: int, within: float = 60) -> None:
        """Wait until that many more messages are acknowledged."""
        wanted = self.record.acked() + acked
        self.until(lambda: self.record.acked() >= wanted, within, f"{acked} more messages")

    def everyone_up(self, within: float = 60) -> float:
        """Wait until every person is connected and in their rooms; the seconds that it took."""
        return self.until(
            lambda: all(person.is_up for person in self.people), within, "everybody is connected"
        )

    def whole(self, within: float = 60) -> float:
        """Wait until everybody has all that is stored now; the seconds that it took."""
        began = time.monotonic()
        heads = {room: self.api.room(room, self._owner)["seq"] for room in self.rooms}
        self.until(lambda: self._reached(heads), within, "everybody has everything")
        return time.monotonic() - began

    def _reached(self, heads: dict[str, int]) -> bool:
        return all(
            place.position >= heads[slug]
            for person in self.people
            for slug, place in person.places.items()
            if slug not in person.removed
        )

    def say(self, person: Person, room: str, text: str) -> None:
        """Have somebody say something, and wait until it is acknowledged."""
        self._do(person.say(room, text), 60)

    def stored(self, room: str) -> list[dict[str, Any]]:
        """Every message of a room, as the API tells it now."""
        return list(self.api.messages(room, self._owner))

    def look(self, room: str, address: Address) -> dict[str, Any]:
        """What a join there is answered now; the run's owner looks."""
        reply: dict[str, Any] = self._do(self._look(room, address), 60)
        return reply

    async def _look(self, room: str, address: Address) -> Any:
        auth = {"token": self._owner}
        wire = await Wire.open(address, auth, lambda _frame: None, lambda _why: None)
        try:
            return await wire.call("join", {"room": room}, HEAL_SECONDS)
        finally:
            wire.abort("looked")

    def summary(self) -> str:
        """One line of where things stand."""
        up = sum(person.is_up for person in self.people)
        sent = sum(each.kind == "message" for each in self.record.sent)
        ended = {person.ended for person in self.people if person.ended}
        return (
            f"{up}/{len(self.people)} connected, {sent} sent, {self.record.acked()} acked,"
            f" {len(self.record.receipts)} receipts, {self.record.reconnections} reconnections,"
            f" {self.record.syncs} syncs, {self.record.refetches} refetches"
            + (f", refused {self.record.refusals}" if self.record.refusals else "")
            + (f", ended: {ended}" if ended else "")
        )

    def finish(self) -> Verdict:
        """Stop talking, wait until everybody has everything, read it all once more and judge."""
        try:
            return self._finish()
        finally:
            self.close()

    def _finish(self) -> Verdict:
        self.pause()
        notes: list[str] = []
        began = time.monotonic()
        try:
            self.until(
                lambda: all(person.is_up or person.ended for person in self.people),
                self.plan.heal_seconds,
                "everybody is back",
            )
            self._answers_end()
            self.whole(self.plan.heal_seconds)
        except AssertionError as error:
            notes.append(str(error))
        healed = time.monotonic() - began
        # Before anybody comes anew: a join also heals those who are there.
        shown = [
            View(person.id, slug, place.epoch, place.position, place.first, place.digests())
            for person in self.people
            for slug, place in person.places.items()
            if slug not in person.removed
        ]
        stored = truth.read(self.api, self.rooms, self._owner, self.plan.database_url)
        evidence = Evidence(
            self.record,
            {person.id for person in self.people},
            shown,
            stored,
            self._do(self._fresh(), 120),
            self.plan.removal_seconds,
        )
        return Verdict(evidence, healed, notes)

    def pause(self) -> None:
        """Stop talking; what is under way ends as it can."""
        self.talking = False
        deadline = time.monotonic() + self.plan.heal_seconds
        while any(not task.done() for task in self._talkers) and time.monotonic() < deadline:
            time.sleep(0.02)
        for task in self._talkers:
            if task.done() and not task.cancelled() and (fault := task.exception()):
                raise fault
        self.on_loop(lambda: [task.cancel() for task in self._talkers])
        self._tasks = [task for task in self._tasks if task not in self._talkers]

    def talk(self) -> None:
        """Talk (again, after pause())."""
        self._do(self._talk(), 10)

    def _answers_end(self) -> None:
        if self.plan.ask:

            def ended() -> bool:
                return not any(
                    message.get("status") in ("queued", "thinking", "streaming")
                    for room in self.rooms
                    for message in self.stored(room)
                )

            deadline = time.monotonic() + ANSWER_ENDS_SECONDS
            while not ended() and time.monotonic() < deadline:
                time.sleep(0.5)

    async def _anew(self, person: Person) -> Wire:
        """A second connection of a person, by whichever address answers."""
        deadline = time.monotonic() + self.plan.heal_seconds
        for address in itertools.cycle(person.addresses):
            try:
                auth = {"token": person.token}
                return await Wire.open(address, auth, lambda _frame: None, lambda _why: None)
            except LostError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)
        raise AssertionError("a person has an address")

    async def _fresh(self) -> list[tuple[str, str, int, int]]:
        """What people are told is unread when they come anew: by a join, and in the list of their rooms."""
        found: list[tuple[str, str, int, int]] = []
        for person in self.people[:FRESH_PEOPLE]:
            wire = await self._anew(person)
            cursors: dict[str, int] = {}
            for slug in person.places:
                if slug not in person.removed:
                    reply = await wire.call("join", {"room": slug}, HEAL_SECONDS)
                    if reply["ok"]:
                        cursors[slug] = reply["read_seq"]
                        found.append((person.id, slug, reply["read_seq"], reply["unread"]))
            wire.abort("read")
            listed = await asyncio.to_thread(self.api.rooms, person.token)
            found += [
                (person.id, slug, cursors[slug], room["unread"])
                for room in listed
                if (slug := room["room"]["slug"]) in cursors
            ]
        return found

    # On the loop

    @property
    def _talkers(self) -> list[asyncio.Task[Any]]:
        return [task for task in self._tasks if task.get_name() == "talk"]

    async def _begin(self) -> None:
        plan = self.plan
        addresses: Sequence[Address] = plan.addresses or (Address(plan.url),)
        if plan.token is None:
            owner = await asyncio.to_thread(self.api.guest, "Checker")
        else:
            owner = {"token": plan.token, "user": await asyncio.to_thread(self.api.me, plan.token)}
        self._owner = owner["token"]
        for room in self.rooms:
            await asyncio.to_thread(self.api.make_room, room, self._owner)
        gate = asyncio.Semaphore(ENTER_TOGETHER)

        async def enter(number: int) -> Person:
            async with gate:
                who = owner
                if plan.token is None:
                    who = await asyncio.to_thread(self.api.guest, f"Checker {number + 1}")
            turn = number % len(addresses)
            return Person(
                self.record,
                who["token"],
                who["user"]["id"],
                self.rooms,
                [*addresses[turn:], *addresses[:turn]],
                plan.workers[number % len(plan.workers)] if plan.workers else None,
            )

        self.people = list(await asyncio.gather(*(enter(n) for n in range(plan.people))))
        for person in self.people:
            self._tasks.append(asyncio.ensure_future(person.come()))
        # All are there before the first one speaks: who comes late is shown the latest messages only.
        async with asyncio.timeout(120):
            for person in self.people:
                while not person.is_up:
                    if person.ended:
                        raise AssertionError(f"somebody could not come in: {person.ended}")
                    await asyncio.sleep(0.01)
        if plan.remove and plan.token is None and len(self.people) > 2:
            self._victim = self.people[-1]
        await self._talk()

    async def _talk(self) -> None:
        self.talking = True
        for person in self.people:
            task = asyncio.ensure_future(self._talk_as(person))
            task.set_name("talk")
            self._tasks.append(task)
        if self.plan.ask:
            task = asyncio.ensure_future(self._ask())
            task.set_name("talk")
            self._tasks.append(task)

    async def _talk_as(self, person: Person) -> None:
        own: dict[str, list[str]] = {room: [] for room in self.rooms}
        await asyncio.sleep(random.uniform(0, 1 / self.plan.rate))
        count = 0
        while self.talking and person.ended is None:
            began = time.monotonic()
            rooms = [room for room in self.rooms if room not in person.removed]
            if rooms:
                try:
                    await self._act(person, random.choice(rooms), own, count)
                except LostError:
                    return
            count += 1
            if person is self._victim and count == REMOVED_AFTER:
                await self._take_out(person)
            pause = random.uniform(0.5, 1.5) / self.plan.rate - (time.monotonic() - began)
            await asyncio.sleep(max(0.0, pause))

    async def _act(self, person: Person, room: str, own: dict[str, list[str]], count: int) -> None:
        dice = random.random() / self.plan.changes if self.plan.changes else 1.0
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
            patient = random.random() >= self.plan.impatient
            text = f"{count} {uuid.uuid4().hex} 안녕 {'x' * random.choice((0, 20, 400))}"
            sent = await person.say(room, text, patient=patient)
            if sent.outcome == "ok":
                place = person.places[room]
                mine += [key for key, each in place.messages.items() if each.seq == sent.seq]
                del mine[:-20]

    async def _take_out(self, person: Person) -> None:
        room = self.rooms[0]
        try:
            await asyncio.to_thread(self.api.remove, room, person.id, self._owner)
        except ApiError:
            # The answer to the first try may have been lost: then there is nobody left to remove.
            members = await asyncio.to_thread(self.api.members, room, self._owner)
            if person.id in members:
                raise
        self.record.removals.append((person.id, room, self.record.now()))
        person.removed.add(room)

    async def _ask(self) -> None:
        while self.talking:
            person = random.choice(self.people[:-1] or self.people)
            with contextlib.suppress(LostError):
                await person.say(random.choice(self.rooms[1:] or self.rooms), QUESTION)
            await asyncio.sleep(random.uniform(0.5, 1.5) / self.plan.ask)

    async def _end(self) -> None:
        for person in self.people:
            await person.leave()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
