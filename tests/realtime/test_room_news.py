"""News of rooms that one is not looking at: at once when it is calm, once a second when it is not."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from chatapp.realtime import room_news as module
from chatapp.realtime.bus import MemoryBus
from chatapp.realtime.room_news import RoomNews
from chatapp.store.reading import Place
from tests.support.waiting import eventually

from .workers import ROOM, SLUG, Device, Worker


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.2)


class NewsWorker(Worker):
    """A worker with people who are members of the room; `asked` holds for whom summaries were read."""

    def __init__(self) -> None:
        super().__init__(MemoryBus())
        self.asked: list[list[str]] = []
        self.fails = False
        self.head = 7
        self.news = RoomNews(self.fanout, self._summarise)

    def _summarise(self, room_id: int, user_ids: list[str]) -> tuple[int, dict[str, bytes]]:
        self.asked.append(sorted(user_ids))
        if self.fails:
            raise ConnectionError("the database is away")
        return self.head, {
            user_id: msgspec.json.encode({"room": SLUG, "for": user_id}) for user_id in user_ids
        }

    def member(self, name: str) -> Device:
        device = self.device(name)
        self.news.connected(name, {ROOM: (7, 3)})
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
    worker.news.connected("alice", {ROOM + 1: (7, 3)})
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


def finds(worker: NewsWorker, name: str, heads: dict[int, int], cursor: int = 3) -> None:
    """A look at the database: where `name` is a member, how far those rooms have come, and how far they were read."""
    found = [Place(name, room_id, head, cursor, 3) for room_id, head in heads.items()]
    worker.news.compare(worker.news.rooms_of([name]), found)


def test_what_no_hint_told_is_told_by_comparing_with_the_database(worker: NewsWorker) -> None:
    alice = worker.member("alice")
    finds(worker, "alice", {ROOM: 7})
    assert worker.asked == [], "she has read that herself"
    worker.head = 8
    finds(worker, "alice", {ROOM: 8})
    alice.sees("room_changed")
    eventually(lambda: not worker.news._due, what="the room has rested")
    finds(worker, "alice", {ROOM: 8})
    assert worker.asked == [["alice"]], "and only once"


def test_a_cursor_that_no_hint_told_of_is_told_to_ones_devices_that_look_elsewhere(
    worker: NewsWorker,
) -> None:
    alice, her_phone = worker.member("alice").enter(), worker.member("alice")
    worker.fails = True
    finds(worker, "alice", {ROOM: 7}, cursor=5)
    eventually(lambda: worker.asked, what="it was tried")
    worker.fails = False
    finds(worker, "alice", {ROOM: 7}, cursor=5)
    assert her_phone.sees("room_changed") == [{"room": SLUG, "for": "alice"}]
    eventually(lambda: worker.news._rooms_of["alice"][ROOM] == 5, what="it is known")
    finds(worker, "alice", {ROOM: 7}, cursor=5)
    worker.news.read(ROOM, "alice", 6)
    her_phone.sees("room_changed", 2)
    eventually(lambda: worker.news._rooms_of["alice"][ROOM] == 6, what="it is known")
    finds(worker, "alice", {ROOM: 7}, cursor=6)
    her_phone.enter()
    worker.news.read(ROOM, "alice", 7)
    her_phone.leave()
    finds(worker, "alice", {ROOM: 7}, cursor=7)
    assert worker.asked == [["alice"]] * 3, "once that failed, once for each of two cursors"
    assert alice.events == []


def test_memberships_that_nobody_told_are_found_by_comparing(worker: NewsWorker) -> None:
    alice, bob = worker.member("alice"), worker.member("bob")
    eve = worker.device("eve")
    finds(worker, "eve", {ROOM: 7})
    assert eve.sees("room_changed") == [{"room": SLUG, "for": "eve"}]
    finds(worker, "bob", {})
    eventually(lambda: not worker.news._due, what="the room has rested")
    before = len(bob.events)
    worker.news.touched(ROOM)
    alice.sees("room_changed", 2)
    assert len(bob.events) == before
    assert worker.asked[-1] == ["alice", "eve"]


def test_who_comes_while_the_database_is_read_is_not_taken_for_removed(worker: NewsWorker) -> None:
    alice = worker.device("alice")
    known = worker.news.rooms_of(["alice"])
    worker.news.added("alice", ROOM)
    worker.news.compare(known, [])
    worker.news.touched(ROOM)
    assert alice.sees("room_changed") == [{"room": SLUG, "for": "alice"}]


def test_nothing_is_kept_of_a_room_whose_people_leave_while_the_database_is_read(
    worker: NewsWorker,
) -> None:
    alice = worker.member("alice")
    known = worker.news.rooms_of(["alice"])
    worker.fanout.leave(alice.connection, "user:alice")
    worker.news.disconnected("alice")
    worker.news.compare(known, [Place("alice", ROOM, 9, 3, 3)])
    assert not worker.news._told
    assert not worker.news._people_in
