"""A post that comes again is answered with the first result, whatever became of the message, of its sender's rights, of its room."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from chatapp.assistant.asking import Ask
from chatapp.errors import ChatError
from chatapp.payloads import Message, User
from chatapp.services.messages import MessagePosted, Messages
from chatapp.store import changing, members, posting, retention, rooms
from chatapp.store.aside import Aside

from .conftest import Store

END_OF_TIME = 2**52


@pytest.fixture
def talk(store: Store) -> tuple[int, User, User]:
    """A room, its owner Alice, and Bob, who is a member."""
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice)
    store.writer.run(rooms.EnterPublicRoom("general", bob))
    return room, alice, bob


def refused(store: Store, *args: Any, **more: Any) -> str:
    with pytest.raises(ChatError) as refusal:
        store.post(*args, **more)
    return refusal.value.code


def read(posted: posting.Posted) -> Message:
    return msgspec.json.decode(posted.payload, type=Message)


def test_who_was_removed_before_the_ack_learns_that_it_was_stored_and_nothing_else(
    store: Store, talk: tuple[int, User, User]
) -> None:
    room, alice, bob = talk
    store.post(room, alice, "the question")
    first = store.post(room, bob, "@Alice yes", key="same", reply_to=1)
    store.writer.run(changing.React(room, first.seq, alice, "👍", True))
    inside = store.post(room, bob, "@Alice yes", key="same", reply_to=1)
    assert (inside.duplicate, inside.inside, len(read(inside).reactions)) == (True, True, 1)
    store.writer.run(members.RemoveMember(room, alice, "bob"))
    store.writer.run(changing.EditMessage(room, 1, alice, "canary: what else they said"))
    numbers, told = store.numbers(room), len(store.told)

    again = store.post(room, bob, "@Alice yes", key="same", reply_to=1)

    assert (again.seq, again.duplicate, again.inside) == (first.seq, True, False)
    assert read(again) == Message(
        id=first.message.id,
        room="general",
        seq=first.seq,
        changed_seq=first.seq,
        client_id="same",
        sender=bob,
        type="text",
        body="@Alice yes",
        mentions=[],
        created_at=first.message.created_at,
        edited_at=None,
        deleted_at=None,
        uploads=[],
        reactions=[],
    )
    assert (store.numbers(room), len(store.told)) == (numbers, told), "nobody is told anything"


def test_what_a_moderator_deletes_after_the_removal_is_no_news_for_the_removed(
    store: Store, talk: tuple[int, User, User]
) -> None:
    room, alice, bob = talk
    first = store.post(room, bob, "said", key="same")
    store.writer.run(members.RemoveMember(room, alice, "bob"))
    before = store.post(room, bob, "said", key="same")
    store.writer.run(changing.DeleteMessage(room, first.seq, alice))
    assert store.post(room, bob, "said", key="same").payload == before.payload
    store.writer.run(retention.Expire(room, END_OF_TIME))
    assert store.post(room, bob, "said", key="same").payload == before.payload


def test_who_was_removed_is_refused_all_else(store: Store, talk: tuple[int, User, User]) -> None:
    room, alice, bob = talk
    store.post(room, bob, "said", key="same")
    store.writer.run(members.RemoveMember(room, alice, "bob"))
    assert refused(store, room, bob, "something else", key="same") == "conflict"
    assert refused(store, room, bob, "said", key="new") == "not_found"
    mallory = store.user("mallory")
    assert refused(store, room, mallory, "said", key="same") == "not_found"


def test_a_repetition_from_outside_calls_no_assistant_and_one_from_inside_does(
    store: Store, talk: tuple[int, User, User]
) -> None:
    room, alice, bob = talk
    store.post(room, bob, "said", key="same")
    post = posting.PostMessage(room, bob, "same", "digest said", "said")
    ask = Ask(room, post, None, lambda _message, _assistant: pytest.fail("nobody is meant"))
    assert store.writer.run(ask) is not None
    store.writer.run(members.RemoveMember(room, alice, "bob"))
    assert store.writer.run(ask) is None


def test_nothing_follows_from_a_repetition_from_outside(
    store: Store, talk: tuple[int, User, User]
) -> None:
    room, alice, bob = talk
    aside = Aside(store.db)
    messages = Messages(store.db, store.writer, aside)
    followed: list[MessagePosted] = []
    messages.posted.subscribe(followed.append)
    said = ("same", "said")
    first = messages.post(bob, room, "general", *said).wait()
    assert messages.post(bob, room, "general", *said).wait().duplicate
    assert len(followed) == 2, "what its first sending could not begin is begun now"
    store.writer.run(members.RemoveMember(room, alice, "bob"))
    late = messages.post(bob, room, "general", *said).wait()
    found = messages.repeat(bob, "general", *said)
    assert (late.seq, found.seq, late.payload) == (first.seq, first.seq, found.payload)
    assert len(followed) == 2
    aside.close()


def test_a_message_that_somebody_deleted_is_repeated_as_deleted(
    store: Store, talk: tuple[int, User, User]
) -> None:
    room, _, bob = talk
    first = store.post(room, bob, "said", key="same")
    deleted = store.writer.run(changing.DeleteMessage(room, first.seq, bob))
    again = store.post(room, bob, "said", key="same")
    assert (again.duplicate, read(again)) == (True, deleted)
    assert refused(store, room, bob, "another", key="same") == "conflict"


@pytest.mark.parametrize("deleted_before", [False, True])
def test_a_message_that_retention_took_away_is_repeated_as_deleted(
    store: Store, talk: tuple[int, User, User], deleted_before: bool
) -> None:
    room, _, bob = talk
    first = store.post(room, bob, "said", key="same")
    if deleted_before:
        deleted = store.writer.run(changing.DeleteMessage(room, first.seq, bob))
    assert store.writer.run(retention.Expire(room, END_OF_TIME)) is False
    told = len(store.told)
    again = read(store.post(room, bob, "said", key="same"))
    assert again.deleted_at is not None
    if deleted_before:
        assert again.deleted_at == deleted.deleted_at
    assert (again.id, again.seq, again.client_id) == (first.message.id, first.seq, "same")
    assert (again.body, again.created_at) == ("", first.message.created_at)
    assert len(store.told) == told
    assert refused(store, room, bob, "another", key="same") == "conflict"
    elsewhere = store.room(bob, "elsewhere")
    assert refused(store, elsewhere, bob, "said", key="same") == "conflict"
    assert store.post(room, bob, "new").duplicate is False


def test_a_key_that_was_spent_before_it_was_noted_for_what_is_a_conflict(
    store: Store, talk: tuple[int, User, User]
) -> None:
    room, alice, bob = talk
    store.post(room, bob, "said", key="same")
    store.writer.run(retention.Expire(room, END_OF_TIME))
    with store.db.engine.connect() as connection:
        connection.execute(
            text(
                "UPDATE spent_keys SET room_id = NULL, seq = NULL, digest = NULL, created_at = NULL, deleted_at = NULL"
            )
        )
    assert refused(store, room, bob, "said", key="same") == "conflict"
    store.writer.run(members.RemoveMember(room, alice, "bob"))
    assert refused(store, room, bob, "said", key="same") == "conflict"
