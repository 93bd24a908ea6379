"""The model is worth something only if it notices a broken rule: each rule is broken once, and the model must object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chatapp.payloads import Numbered
from chatapp.realtime.numbers import ClientView, Emit, Stream, Tail

from .log import Message
from .machine import CLIENTS, WORKERS, Machine
from .timeline import Timeline
from .world import LIMIT, Connection, Worker, World

View = ClientView[tuple[str, dict[str, Any]]]


class TakesEverything(View):
    """Without `number <= N: drop`."""

    def received(self, number: int, prev: int, event: Any) -> list[Any]:
        self.position = None if self.position is None else min(self.position, number - 1)
        return super().received(number, prev, event)


class IgnoresPrev(View):
    """Without `prev > N: sync`."""

    def received(self, number: int, prev: int, event: Any) -> list[Any]:
        return super().received(number, 0, event)


class KeepsNothing(View):
    """Events that come while an answer is awaited are thrown away."""

    def received(self, number: int, prev: int, event: Any) -> list[Any]:
        return super().received(number, prev, event) if self.call is None else []


class ForgetsThatItForgot(View):
    """A full buffer is not followed by another question."""

    def received(self, number: int, prev: int, event: Any) -> list[Any]:
        applied = super().received(number, prev, event)
        self._overflowed = False
        return applied


class AnswersLast(Timeline):
    """A message in an answer replaces the one held, even by an older state."""

    def changed(self, message: Message) -> None:
        self.messages.pop(message["seq"], None)
        super().changed(message)


class ForgetsChangesAside(Timeline):
    """What changes while older messages are being loaded is not kept for them."""

    def history(self, before: int, answer: dict[str, Any]) -> None:
        if self._aside:
            self._aside.clear()
        super().history(before, answer)


class EmitsAtOnce(Stream):
    """Does not wait for the numbers between."""

    def offer(self, epoch: str, prev: int, events: Sequence[Numbered]) -> list[Emit]:
        return super().offer(epoch, min(prev, self.position), events)


class EmitsAgain(Stream):
    """Does not drop what went out already."""

    def offer(self, epoch: str, prev: int, events: Sequence[Numbered]) -> list[Emit]:
        again = [Emit(self.last, event) for event in events if event.seq <= self.position]
        return again + super().offer(epoch, prev, events)


class LeavesOneOut(Stream):
    """Loses the first of what was read to fill a gap."""

    def fill(self, head: int, events: Sequence[Numbered], *, more: bool = False) -> list[Emit]:
        return super().fill(head, events[1:] if len(events) > 1 else events, more=more)


class NeverFills(Stream):
    """Does not notice that something is missing."""

    @property
    def gap(self) -> bool:
        return False


class NoHeads(World):
    """Never compares itself with the database."""

    def heads(self, worker: Worker) -> None:
        pass


class NoTail(World):
    """Who joins is not sent what went out since its answer was read."""

    def _tail(self, worker: Worker, seq: int) -> list[bytes] | None:
        return []


class ShortTail(World):
    """… or only what is still kept, though more is missing."""

    def _tail(self, worker: Worker, seq: int) -> list[bytes] | None:
        kept = Tail(LIMIT)
        kept._events = worker.tail._events
        return [packet for _, number, packet in kept._events if number > seq]


class NoEpoch(World):
    """A restored backup goes unnoticed by the workers."""

    def heads(self, worker: Worker) -> None:
        if worker.stream.epoch is not None:
            worker.stream.epoch = self.log.epoch
        super().heads(worker)


class AnswersBeforeItSubscribes(World):
    """The answer to a join goes out, and only the next event finds the connection subscribed."""

    def answer(self, connection: Connection) -> None:
        super().answer(connection)
        if connection.frames and connection.frames[-1]["do"] == "event":
            connection.frames.pop()


def by_view(view: type[View]) -> Callable[[], World]:
    def timeline() -> Timeline:
        found = Timeline(LIMIT)
        found.view = view(LIMIT)
        return found

    return lambda: World(WORKERS, CLIENTS, timeline=timeline)


def by_timeline(timeline: type[Timeline]) -> Callable[[], World]:
    return lambda: World(WORKERS, CLIENTS, timeline=lambda: timeline(LIMIT))


def by_stream(stream: type[Stream]) -> Callable[[], World]:
    return lambda: World(WORKERS, CLIENTS, stream=lambda: stream(LIMIT))


def by_world(world: type[World]) -> Callable[[], World]:
    return lambda: world(WORKERS, CLIENTS)


MUTANTS = {
    **{each.__name__: by_view(each) for each in (TakesEverything, IgnoresPrev, KeepsNothing)},
    "ForgetsThatItForgot": by_view(ForgetsThatItForgot),
    **{each.__name__: by_timeline(each) for each in (AnswersLast, ForgetsChangesAside)},
    **{
        each.__name__: by_stream(each)
        for each in (EmitsAtOnce, EmitsAgain, LeavesOneOut, NeverFills)
    },
    **{
        each.__name__: by_world(each)
        for each in (NoHeads, NoTail, ShortTail, NoEpoch, AnswersBeforeItSubscribes)
    },
}

HUNT = settings(
    max_examples=600,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # that it fails is enough; nobody reads the smallest case
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_rule_is_noticed(name: str) -> None:
    class Mutant(Machine):
        def world_to_test(self) -> World:
            return MUTANTS[name]()

    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(Mutant, settings=HUNT)
