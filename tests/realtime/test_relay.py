"""Every change reaches the members of a room once and in order, whatever becomes of the hints. On both buses."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence

import pytest

from chatapp import runtime
from chatapp.payloads import Numbered
from chatapp.realtime import relay as module
from chatapp.realtime.bus import HINT_BYTES, Bus, Kind
from chatapp.realtime.relay import Relay
from tests.support.waiting import eventually

from .workers import ROOM, Device, Worker


class Database:
    """What the relay reads: the numbers of one room, and how often it was asked."""

    def __init__(self) -> None:
        self.epoch = "first"
        self.events: list[Numbered] = []
        self.reads = 0
        self.away = False
        self.page = 1_000

    def commit(self, *bodies: str) -> list[Numbered]:
        events = []
        for body in bodies:
            seq = len(self.events) + 1
            payload = json.dumps({"changed_seq": seq, "body": body}).encode()
            self.events.append(Numbered(seq, "message", payload))
            events.append(self.events[-1])
        return events

    def changes_after(
        self, room_id: int, seq: int
    ) -> Generator[tuple[str, int, Sequence[Numbered]], None, None]:
        self.reads += 1
        self._must_answer()
        missed = self.events[seq:]
        for start in range(0, max(len(missed), 1), self.page):
            found = missed[start : start + self.page]
            yield self.epoch, found[-1].seq if found else seq, found
            self._must_answer()

    def heads(self, room_ids: Collection[int]) -> Mapping[int, tuple[str, int]]:
        self._must_answer()
        return {room_id: (self.epoch, len(self.events)) for room_id in room_ids}

    def _must_answer(self) -> None:
        if self.away:
            raise ConnectionError("the database is away")


class RelayWorker(Worker):
    """A worker with a relay."""

    def __init__(self, bus: Bus, database: Database) -> None:
        super().__init__(bus)
        self.database = database
        self.renewed: list[int] = []
        self.relay = Relay(database, self.fanout, bus, self.renewed.append)
        self.fanout.on_empty = lambda channel: self.relay.close(int(channel.split(":")[1]))

    def join(self, name: str) -> Device:
        """As the product joins."""
        self.relay.open(ROOM)
        snapshot = len(self.database.events)
        self.relay.opened_at(ROOM, self.database.epoch, snapshot)
        with runtime.turn:
            assert self.relay.tail_after(ROOM, snapshot) == []
            return self.device(name).enter()

    def post(self, *bodies: str) -> None:
        events = self.database.commit(*bodies)
        self.relay.committed(ROOM, self.database.epoch, events)


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def workers(
    buses: tuple[Bus, Bus], database: Database
) -> Iterator[tuple[RelayWorker, RelayWorker]]:
    """Two workers of one room; their heads are compared only when a test starts them."""
    both = RelayWorker(buses[0], database), RelayWorker(buses[1], database)
    yield both
    for each in both:
        each.relay.stop()


@pytest.fixture
def frequent_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEADS_SECONDS", 0.05)


def numbers(events: Sequence[dict[str, int]]) -> list[tuple[int, int]]:
    return [(event["prev"], event["changed_seq"]) for event in events]


def test_members_on_every_worker_are_told_with_the_number_before(
    workers: tuple[RelayWorker, RelayWorker],
) -> None:
    here, there = workers
    here.post("before anybody came")
    alice, bob = here.join("alice"), there.join("bob")
    here.post("one")
    assert [event["body"] for event in alice.got("message")] == ["one"]
    bob.sees("message")
    there.post("two", "three")
    assert numbers(bob.sees("message", 3)) == [(1, 2), (2, 3), (3, 4)]
    assert numbers(alice.sees("message", 3)) == [(1, 2), (2, 3), (3, 4)]


def test_a_room_that_nobody_here_is_in_costs_nothing(
    workers: tuple[RelayWorker, RelayWorker],
) -> None:
    here, there = workers
    hinted: list[int] = []
    there.relay.on_hint = hinted.append
    here.post("one")
    eventually(lambda: hinted == [ROOM], what="the hint came")
    assert there.relay.position(ROOM) is None
    assert there.database.reads == 0


def test_what_was_lost_is_found_within_a_second(
    workers: tuple[RelayWorker, RelayWorker], database: Database
) -> None:
    here, there = workers
    alice = there.join("alice")
    there.relay.start()
    database.commit("committed by a worker that died before it could say so")
    assert numbers(alice.sees("message", within=20)) == [(0, 1)]
    here.post("and on")
    assert numbers(alice.sees("message", 2)) == [(0, 1), (1, 2)]


def test_a_hint_that_is_a_little_late_is_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HOLD_SECONDS", 30.0)
    worker = RelayWorker(Silence(), database)
    alice = worker.join("alice")
    first, second = database.commit("one"), database.commit("two")
    worker.relay.committed(ROOM, database.epoch, second)
    assert alice.got("message") == []
    worker.relay.committed(ROOM, database.epoch, first)
    assert numbers(alice.got("message")) == [(0, 1), (1, 2)]
    assert database.reads == 0


def test_a_hint_that_does_not_come_is_read(database: Database) -> None:
    worker = RelayWorker(Silence(), database)
    alice = worker.join("alice")
    database.commit("one", "two")
    worker.relay.committed(ROOM, database.epoch, database.commit("three"))
    assert numbers(alice.sees("message", 3)) == [(0, 1), (1, 2), (2, 3)]
    assert database.reads == 1


def test_a_long_gap_is_filled_in_pages_and_in_order(database: Database) -> None:
    worker = RelayWorker(Silence(), database)
    alice = worker.join("alice")
    database.page = 300  # more than the relay sends in one turn, less than what is missing
    database.commit(*map(str, range(999)))
    worker.relay.committed(ROOM, database.epoch, database.commit("the last"))
    events = alice.sees("message", 1000)
    assert numbers(events) == [(number, number + 1) for number in range(1000)]
    assert database.reads == 1, "all pages are of one snapshot"


def test_a_long_gap_that_breaks_off_has_its_room_come_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = RelayWorker(Silence(), database)
    alice = worker.join("alice")
    database.page = 2
    database.commit("one", "two", "three")
    worker.relay.on_event(lambda _room, event: monkeypatch.setattr(database, "away", True))
    worker.relay.committed(ROOM, database.epoch, database.commit("four"))
    eventually(lambda: worker.renewed == [ROOM], what="the room's connections are to come anew")
    assert numbers(alice.got("message")) == [(0, 1), (1, 2)], "what was read went out, and no more"
    assert worker.relay.position(ROOM) is None


def test_what_is_too_large_for_a_hint_is_read_by_those_who_serve_the_room(
    workers: tuple[RelayWorker, RelayWorker], database: Database
) -> None:
    here, there = workers
    bob = there.join("bob")
    here.post("x" * HINT_BYTES)
    assert len(bob.sees("message")[0]["body"]) == HINT_BYTES
    assert database.reads == 1


def test_hints_that_come_twice_or_late_are_sent_once(database: Database) -> None:
    worker = RelayWorker(Silence(), database)
    alice = worker.join("alice")
    one, two = database.commit("one"), database.commit("two")
    for events in (one, two, one, two, one):
        worker.relay.committed(ROOM, database.epoch, events)
    assert numbers(alice.got("message")) == [(0, 1), (1, 2)]


def test_while_the_database_is_away_the_room_waits_and_then_goes_on(
    database: Database, frequent_heads: None, caplog: pytest.LogCaptureFixture
) -> None:
    worker = RelayWorker(Silence(), database)
    alice = worker.join("alice")
    worker.relay.start()
    database.commit("missed")
    database.away = True
    worker.relay.committed(ROOM, database.epoch, database.commit("held"))
    eventually(lambda: "failed" in caplog.text, what="a read has failed")
    assert alice.got("message") == []
    database.away = False
    assert numbers(alice.sees("message", 2)) == [(0, 1), (1, 2)]
    worker.relay.stop()


def test_a_restored_backup_sends_its_room_away(database: Database, frequent_heads: None) -> None:
    worker = RelayWorker(Silence(), database)
    worker.join("alice")
    worker.relay.start()
    database.epoch = "second"
    eventually(lambda: worker.renewed == [ROOM], what="the room's connections are to come anew")
    assert worker.relay.position(ROOM) is None
    worker.relay.stop()


def test_who_joins_a_restored_room_is_the_first_to_notice(database: Database) -> None:
    worker = RelayWorker(Silence(), database)
    worker.post("one")
    worker.join("alice")
    database.epoch = "second"
    database.events.clear()
    bob = worker.join("bob")
    assert worker.renewed == [ROOM]
    worker.post("anew")
    assert numbers(bob.got("message")) == [(0, 1)]


def test_a_hint_of_another_epoch_is_not_believed(database: Database) -> None:
    worker = RelayWorker(Silence(), database)
    alice = worker.join("alice")
    worker.relay.committed(ROOM, "another", [Numbered(1, "message", b"{}")])
    assert alice.got("message") == []
    worker.post("one")
    assert numbers(alice.got("message")) == [(0, 1)]


def test_who_joins_gets_what_went_out_since_the_snapshot(database: Database) -> None:
    worker = RelayWorker(Silence(), database)
    worker.join("alice")
    worker.relay.open(ROOM)
    snapshot = len(database.events)
    worker.post("one")
    worker.post("two")
    worker.relay.opened_at(ROOM, database.epoch, snapshot)
    assert len(worker.relay.tail_after(ROOM, snapshot) or []) == 2
    assert worker.relay.tail_after(ROOM, 2) == []
    worker.post(*map(str, range(300)))
    assert worker.relay.tail_after(ROOM, snapshot) is None, "too long ago: to be read again"


def test_the_first_to_join_gets_what_was_hinted_while_the_snapshot_was_read(
    database: Database,
) -> None:
    worker = RelayWorker(Silence(), database)
    worker.post("in the snapshot")
    worker.relay.open(ROOM)
    worker.post("after it")
    assert worker.relay.tail_after(ROOM, 1) is None, "nobody knows yet where the room stands"
    worker.relay.opened_at(ROOM, database.epoch, 1)
    tail = worker.relay.tail_after(ROOM, 1)
    assert tail is not None
    assert b"after it" in tail[0]


def test_a_room_is_let_go_with_its_last_member(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = RelayWorker(Silence(), database)
    alice = worker.join("alice")
    alice.leave()
    assert worker.relay.position(ROOM) == 0, "somebody may be joining"
    monkeypatch.setattr(module, "JOIN_SECONDS", -1.0)
    bob = worker.join("bob")
    bob.leave()
    assert worker.relay.position(ROOM) is None


def test_a_room_that_was_opened_for_nobody_is_let_go(
    database: Database, frequent_heads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "JOIN_SECONDS", 0.1)
    worker = RelayWorker(Silence(), database)
    worker.relay.open(ROOM)
    worker.relay.opened_at(ROOM, database.epoch, 0)
    assert worker.relay.position(ROOM) == 0
    worker.relay.start()
    eventually(lambda: worker.relay.position(ROOM) is None, what="the room is let go")
    worker.relay.stop()


def test_subscribers_see_each_event_and_their_faults_stop_nobody(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    worker = RelayWorker(Silence(), database)
    seen: list[tuple[int, int]] = []

    def fails(_room_id: int, _event: Numbered) -> None:
        raise ValueError("a fault of its own")

    worker.relay.on_event(fails)
    worker.relay.on_event(lambda room_id, event: seen.append((room_id, event.seq)))
    alice = worker.join("alice")
    with caplog.at_level(logging.CRITICAL):
        worker.post("one", "two")
    assert seen == [(ROOM, 1), (ROOM, 2)]
    assert len(alice.got("message")) == 2


def test_heads_are_compared_at_once_after_a_resubscription(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEADS_SECONDS", 60.0)
    bus = Silence()
    worker = RelayWorker(bus, database)
    alice = worker.join("alice")
    worker.relay.start()
    database.commit("lost with the connection to Redis")
    bus.resubscribed()
    assert numbers(alice.sees("message", within=20)) == [(0, 1)]
    worker.relay.stop()


@pytest.mark.parametrize("body", [b"", b"\x00", b"\xff" * 40])
def test_a_hint_that_cannot_be_read_is_passed_over(database: Database, body: bytes) -> None:
    worker = RelayWorker(Silence(), database)
    alice = worker.join("alice")
    worker.relay.hinted(str(ROOM), body)
    worker.post("one")
    assert numbers(alice.got("message")) == [(0, 1)]


class Silence:
    """A bus on which nobody else is."""

    listened = False

    def __init__(self) -> None:
        self.resubscribed: Callable[[], None] = lambda: None

    def publish(self, kind: Kind, key: str, body: bytes) -> None:
        pass

    def on(self, kind: Kind, handler: Callable[[str, bytes], None]) -> None:
        pass

    def on_resubscribed(self, callback: Callable[[], None]) -> None:
        self.resubscribed = callback
