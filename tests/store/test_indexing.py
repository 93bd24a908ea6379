"""The search index follows what was posted, many messages at a time."""

from __future__ import annotations

import pytest

from chatapp.store import changing, indexing, search
from tests.support.waiting import eventually

from .conftest import Store, found


def indexed(store: Store, room: int, text: str) -> list[int]:
    """What the index holds as it stands."""
    with store.db.snapshot() as db:
        return [seq for _, seq in search.newest(db, [room], text, 1_000)[0]]


def behind(store: Store, *rooms: int) -> list[int]:
    with store.db.snapshot() as db:
        return indexing.behind(db, rooms)


def test_what_was_posted_is_added_once(store: Store) -> None:
    alice = store.user("alice")
    room, quiet = store.room(alice), store.room(alice, "quiet")
    store.post(room, alice, "needle")
    assert behind(store, room, quiet) == [room]
    assert indexed(store, room, "needle") == []
    for _ in range(2):
        assert store.writer.run(indexing.IndexMessages([room, quiet])) == []
        assert behind(store, room, quiet) == []
        assert indexed(store, room, "needle") == [1]
    store.post(room, alice, "needle again")
    assert found(store, room, "needle") == [2, 1]


def test_what_changes_before_it_is_added_is_added_as_it_is_then(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    for _ in range(3):
        store.post(room, alice, "needle")
    store.writer.run(changing.EditMessage(room, 1, alice, "thread"))
    store.writer.run(changing.DeleteMessage(room, 2, alice))
    assert found(store, room, "needle") == [3]
    assert found(store, room, "thread") == [1]
    # And what is in it by now is taken out of it.
    store.writer.run(changing.EditMessage(room, 1, alice, "needle"))
    store.writer.run(changing.DeleteMessage(room, 3, alice))
    assert indexed(store, room, "needle") == [1]
    assert indexed(store, room, "thread") == []


def test_what_was_deleted_before_it_was_added_is_not_waited_for(store: Store) -> None:
    # Or each search in a room whose last message is deleted would write.
    alice = store.user("alice")
    room = store.room(alice)
    store.post(room, alice, "needle")
    store.writer.run(changing.DeleteMessage(room, 1, alice))
    assert behind(store, room) == []
    store.post(room, alice, "needle")
    assert behind(store, room) == [room]
    assert found(store, room, "needle") == [3]


def test_pages_go_on_where_the_last_one_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "PAGE", 4)
    alice = store.user("alice")
    rooms = [store.room(alice, f"room-{number}") for number in range(4)]
    for room, count in zip(rooms, (3, 5, 0, 2), strict=True):
        for _ in range(count):
            store.post(room, alice, "needle")
    left, pages = rooms, 0
    while left:
        left = store.writer.run(indexing.IndexMessages(left))
        pages += 1
    assert pages == 3
    assert behind(store, *rooms) == []
    assert [len(indexed(store, room, "needle")) for room in rooms] == [3, 5, 0, 2]


def test_it_is_done_soon_although_nobody_searches(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "EVERY_S", 0.01)
    monkeypatch.setattr(indexing, "PAGE", 2)
    alice = store.user("alice")
    rooms = [store.room(alice, f"room-{number}") for number in range(3)]
    indexer = indexing.Indexer(store.writer)
    for _ in range(2):  # also once more, when it rests
        for room in rooms:
            for _ in range(3):
                store.post(room, alice, "needle")
            indexer.posted(room)
        eventually(lambda: not behind(store, *rooms), what="all is added")
    assert [len(indexed(store, room, "needle")) for room in rooms] == [6, 6, 6]
    indexer.stop()
    store.post(rooms[0], alice, "needle")
    indexer.posted(rooms[0])
    assert behind(store, *rooms) == rooms[:1]


def test_much_is_added_in_portions_and_little_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "EVERY_S", 3600.0)
    monkeypatch.setattr(indexing, "PAUSE_S", 0.0)
    monkeypatch.setattr(indexing, "PORTION", 3)
    alice = store.user("alice")
    room = store.room(alice)
    indexer = indexing.Indexer(store.writer)

    def post(count: int) -> None:
        for _ in range(count):
            store.post(room, alice, "needle")
            indexer.posted(room)

    post(2)
    assert behind(store, room) == [room]
    post(1)
    eventually(lambda: not behind(store, room), what="a portion is added")
    monkeypatch.setattr(indexing, "PAUSE_S", 3600.0)
    post(5)  # what the third had begun would be committed before the fifth
    assert behind(store, room) == [room], "a portion was added only just now"
    monkeypatch.setattr(indexing, "PAUSE_S", 0.0)
    post(1)
    eventually(lambda: not behind(store, room), what="what waited is added with what came")


def test_who_searches_has_the_rest_added_and_finds_what_there_is_if_that_fails(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    store.post(room, alice, "needle")
    indexer = indexing.Indexer(store.writer)
    with monkeypatch.context() as full:
        full.setattr("chatapp.store.writer.MAX_WAITING", 0)
        indexer.catch_up([room])
        assert indexed(store, room, "needle") == []
    indexer.catch_up([room])
    assert indexed(store, room, "needle") == [1]
