"""Typing is told to the others, on all workers, and ends by itself."""

from __future__ import annotations

import pytest

from chatapp.realtime import typing as module
from chatapp.realtime.broadcast import Broadcast
from chatapp.realtime.bus import Bus
from chatapp.realtime.typing import Typing

from .workers import ROOM, SLUG, Device, Worker


class TypingWorker(Worker):
    """A worker where people type."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        self.typing = Typing(Broadcast(self.fanout, bus))

    def types(self, device: Device, typing: bool = True) -> None:
        self.typing.tell(ROOM, SLUG, device.user, typing)


@pytest.fixture
def workers(buses: tuple[Bus, Bus]) -> tuple[TypingWorker, TypingWorker]:
    return TypingWorker(buses[0]), TypingWorker(buses[1])


def test_the_others_see_it_and_oneself_does_not(workers: tuple[TypingWorker, TypingWorker]) -> None:
    here, there = workers
    alice, her_phone = here.device("alice").enter(), there.device("alice").enter()
    bob, carol = here.device("bob").enter(), there.device("carol").enter()
    stranger = there.device("dave")
    here.types(alice)
    expected = {"room": SLUG, "user": {"id": "alice", "name": "Alice", "kind": "person"}}
    assert bob.got("typing") == carol.sees("typing") == [expected | {"typing": True}]
    here.types(alice, typing=False)
    assert carol.sees("typing", 2)[1] == expected | {"typing": False}
    assert alice.events == her_phone.events == stranger.events == []


def test_who_vanishes_stops_typing(
    workers: tuple[TypingWorker, TypingWorker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LASTS_SECONDS", 0.2)
    here, there = workers
    alice, bob = here.device("alice").enter(), there.device("bob").enter()
    here.types(alice)
    assert [event["typing"] for event in bob.sees("typing", 2)] == [True, False]


def test_each_repetition_prolongs_it(
    workers: tuple[TypingWorker, TypingWorker], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = workers
    alice, bob = here.device("alice").enter(), here.device("bob").enter()
    monkeypatch.setattr(module, "LASTS_SECONDS", 0.1)
    here.types(alice)
    monkeypatch.setattr(module, "LASTS_SECONDS", 60.0)
    here.types(alice)
    monkeypatch.setattr(module, "LASTS_SECONDS", 0.3)
    carol = here.device("carol").enter()
    here.types(carol)
    assert [event["typing"] for event in bob.sees("typing", 4)] == [True, True, True, False]
    assert bob.got("typing")[3]["user"]["id"] == "carol", "alice's first timer was cancelled"


def test_stopping_without_having_begun_is_told_to_nobody(
    workers: tuple[TypingWorker, TypingWorker],
) -> None:
    here, _ = workers
    alice, bob = here.device("alice").enter(), here.device("bob").enter()
    here.types(alice, typing=False)
    assert bob.events == []
