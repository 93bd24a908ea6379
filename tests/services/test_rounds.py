"""Rounds go on whatever happens, begin at once when hints may have been lost, and look at no more than a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chatapp.realtime.fanout import Fanout
from chatapp.realtime.reads import Reads
from chatapp.services import cursor_rounds, rounds
from chatapp.services.cursor_rounds import CursorRounds
from chatapp.services.rounds import Rounds
from tests.realtime.workers import Worker
from tests.support.waiting import eventually


class Resubscribing:
    """A bus of which only the return matters."""

    listened = False

    def __init__(self) -> None:
        self.back: list[Callable[[], None]] = []

    def publish(self, *_: object) -> None:
        pass

    def on(self, *_: object) -> None:
        pass

    def on_resubscribed(self, callback: Callable[[], None]) -> None:
        self.back.append(callback)


class Looking(Rounds[int]):
    """Notes what it looks at; what is `bad` it cannot look at."""

    def __init__(self, bus: Resubscribing) -> None:
        super().__init__(bus)
        self.seen: list[int] = []
        self.bad = 2

    def pages(self) -> list[int]:
        return [1, 2, 3]

    def look(self, page: int) -> None:
        self.seen.append(page)
        if page == self.bad:
            raise ConnectionError("the database is away")


@pytest.fixture
def bus() -> Resubscribing:
    return Resubscribing()


@pytest.fixture
def looking(bus: Resubscribing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Looking]:
    monkeypatch.setattr(rounds, "PAUSE_S", 0.001)
    looking = Looking(bus)
    yield looking
    looking.stop()


def test_a_page_that_fails_does_not_end_the_round_nor_the_rounds(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "EVERY_S", 0.01)
    looking.start()
    eventually(lambda: len(looking.seen) >= 9, what="three rounds")
    assert looking.seen[:9] == [1, 2, 3] * 3


def test_when_redis_is_back_a_round_begins_at_once(
    looking: Looking, bus: Resubscribing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "EVERY_S", 3600.0)
    looking.start()
    for times in (1, 2):
        for back in bus.back:
            back()
        eventually(lambda times=times: looking.seen == [1, 2, 3] * times, what="a round")


def test_rooms_are_looked_at_in_pages_of_about_as_many_cursors(
    bus: Resubscribing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursor_rounds, "CURSORS", 5)
    worker = Worker(bus)
    reads = Reads(worker.fanout, bus)
    device = worker.device("alice")
    for room_id, people in enumerate((2, 3, 1, 9, 4, 1)):
        device.enter(room_id)
        cursors = {"alice": 1} | {f"person{n}": 1 for n in range(1, people)}
        reads.answer(device.connection, room_id, cursors, people)
    pages = CursorRounds(None, reads, bus).pages()  # type: ignore[arg-type]
    assert list(pages) == [[0, 1], [2], [3], [4, 5]]
    assert list(CursorRounds(None, Reads(Fanout(), bus), bus).pages()) == []  # type: ignore[arg-type]
