"""After a large batch the writer waits for the next wave: not for long, and only while it comes."""

from __future__ import annotations

import threading

import pytest

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.payloads import User
from chatapp.store import gathering
from chatapp.store.gathering import LARGE, MOST_SKIPPED, Gathering

from .conftest import AddUser, Store

MOST = 512


class Begun:
    """How often a transaction was begun."""

    def __init__(self) -> None:
        self.times = 0
        self._again = threading.Event()

    def __call__(self) -> None:
        self.times += 1
        self._again.set()

    def waits(self) -> None:
        """Until the next one is begun by itself."""
        assert self._again.wait(20)
        self._again.clear()


@pytest.fixture
def begun() -> Begun:
    return Begun()


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hold that no timer ends within a test."""
    monkeypatch.setattr(gathering, "HOLD_S", 600.0)


def test_small_batches_and_full_ones_are_followed_at_once(begun: Begun) -> None:
    wave = Gathering(begun, MOST)
    wave.committed(LARGE - 1, 100)
    wave.committed(MOST, MOST)
    wave.committed(1, 0)
    assert (begun.times, wave.holding) == (3, False)


@pytest.mark.usefixtures("never")
def test_the_next_transaction_begins_when_as_many_have_come_as_there_were(begun: Begun) -> None:
    wave = Gathering(begun, MOST)
    wave.committed(10, 2)
    for waiting in range(3, 12):
        wave.submitted(waiting)
        assert (begun.times, wave.holding) == (0, True)
    wave.submitted(12)
    assert (begun.times, wave.holding) == (1, False)


@pytest.mark.usefixtures("never")
def test_nobody_waits_for_more_than_a_transaction_takes(begun: Begun) -> None:
    wave = Gathering(begun, MOST)
    wave.committed(MOST, MOST - 1)
    assert wave.holding
    wave.submitted(MOST)
    assert begun.times == 1


def test_who_does_not_come_is_not_waited_for_long_and_then_less_often(begun: Begun) -> None:
    wave = Gathering(begun, MOST)
    skipped: list[int] = []
    for _ in range(8):
        skipped.append(0)
        wave.committed(10, 0)
        while not wave.holding:
            begun.waits()  # at once
            skipped[-1] += 1
            wave.committed(10, 0)
        begun.waits()  # by the timer
        assert not wave.holding
    assert skipped == [0, 1, 2, 4, 8, 16, 32, MOST_SKIPPED]


def test_a_wave_that_comes_again_is_waited_for_as_before(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = Gathering(begun, MOST)
    for _ in range(2):
        wave.committed(10, 0)
        begun.waits()
    monkeypatch.setattr(gathering, "HOLD_S", 600.0)
    wave.committed(10, 0)
    assert wave.holding
    wave.submitted(10)
    for _ in range(2):
        wave.committed(10, 0)
        assert wave.holding
        wave.submitted(10)


@pytest.mark.usefixtures("never")
def test_a_timer_of_an_earlier_hold_ends_no_later_one(begun: Begun) -> None:
    wave = Gathering(begun, MOST)
    wave.committed(10, 0)
    wave.submitted(10)
    wave.committed(10, 0)
    wave._in_vain(1)
    assert (begun.times, wave.holding) == (1, True)
    wave._in_vain(2)
    assert (begun.times, wave.holding) == (2, False)


@pytest.mark.usefixtures("never")
def test_only_posts_are_a_wave(store: Store) -> None:
    with runtime.turn:  # all in one batch
        others = [store.writer.submit(AddUser(User(f"u{n}", f"U{n}", "guest"))) for n in range(9)]
    for each in others:
        each.wait()
    alice = store.user("alice")  # committed at once: nothing is held back
    room = store.room(alice)
    with runtime.turn:
        wave = [store.submit(room, alice, "text") for _ in range(LARGE)]
    for each in wave:
        each.wait()
    held = store.submit(room, alice, "text")
    with pytest.raises(ChatError, match="takes too long"):
        held.wait(0.1)
    for each in [store.submit(room, alice, "text") for _ in range(LARGE - 1)]:
        each.wait()
    held.wait()
