"""Edits, deletes and reactions: each takes a number, and a gap is filled with the state they led to."""

from __future__ import annotations

import pytest

from chatapp.errors import ChatError
from chatapp.store import changing, reading, rooms

from .conftest import Store, found


def test_an_edit_keeps_the_place_takes_a_number_and_keeps_the_old_text(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    store.post(room, alice, "frist")
    edited = store.writer.run(changing.EditMessage(room, 1, alice, "first"))
    assert (edited.seq, edited.changed_seq, edited.body) == (1, 2, "first")
    assert edited.edited_at is not None


def test_only_the_author_edits_and_only_the_author_or_a_moderator_deletes(store: Store) -> None:
    alice, bob, carol = (store.user(name) for name in ("alice", "bob", "carol"))
    room = store.room(alice)
    for user in (bob, carol):
        store.writer.run(rooms.EnterPublicRoom("general", user))
    store.post(room, bob, "mine")
    for job in (
        changing.EditMessage(room, 1, alice, "not yours"),
        changing.DeleteMessage(room, 1, carol),
    ):
        with pytest.raises(ChatError) as refusal:
            store.writer.run(job)
        assert refusal.value.code == "forbidden"
    assert store.writer.run(changing.EditMessage(room, 1, bob, "still mine")).body == "still mine"
    assert store.writer.run(changing.DeleteMessage(room, 1, alice)).body == ""


def test_a_stranger_cannot_tell_a_foreign_message_from_none(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice, kind="private")
    store.post(room, alice, "secret")
    answers = set()
    for seq in (1, 2):
        with pytest.raises(ChatError) as refusal:
            store.writer.run(changing.React(room, seq, bob, "👍", True))
        answers.add(str(refusal.value))
    assert len(answers) == 1
    assert answers.pop().startswith("not_found")


def test_a_reaction_that_is_there_takes_no_second_number(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    store.post(room, alice, "hello")
    first = store.writer.run(changing.React(room, 1, alice, "👍", True))
    again = store.writer.run(changing.React(room, 1, alice, "👍", True))
    assert (first.changed_seq, again.changed_seq) == (2, 2)
    assert first.reactions[0].users == ["alice"]
    gone = store.writer.run(changing.React(room, 1, alice, "👍", False))
    assert (gone.changed_seq, gone.reactions) == (3, [])


def test_a_deleted_message_leaves_its_place_and_nothing_else(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    store.post(room, alice, "regrettable")
    store.writer.run(changing.React(room, 1, alice, "👍", True))
    deleted = store.writer.run(changing.DeleteMessage(room, 1, alice))
    assert (deleted.seq, deleted.body, deleted.reactions, deleted.mentions) == (1, "", [], [])
    assert found(store, room, "regrettable") == []
    with pytest.raises(ChatError):
        store.writer.run(changing.EditMessage(room, 1, alice, "back again"))


def test_a_gap_is_filled_with_each_message_once_in_its_current_state(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    store.post(room, alice, "one")
    store.post(room, alice, "two")
    store.writer.run(changing.EditMessage(room, 1, alice, "one!"))
    store.writer.run(rooms.RenameRoom(room, alice, "Renamed"))
    store.writer.run(changing.React(room, 2, alice, "👍", True))
    with store.db.snapshot() as db:
        _epoch, head, events = reading.numbered_after(db, room, 0)
        assert [(each.seq, each.event) for each in events] == [
            (3, "message"),
            (4, "room"),
            (5, "message"),
        ]
        _epoch, head, events = reading.numbered_after(db, room, 1)
        assert [(each.seq, each.event) for each in events] == [
            (3, "message_changed"),
            (4, "room"),
            (5, "message"),
        ]
    assert head == 5
    assert store.numbers(room) == [1, 2, 3, 4, 5]


def test_a_long_gap_comes_in_pages_that_never_skip(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GAP_PAGE", 4)
    alice = store.user("alice")
    room = store.room(alice)
    for n in range(10):
        store.post(room, alice, str(n))
        store.writer.run(rooms.RenameRoom(room, alice, f"name {n}"))
    place, seen = 0, []
    while place < 20:
        with store.db.snapshot() as db:
            _epoch, reached, events = reading.numbered_after(db, room, place)
        assert reached > place
        seen += [each.seq for each in events]
        place = reached
    assert seen == list(range(1, 21))


def test_a_message_changed_beyond_the_page_of_its_place_comes_once_and_as_new(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GAP_PAGE", 3)
    alice = store.user("alice")
    room = store.room(alice)
    store.post(room, alice, "told before")
    for n in range(2, 8):
        store.post(room, alice, f"new {n}")
    store.writer.run(changing.EditMessage(room, 2, alice, "new, and edited"))
    store.writer.run(changing.EditMessage(room, 1, alice, "old, and edited"))
    pages = []
    with store.db.snapshot() as db:
        for _epoch, _reached, events in reading.all_numbered_after(db, room, 1):
            pages.append([(each.seq, each.event) for each in events])
            # Meanwhile it goes on: what is changed now is told after this, as changed.
            store.writer.run(changing.EditMessage(room, 3, alice, f"page {len(pages)}"))
    assert pages == [
        [(3, "message"), (4, "message"), (5, "message")],
        [(6, "message"), (7, "message"), (8, "message")],
        [(9, "message_changed")],
    ]
    with store.db.snapshot() as db:
        (page,) = reading.all_numbered_after(db, room, 9)
    assert [(each.seq, each.event) for each in page[2]] == [(12, "message_changed")]
