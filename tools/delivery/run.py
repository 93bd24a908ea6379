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
import threading
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from . import anew, ending, entering, members, truth
from .api import Api
from .checks import Evidence
from .coming import Coming
from .journal import Journal
from .onlooker import Onlooker
from .person import Person
from .plan import HEAL_SECONDS, Plan
from .talk import Talk
from .verdict import Verdict
from .wire import Address

ANSWER_ENDS_SECONDS = 90.0
PREFIX = "delivery-check"
READ_ALL = 2  # people who read everything once more, page by page


class Run:
    """A plan being carried out on a thread of its own; the methods are for other threads."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.record = Journal()
        self.people: list[Person] = []
        self.devices: list[Person] = []  # second ones of some people
        self.onlookers: list[Onlooker] = []
        self._waiting: list[Onlooker] = []  # for an invitation
        self.api = Api(plan.url)
        self.rooms = [
            f"{PREFIX}-{uuid.uuid4().hex[:8]}-{plan.label}-{n + 1}" for n in range(plan.rooms)
        ]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="delivery", daemon=True)
        self._tasks: list[asyncio.Task[Any]] = []
        self._owner = ""
        self._talk: Talk | None = None

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
        """Wait until everybody is connected and in their rooms; the seconds that it took."""
        return self.until(
            lambda: all(each.is_up for each in self._everybody()), within, "everybody is connected"
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
            for person in (*self.people, *self.devices)
            for slug, place in person.places.items()
            if slug not in person.removed
        )

    def _everybody(self) -> list[Coming]:
        return [*self.people, *self.devices, *self.onlookers]

    def say(self, person: Person, room: str, text: str) -> None:
        """Have somebody say something, and wait until it is acknowledged."""
        self._do(person.say(room, text), 60)

    def stored(self, room: str) -> list[dict[str, Any]]:
        """Every message of a room, as the API tells it now."""
        return list(self.api.messages(room, self._owner))

    def look(self, room: str, address: Address) -> dict[str, Any]:
        """What a join there is answered now; the run's owner looks."""
        reply: dict[str, Any] = self._do(self._look(room, address), 2 * HEAL_SECONDS)
        return reply

    async def _look(self, room: str, address: Address) -> Any:
        wire = await anew.visit([address], self._owner, HEAL_SECONDS)
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
                lambda: all(each.is_up or each.ended for each in self._everybody()),
                self.plan.heal_seconds,
                "everybody is back",
            )
            self._answers_end()
            self.whole(self.plan.heal_seconds)
        except AssertionError as error:
            notes.append(str(error))
        healed = time.monotonic() - began
        everybody = [*self.people, *self.devices]
        # Before anybody comes anew: a join also heals those who are there.
        shown = ending.shown(everybody)
        evidence = Evidence(
            self.record,
            {person.id for person in self.people},
            shown,
            truth.read(self.api, self.rooms, self._owner, self.plan.database_url),
            removal_seconds=self.plan.removal_seconds,
        )
        agreed = self._do(
            ending.agree(self.plan, self.api, self._owner, evidence, everybody, self.onlookers), 120
        )
        evidence.fresh = self._do(
            anew.everybody(self.api, self.record, self.people, self.plan.heal_seconds), 120
        )
        for person in self.people[:READ_ALL]:
            shown += self._do(anew.whole(person, self.plan.heal_seconds), 120)
        return Verdict(evidence, healed, notes, agreed)

    def invite(self) -> None:
        """Make those members who have waited for it; for plans that leave it to the test."""
        inviting = members.invite(self.api, self.rooms, self._owner, self._waiting)
        self._do(inviting, 2 * HEAL_SECONDS)

    def take_out(self, person: Coming, room: str) -> None:
        """End somebody's membership of a room."""
        self._do(
            members.take_out(self.api, self.record, room, self._owner, person), 2 * HEAL_SECONDS
        )
        for device in self.devices:
            if device.id == person.id:
                device.removed.add(room)

    def pause(self) -> None:
        """Stop talking; what is under way ends as it can."""
        talk = self._talking
        talk.stop()
        deadline = time.monotonic() + self.plan.heal_seconds
        while not talk.is_over and time.monotonic() < deadline:
            time.sleep(0.02)
        self.on_loop(talk.end)

    def talk(self) -> None:
        """Talk (again, after pause())."""
        self.on_loop(self._talking.start)

    @property
    def _talking(self) -> Talk:
        assert self._talk is not None, "it has begun"
        return self._talk

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

    # On the loop

    async def _begin(self) -> None:
        owner = await entering.own(self.plan, self.api, self.rooms)
        self._owner = owner[0]
        run = self.plan, self.record, self.api, self.rooms, owner
        self.people = await entering.people(*run)
        self.devices = entering.devices(self.plan, self.record, self.people)
        self.onlookers = await entering.onlookers(*run)
        if self.plan.token is None:
            self._waiting = self.onlookers[len(self.onlookers) // 2 :]
        everybody = self._everybody()
        self._tasks = [asyncio.ensure_future(each.come()) for each in everybody]
        await entering.are_there(everybody)
        named = [each.name for each in self.onlookers]
        self._talk = Talk(
            self.plan,
            self.record,
            self.api,
            self.rooms,
            self._owner,
            self.people,
            named,
            self._waiting if self.plan.invite else (),
        )
        self._talk.start()

    async def _end(self) -> None:
        for each in self._everybody():
            await each.leave()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._talk is not None:
            with contextlib.suppress(Exception):
                self._talk.end()
