"""Messages that go: only when they are due, and their keys are never used again."""

from __future__ import annotations

import pytest

from chatapp import clock
from chatapp.errors import ChatError
from chatapp.payloads import User
from chatapp.services.retention import DAY_MS, EMPTY_MS, EVERY_S, Retention
from chatapp.store import changing, reading, rooms

from .conftest import Store, found

ALICE = User("alice", "Alice", "person")


class Hands:
    """A clock that the test turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = clock.now_ms()
        for module in ("chatapp.store.tx", "chatapp.services.retention"):
            monkeypatch.setattr(f"{module}.now_ms", lambda: self.now)


def bodies(store: Store, room: int) -> list[str]:
    with store.db.snapshot() as db:
        return [message.body for message in reading.page(db, room, "x")[0]]


def make(store: Store, retention: str) -> int:
    alice = store.user("alice")
    job = rooms.CreateRoom("x", "x", "public", retention, alice)
    return store.writer.run(job)


def test_a_live_room_is_cleared_five_minutes_after_everyone_left(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(monkeypatch)
    room = make(store, "live")
    here = [room]
    retention = Retention(store.db, store.writer, lambda: here)
    alice = ALICE
    store.post(room, alice, "gone soon", key="k")
    with store.db.snapshot() as db:
        epoch = reading.heads(db, [room])[room][0]
    for _ in range(3):  # somebody is there: nothing goes, however long it takes
        hands.now += EMPTY_MS
        retention.occupy()
        retention.sweep()
    assert bodies(store, room) == ["gone soon"]
    here.clear()
    hands.now += EMPTY_MS
    retention.sweep()
    assert bodies(store, room) == ["gone soon"]
    hands.now += round(EVERY_S * 1000) + 1000
    retention.sweep()
    assert bodies(store, room) == []
    with store.db.snapshot() as db:
        assert reading.heads(db, [room])[room][0] != epoch
    assert found(store, room, "gone") == []
    assert store.post(room, alice, "gone soon", key="k").message.deleted_at is not None
    with pytest.raises(ChatError, match="another message"):
        store.post(room, alice, "something else", key="k")
    assert store.post(room, alice, "new").seq == 2


def test_a_room_of_days_loses_what_is_older_and_keeps_the_rest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(monkeypatch)
    room = make(store, "7")
    retention = Retention(store.db, store.writer, list)
    alice = ALICE
    store.post(room, alice, "old")
    hands.now += 6 * DAY_MS
    store.post(room, alice, "young")
    retention.sweep()
    assert bodies(store, room) == ["old", "young"]
    hands.now += 2 * DAY_MS
    retention.sweep()
    assert bodies(store, room) == ["young"]


def test_a_room_that_keeps_forever_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(monkeypatch)
    room = make(store, "forever")
    store.post(room, ALICE, "kept")
    hands.now += 5000 * DAY_MS
    Retention(store.db, store.writer, list).sweep()
    assert bodies(store, room) == ["kept"]


def test_a_live_room_where_something_was_just_said_is_not_cleared(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(monkeypatch)
    room = make(store, "live")
    retention = Retention(store.db, store.writer, list)
    store.post(room, ALICE, "old")
    hands.now += 2 * EMPTY_MS
    store.post(room, ALICE, "just said")
    retention.sweep()
    assert len(bodies(store, room)) == 2
    hands.now += 2 * EMPTY_MS
    retention.sweep()
    assert bodies(store, room) == []


def test_deleted_messages_leave_the_search_index_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(monkeypatch)
    room = make(store, "live")
    retention = Retention(store.db, store.writer, list)
    for number in range(3):
        store.post(room, ALICE, f"message {number}")
    store.writer.run(changing.DeleteMessage(room, 1, ALICE))
    store.writer.run(changing.DeleteMessage(room, 3, ALICE))
    hands.now += 2 * EMPTY_MS
    retention.sweep()
    assert bodies(store, room) == []
    store.post(room, ALICE, "still found")
    store.writer.run(changing.EditMessage(room, 6, ALICE, "found again"))
    assert found(store, room, "again") == [6]
