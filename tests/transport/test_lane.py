"""One client's items are handled one after the other, and those who wait equally long share a clock."""

from __future__ import annotations

import threading
import time

from chatapp.realtime.lane import FULL, FULL_SIZE, Lane
from chatapp.realtime.patience import Patience
from chatapp.runtime.crew import Crew
from tests.support.waiting import eventually


def test_items_are_handled_in_order_and_never_two_at_a_time() -> None:
    handled: list[str] = []
    inside = threading.Lock()

    def handle(item: str) -> None:
        assert inside.acquire(blocking=False), "two at a time"
        time.sleep(0.0001)
        handled.append(item)
        inside.release()

    lane = Lane(handle, lambda: None)
    items = [str(number) for number in range(100)]
    for item in items:
        lane.push(item)
    eventually(lambda: handled == items)


def test_after_the_last_item_nothing_is_taken() -> None:
    handled: list[str] = []
    lane = Lane(handled.append, lambda: None)
    lane.push("first")
    lane.push("last", last=True)
    lane.push("late")
    eventually(lambda: handled == ["first", "last"])


def test_an_item_that_fails_does_not_stop_the_next() -> None:
    handled: list[str] = []

    def handle(item: str) -> None:
        if item == "bad":
            raise RuntimeError(item)
        handled.append(item)

    lane = Lane(handle, lambda: None)
    for item in ("one", "bad", "two"):
        lane.push(item)
    eventually(lambda: handled == ["one", "two"])


def test_the_reader_is_told_to_stop_and_to_go_on() -> None:
    go_on, low = threading.Event(), threading.Event()
    lane = Lane(lambda _item: go_on.wait(5), low.set)
    for item in range(FULL):
        assert not lane.full
        lane.push(str(item))
    lane.push("one more")
    assert lane.full
    assert not low.is_set()
    go_on.set()
    assert low.wait(5)
    assert not lane.full


def test_the_reader_is_told_to_stop_by_how_much_waits_too() -> None:
    go_on, low = threading.Event(), threading.Event()
    lane = Lane(lambda _item: go_on.wait(5), low.set)
    lane.push("at work")
    large = "x" * (FULL_SIZE // 4)
    for _ in range(4):
        assert not lane.full
        lane.push(large)
    lane.push(large)
    assert lane.full
    go_on.set()
    assert low.wait(5)
    assert not lane.full


class Sleeper:
    """Something that waits."""


def test_all_are_called_after_their_time_in_the_order_in_which_they_came() -> None:
    called: list[Sleeper] = []
    patience = Patience(0.1, called.append)
    sleepers = [Sleeper() for _ in range(5)]
    before = time.monotonic()
    for sleeper in sleepers:
        patience.add(sleeper)
    eventually(lambda: len(called) == 5)
    assert time.monotonic() - before >= 0.1
    assert called == sleepers
    patience.add(sleepers[0])
    eventually(lambda: len(called) == 6)


def test_what_is_gone_is_not_waited_for_and_not_held() -> None:
    called: list[Sleeper] = []
    patience = Patience(0.05, called.append)
    kept = Sleeper()
    patience.add(Sleeper())
    patience.add(kept)
    eventually(lambda: called == [kept])


def test_a_job_that_fails_does_not_stop_the_crew() -> None:
    done = threading.Event()
    crew = Crew()
    crew.submit(lambda: 1 // 0)
    crew.submit(done.set)
    assert done.wait(5)
