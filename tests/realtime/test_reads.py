"""Read cursors: at once when it is calm, once a second when it is not."""

from __future__ import annotations

import pytest

from chatapp.realtime import reads as module
from chatapp.realtime.bus import Bus
from chatapp.realtime.reads import READS_MEMBERS, Reads

from .workers import ROOM, SLUG, Device, Worker


class ReadingWorker(Worker):
    """A worker where people read."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        self.reads = Reads(self.fanout, bus)

    def read(self, name: str, seq: int, members: int = 3) -> None:
        self.reads.moved(ROOM, SLUG, name, seq, members)

    def answer(self, to: Device, reads: dict[str, int], members: int = 3) -> dict[str, int]:
        """What a device is told when these cursors were read for its answer."""
        return self.reads.answer(to.connection, ROOM, reads, members)


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


def test_in_large_rooms_cursors_are_told_to_ones_own_devices_alone(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, there = workers
    many = READS_MEMBERS + 1
    alice, her_phone, her_tablet = (
        here.device("alice").enter(),
        there.device("alice").enter(),
        there.device("alice"),
    )
    bob, carol = here.device("bob").enter(), there.device("carol").enter()
    here.read("alice", 5, members=many)
    expected = [{"room": SLUG, "reads": {"alice": 5}}]
    assert alice.sees("read") == her_phone.sees("read") == expected
    there.read("alice", 4, members=many)  # by another worker, and later than it was
    there.read("alice", 6, members=many)
    assert her_phone.sees("read", 2)[1]["reads"] == {"alice": 6}
    assert alice.sees("read", 2)[1]["reads"] == {"alice": 6}
    here.read("bob", 6, members=READS_MEMBERS)
    assert bob.sees("read") == carol.sees("read") == [{"room": SLUG, "reads": {"bob": 6}}]
    assert her_tablet.got("read") == [], "it has not joined the room"
    assert here.reads.counts() == {ROOM: 1}, "of a large room nothing is kept of others"


def test_a_device_that_was_told_its_cursor_in_an_ack_is_told_nothing_less(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, there = workers
    many = READS_MEMBERS + 1
    alice = here.device("alice").enter()
    here.answer(alice, {"alice": 9}, many)
    there.read("alice", 7, members=many)
    there.read("alice", 10, members=many)
    assert alice.sees("read")[0]["reads"] == {"alice": 10}
    assert not here.reads._known


def test_a_cursor_that_no_hint_told_of_is_found_by_comparing(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, _ = workers
    bob = here.device("bob").enter()
    here.answer(bob, {"alice": 3, "bob": 2, "gone": 1})
    found = {ROOM: (SLUG, {"alice": 3, "bob": 4, "carol": 5, "dave": 0})}
    here.reads.compare(here.reads.known([ROOM]), found)
    bob.sees("read")
    here.reads.compare(here.reads.known([ROOM]), found)
    here.read("alice", 6)
    assert bob.sees("read", 2) == [
        {"room": SLUG, "reads": {"bob": 4, "carol": 5}},
        {"room": SLUG, "reads": {"alice": 6}},
    ]
    assert here.reads.known([ROOM]) == {ROOM: {"alice", "bob", "carol"}}, (
        "who has left is forgotten"
    )


def test_who_has_left_is_in_no_answer_although_no_hint_told_of_it(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, _ = workers
    here.answer(here.device("bob").enter(), {"bob": 2, "gone": 1, "carol": 3})
    # "gone" read on by way of another worker, and left; nobody told this one.
    before = here.reads.known([ROOM])[ROOM]
    carol = here.device("carol").enter()
    here.read("dave", 5)  # he comes and reads, while carol's join is under way
    carol.sees("read")
    told = here.reads.answer(carol.connection, ROOM, {"bob": 1, "carol": 4}, 3, before)
    assert told == {"bob": 2, "carol": 4, "dave": 5}
    assert "gone" not in here.reads.known([ROOM])[ROOM]


def test_what_one_is_shown_in_an_answer_the_others_are_told(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, _ = workers
    bob = here.device("bob").enter()
    here.answer(bob, {"alice": 3, "bob": 2})  # he joins, alone: there is nobody to tell
    alice = here.device("alice").enter()
    here.answer(alice, {"alice": 5, "bob": 2})  # and she, whose hint was lost
    assert bob.sees("read") == [{"room": SLUG, "reads": {"alice": 5}}]
    here.answer(alice, {"alice": 5})  # is nothing new
    here.answer(alice, {"alice": 8})  # by another worker, as it turns out
    assert bob.sees("read", 2)[1]["reads"] == {"alice": 8}


def test_who_joins_is_told_what_was_said_after_it_was_read_for_them(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, _ = workers
    bob = here.device("bob").enter()
    here.answer(bob, {"bob": 2})
    here.read("alice", 5)  # she came and read, while carol's join was under way
    bob.sees("read")
    told = here.answer(here.device("carol").enter(), {"bob": 1, "carol": 3})
    assert told == {"bob": 2, "alice": 5, "carol": 3}


@pytest.mark.parametrize("members", [3, READS_MEMBERS + 1])
def test_who_joins_is_told_how_far_they_have_read_elsewhere_meanwhile(
    workers: tuple[ReadingWorker, ReadingWorker], members: int
) -> None:
    here, _ = workers
    alice, bob = here.device("alice").enter(), here.device("bob").enter()
    here.answer(alice, {"alice": 9}, members)
    phone = here.device("alice").enter()
    assert here.reads.said(ROOM, "alice", 4) == 9
    assert here.answer(phone, {"alice": 4}, members)["alice"] == 9
    assert here.answer(phone, {"alice": 12}, members)["alice"] == 12
    here.read("alice", 11, members)  # was on its way
    assert here.answer(alice, {"alice": 10}, members)["alice"] == 12
    stranger = here.device("bob")  # has not joined, and asks
    assert here.answer(stranger, {"bob": 3}, members) == {"bob": 3}
    here.answer(bob, {"bob": 5}, members)
    assert here.answer(stranger, {"bob": 4}, members) == {"bob": 5}


@pytest.mark.parametrize("noticed", [False, True])
def test_what_was_told_in_a_small_room_holds_when_it_has_grown(
    workers: tuple[ReadingWorker, ReadingWorker], noticed: bool
) -> None:
    here, there = workers
    many = READS_MEMBERS + 1
    alice, bob = here.device("alice").enter(), here.device("bob").enter()
    here.read("alice", 9)
    alice.sees("read")
    if noticed:
        here.reads.compare(here.reads.known([ROOM]), {})
    there.read("alice", 8, many)  # by another worker, and later than it was
    there.read("bob", 1, many)
    bob.sees("read", 2)
    assert here.answer(alice, {"alice": 8}, many) == {"alice": 9}
    here.read("alice", 10, many)
    assert [event["reads"]["alice"] for event in alice.sees("read", 2)] == [9, 10]


def test_who_came_while_cursors_were_compared_is_kept(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, _ = workers
    here.answer(here.device("bob").enter(), {"bob": 2})
    known = here.reads.known([ROOM])
    here.answer(here.device("carol").enter(), {"carol": 7})
    here.reads.compare(known, {ROOM: (SLUG, {"bob": 2})})
    assert here.reads.known([ROOM]) == {ROOM: {"bob", "carol"}}


def test_a_room_that_has_grown_too_large_is_compared_no_more(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, _ = workers
    here.answer(here.device("bob").enter(), {"bob": 2})
    here.reads.compare(here.reads.known([ROOM]), {})
    assert here.reads.counts() == {}


def test_ones_own_cursor_in_a_large_room_is_found_by_comparing(
    workers: tuple[ReadingWorker, ReadingWorker],
) -> None:
    here, _ = workers
    alice, bob = here.device("alice").enter(), here.device("bob").enter()
    here.reads.own(ROOM, "alice", 5)
    alice.sees("read")
    here.reads.own(ROOM, "alice", 5)
    here.reads.own(ROOM, "nobody here", 5)
    here.read("alice", 6, members=READS_MEMBERS + 1)
    assert [event["reads"] for event in alice.sees("read", 2)] == [{"alice": 5}, {"alice": 6}]
    here.read("bob", 1)
    assert len(bob.sees("read")) == 1


def test_a_cursor_never_seems_to_go_back(workers: tuple[ReadingWorker, ReadingWorker]) -> None:
    here, there = workers
    bob = here.device("bob").enter()
    here.read("alice", 9)
    bob.sees("read")
    here.read("carol", 1)  # what is said next rests for a moment
    there.read("alice", 7)  # by another worker, and later than it was
    there.read("dave", 3)
    assert bob.sees("read", 2)[1]["reads"] == {"carol": 1, "alice": 9, "dave": 3}
    here.answer(here.device("dave").enter(), {"dave": 5})  # he joins, and is shown that
    there.read("dave", 4)
    assert bob.sees("read", 3)[2]["reads"] == {"dave": 5}
    here.reads.close(ROOM)
    assert not here.reads._known
