"""Read cursors and news of rooms: at once when it is calm, once a second when it is not."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from chatapp.realtime import batches as module
from chatapp.realtime.batches import READS_MEMBERS, Reads, RoomNews
from chatapp.realtime.bus import Bus, MemoryBus
from tests.support.waiting import eventually

from .workers import ROOM, SLUG, Device, Worker


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


class NewsWorker(Worker):
    """A worker with people who are members of the room; `asked` holds for whom summaries were read."""

    def __init__(self) -> None:
        super().__init__(MemoryBus())
        self.asked: list[list[str]] = []
        self.fails = False
        self.news = RoomNews(self.fanout, self._summarise)

    def _summarise(self, room_id: int, user_ids: list[str]) -> dict[str, bytes]:
        self.asked.append(sorted(user_ids))
        if self.fails:
            raise ConnectionError("the database is away")
        return {
            user_id: msgspec.json.encode({"room": SLUG, "for": user_id}) for user_id in user_ids
        }

    def member(self, name: str) -> Device:
        device = self.device(name)
        self.news.connected(name, [ROOM])
        return device


@pytest.fixture
def worker() -> Iterator[NewsWorker]:
    return NewsWorker()


def test_who_looks_elsewhere_is_told_and_who_is_in_the_room_is_not(worker: NewsWorker) -> None:
    alice, bob = worker.member("alice"), worker.member("bob").enter()
    his_phone, stranger = worker.member("bob"), worker.device("carol")
    worker.news.touched(ROOM)
    assert alice.sees("room_changed") == [{"room": SLUG, "for": "alice"}]
    assert his_phone.sees("room_changed") == [{"room": SLUG, "for": "bob"}]
    assert bob.events == stranger.events == []
    assert worker.asked == [["alice", "bob"]]


def test_a_busy_room_is_summed_up_once_a_second_for_all(worker: NewsWorker) -> None:
    alice, bob = worker.member("alice"), worker.member("bob")
    for _ in range(1_000):
        worker.news.touched(ROOM)
    alice.sees("room_changed", 2)
    bob.sees("room_changed", 2)
    assert worker.asked == [["alice", "bob"]] * 2, "at once, and once more for what followed"


def test_a_room_without_anybody_concerned_is_not_summed_up(worker: NewsWorker) -> None:
    alice = worker.member("alice").enter()
    worker.news.touched(ROOM)
    worker.news.touched(ROOM + 1)
    alice.leave()
    eventually(lambda: not worker.news._due, what="the room has rested")
    worker.news.touched(ROOM)
    alice.sees("room_changed")
    assert worker.asked == [["alice"]]


def test_the_more_are_told_the_less_often(
    worker: NewsWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SUMMARIES_A_SECOND", 1)
    for number in range(30):
        worker.member(f"person{number}")
    worker.news.touched(ROOM)
    eventually(lambda: worker.asked, what="they were told")
    worker.news.touched(ROOM)
    monkeypatch.setattr(module, "SUMMARIES_A_SECOND", 1_000)
    other = worker.device("alice")
    worker.news.connected("alice", [ROOM + 1])
    worker.news.touched(ROOM + 1)
    other.sees("room_changed")
    assert len(worker.asked) == 2, "the first room rests for 30 seconds"


def test_who_is_no_longer_a_member_or_gone_is_not_told(worker: NewsWorker) -> None:
    alice, bob, carol = worker.member("alice"), worker.member("bob"), worker.member("carol")
    worker.news.removed("alice", ROOM)
    worker.fanout.leave(bob.connection, "user:bob")
    worker.news.disconnected("bob")
    worker.news.touched(ROOM)
    carol.sees("room_changed")
    assert worker.asked == [["carol"]]
    assert alice.events == bob.events == []
    worker.news.removed("carol", ROOM)
    assert not worker.news._people_in


def test_an_invitation_counts_only_for_who_is_connected(worker: NewsWorker) -> None:
    alice = worker.device("alice")
    worker.news.added("alice", ROOM)
    worker.news.added("nobody", ROOM)
    worker.news.touched(ROOM)
    alice.sees("room_changed")
    assert worker.asked == [["alice"]]


def test_when_it_cannot_be_summed_up_it_is_tried_again(worker: NewsWorker) -> None:
    alice = worker.member("alice")
    worker.fails = True
    worker.news.touched(ROOM)
    eventually(lambda: worker.asked, what="it was tried")
    worker.fails = False
    alice.sees("room_changed")
