"""Texts being written, on two workers: whoever joins anywhere gets all so far, and what follows continues it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chatapp.payloads import LiveRun, Numbered
from chatapp.realtime.bus import Kind, MemoryBus
from chatapp.realtime.control import Control
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.streams import HELD, Streams

ROOM, ANSWER = 7, "7-2"


class Hall(Fanout):
    """A fan-out that only counts who is there and remembers what they were told."""

    def __init__(self) -> None:
        super().__init__()
        self.present = 0
        self.heard: list[dict[str, Any]] = []

    def count(self, channel: str) -> int:
        return self.present if channel == f"room:{ROOM}" else 0

    def send(self, channel: str, packet: bytes, **options: Any) -> None:
        assert (channel, options) == (f"room:{ROOM}", {"droppable": True})
        _name, payload = msgspec.json.decode(packet.removeprefix(b"2/chat,"))
        self.heard.append(payload)


class LossyBus(MemoryBus):
    """Loses pieces while told to."""

    def __init__(self) -> None:
        super().__init__()
        self.lose = False

    def deliver(self, kind: Kind, key: str, body: bytes) -> None:
        if not (self.lose and kind == Kind.DELTA):
            super().deliver(kind, key, body)


class Worker:
    def __init__(self, *others: Worker) -> None:
        self.hall, self.bus = Hall(), LossyBus()
        for other in others:
            self.bus.link(other.bus)
        self.streams = Streams(self.hall, self.bus, Control(self.bus))
        self.running: list[tuple[str, int]] = []
        self.streams.elsewhere = lambda _room: list(self.running)

    def say(self, text: str, attempt: int = 1) -> None:
        self.streams.extend(ROOM, "tea", ANSWER, attempt, text)

    def live(self) -> list[LiveRun]:
        return self.streams.live(ROOM)


@pytest.fixture
def owner() -> Worker:
    worker = Worker()
    worker.hall.present = 1
    worker.streams.begin(ROOM, ANSWER, 1)
    return worker


@pytest.fixture
def other(owner: Worker) -> Worker:
    worker = Worker(owner)
    worker.running = [(ANSWER, 1)]
    return worker


def test_pieces_carry_their_offset_in_code_points(owner: Worker) -> None:
    owner.say("안녕 🎉")
    owner.say("!")
    assert [(piece["offset"], piece["text"]) for piece in owner.hall.heard] == [
        (0, "안녕 🎉"),
        (4, "!"),
    ]
    assert owner.live() == [LiveRun(ANSWER, 1, "안녕 🎉!")]
    assert owner.hall.heard[0]["room"] == "tea"


def test_another_worker_that_serves_the_room_tells_and_keeps_the_same(
    owner: Worker, other: Worker
) -> None:
    other.hall.present = 1
    owner.say("Hel")
    owner.say("lo")
    assert other.hall.heard == owner.hall.heard
    assert other.live() == owner.live()


def test_a_worker_that_does_not_serve_the_room_keeps_nothing(owner: Worker, other: Worker) -> None:
    owner.say("Hello")
    assert other.hall.heard == []
    assert other.live() == []


def test_who_joins_on_another_worker_gets_all_so_far_and_what_follows_continues_it(
    owner: Worker, other: Worker
) -> None:
    owner.say("Hel")
    other.streams.prepare(ROOM)
    [snapshot] = other.live()
    other.hall.present = 1
    owner.say("lo")
    assert snapshot.text == "Hel"
    assert [(piece["offset"], piece["text"]) for piece in other.hall.heard] == [(3, "lo")]
    assert other.live() == owner.live()


def test_a_lost_piece_is_noticed_by_the_next_and_the_text_mended(
    owner: Worker, other: Worker
) -> None:
    other.hall.present = 1
    owner.say("one ")
    other.bus.lose = True
    owner.say("two ")
    other.bus.lose = False
    owner.say("three ")
    assert other.live() == [LiveRun(ANSWER, 1, "one two three ")]


def test_while_the_beginning_is_unknown_nothing_is_shown(owner: Worker, other: Worker) -> None:
    owner.say("one ")
    owner.bus.lose = True  # questions are lost as well: nobody tells the whole text
    owner.streams._control._handlers.clear()
    other.streams.prepare(ROOM)
    owner.say("two ")
    assert other.live() == []


def test_what_is_held_is_bounded(owner: Worker, other: Worker) -> None:
    other.hall.present = 1
    owner.say("lost ")
    owner.streams._control._handlers.clear()
    other.streams._expect(ROOM, [(ANSWER, 1)])
    other.streams._rooms[ROOM][ANSWER].whole = False
    for _ in range(HELD + 50):
        owner.say("x")
    assert len(other.streams._rooms[ROOM][ANSWER].held) == HELD


def test_joining_a_room_where_nothing_is_written_does_not_wait(other: Worker) -> None:
    other.running = []
    other.streams.prepare(ROOM)
    assert other.live() == []


def test_the_end_is_told_everywhere(owner: Worker, other: Worker) -> None:
    other.hall.present = 1
    owner.say("Hello")
    owner.streams.end(ROOM, ANSWER, 1)
    assert owner.live() == other.live() == []
    assert other.streams._rooms == owner.streams._rooms == {}


def test_a_lost_end_is_learnt_from_the_message_itself(owner: Worker, other: Worker) -> None:
    from tests.assistant.test_context import ASSISTANT, message

    other.hall.present = 1
    owner.say("Hello")
    other.bus.lose = True
    owner.streams.end(ROOM, ANSWER, 1)
    run = {"attempt": 1, "asker": {"id": "a", "name": "A", "kind": "person"}, "versions": 1}
    ended = msgspec.json.encode(message(2, ASSISTANT, "Hello", id=ANSWER, status="done", run=run))
    other.streams.on_event(ROOM, Numbered(3, "message_changed", ended))
    assert other.live() == []


def test_a_new_attempt_replaces_the_old_one_and_late_pieces_of_that_are_dropped(
    owner: Worker, other: Worker
) -> None:
    other.hall.present = 1
    owner.say("old")
    third = Worker(owner, other)
    third.streams.begin(ROOM, ANSWER, 2)
    third.say("new", attempt=2)
    owner.bus.link(other.bus)
    told = len(other.hall.heard)
    owner.say(" and late")
    assert other.live() == [LiveRun(ANSWER, 2, "new")]
    assert len(other.hall.heard) == told


def test_that_a_tool_is_used_is_told_everywhere_until_the_text_goes_on(
    owner: Worker, other: Worker
) -> None:
    other.hall.present = 1
    owner.say("Let me look.")
    owner.streams.use(ROOM, "tea", ANSWER, 1, "search_room")
    for worker in (owner, other):
        assert worker.hall.heard[-1]["tool"] == "search_room"
        assert [run.tool for run in worker.live()] == ["search_room"]
    owner.say(" Found.")
    for worker in (owner, other):
        assert [run.tool for run in worker.live()] == [msgspec.UNSET]
        assert [run.text for run in worker.live()] == ["Let me look. Found."]
    owner.streams.use(ROOM, "tea", ANSWER, 0, "search_room")
    assert "tool" not in other.hall.heard[-1], "an old attempt says nothing"


def test_who_joins_on_another_worker_hears_of_the_tool_too(owner: Worker, other: Worker) -> None:
    owner.streams.use(ROOM, "tea", ANSWER, 1, "search_room")
    other.running = [(ANSWER, 1)]
    other.streams.prepare(ROOM)
    assert other.live() == [LiveRun(ANSWER, 1, "", "search_room")]
