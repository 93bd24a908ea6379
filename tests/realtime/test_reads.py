"""Read cursors: at once when it is calm, once a second when it is not."""

from __future__ import annotations

import pytest

from chatapp.realtime import reads as module
from chatapp.realtime.bus import Bus
from chatapp.realtime.reads import READS_MEMBERS, Reads

from .workers import ROOM, SLUG, Worker


class ReadingWorker(Worker):
    """A worker where people read."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        self.reads = Reads(self.fanout, bus)

    def read(self, name: str, seq: int, members: int = 3) -> None:
        self.reads.moved(ROOM, SLUG, name, seq, members)


@pytest.fixture
def workers(buses: tuple[Bus, Bus]) -> tuple[ReadingWorker, ReadingWorker]:
    return ReadingWorker(buses[0]), ReadingWorker(buses[1])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.2)


def test_cursors_reach_the_room_on_every_worker(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, there = workers
    alice, bob = here.device("alice").enter(), there.device("bob").enter()
    here.read("alice", 5)
    expected = [{"room": SLUG, "reads": {"alice": 5}}]
    assert alice.sees("read") == bob.sees("read") == expected


def test_many_cursors_make_one_event_with_the_furthest_of_each(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, there = workers
    bob = there.device("bob").enter()
    here.read("alice", 1)
    bob.sees("read")
    for seq in (2, 9, 3):
        here.read("alice", seq)
        there.read("carol", seq)
    assert bob.sees("read", 2)[1] == {"room": SLUG, "reads": {"alice": 9, "carol": 9}}
    here.read("alice", 10)
    assert bob.sees("read", 3)[2]["reads"] == {"alice": 10}
    assert len(bob.got("read")) == 3


def test_in_large_rooms_cursors_are_told_to_nobody(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, _ = workers
    alice = here.device("alice").enter()
    here.read("bob", 5, members=READS_MEMBERS + 1)
    here.read("bob", 6, members=READS_MEMBERS)
    assert alice.sees("read")[0]["reads"] == {"bob": 6}


def test_a_cursor_never_seems_to_go_back(workers: tuple[ReadingWorker, ReadingWorker]) -> None:
    here, there = workers
    bob = here.device("bob").enter()
    here.read("alice", 9)
    bob.sees("read")
    here.read("carol", 1)  # what is said next rests for a moment
    there.read("alice", 7)  # by another worker, and later than it was
    there.read("dave", 3)
    assert bob.sees("read", 2)[1]["reads"] == {"carol": 1, "alice": 9, "dave": 3}
    here.reads.know(ROOM, {"dave": 5})  # somebody joins, and is shown that
    there.read("dave", 4)
    assert bob.sees("read", 3)[2]["reads"] == {"dave": 5}
    bob.leave()
    here.reads.close(ROOM)
    assert not here.reads._known
