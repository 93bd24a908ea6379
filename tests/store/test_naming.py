"""Who a name behind an @ means: members only, whatever the case, and at a cost that does not grow with the room."""

from __future__ import annotations

from sqlalchemy import text

from chatapp.payloads import User
from chatapp.services.mentions import signs
from chatapp.store import changing, naming, people, rooms
from chatapp.store.naming import _BEARERS

from .conftest import Store


def mentioned(store: Store, room: int, user: User, body: str) -> list[str]:
    return [span.user_id for span in store.post(room, user, body).message.mentions]


def test_a_name_means_a_member_whatever_its_case(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    store.user("mallory")
    room = store.room(alice)
    store.writer.run(rooms.EnterPublicRoom("general", bob))
    assert mentioned(store, room, alice, "@BOB and @Mallory and @assistant") == ["bob", "assistant"]


def test_who_enters_is_found_in_the_very_next_message(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice)
    enters = store.writer.submit(rooms.EnterPublicRoom("general", bob))
    posted = store.submit(room, alice, "welcome @Bob")
    enters.wait()
    assert [span.user_id for span in posted.wait().message.mentions] == ["bob"]


def test_a_new_name_is_found_and_the_old_one_is_not(store: Store) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    store.writer.run(people.RenamePerson("alice", "Älïce 앨리스", ["alice2"]))
    assert mentioned(store, room, alice, "@älïce 앨리스야 @Alice") == ["alice"]


def test_an_edit_mentions_whom_it_names(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    room = store.room(alice)
    store.writer.run(rooms.EnterPublicRoom("general", bob))
    first = store.post(room, alice, "hello")
    body = "hello @bob"
    edit = changing.EditMessage(room, first.seq, alice, body, signs(body))
    assert [span.user_id for span in store.writer.run(edit).mentions] == ["bob"]


def test_the_same_name_elsewhere_means_nobody_here(store: Store) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    here, there = store.room(alice, "here"), store.room(bob, "there")
    with store.db.snapshot() as db:
        found = naming.bearers(db, [(here, signs("@bob @alice")), (there, signs("@bob @alice"))])
    assert found == {(here, "alice"): "alice", (there, "bob"): "bob"}


def test_no_plan_reads_the_members_of_the_room(store: Store) -> None:
    with store.db.engine.connect() as connection:
        if store.db.dialect == "sqlite":
            plan = connection.execute(
                text(f"EXPLAIN QUERY PLAN {_BEARERS.sqlite}"), {"wanted": '[[1,"bob"]]'}
            ).all()
            steps = [row[3] for row in plan]
            assert any("ix_users_mention_key (mention_key=?)" in step for step in steps), steps
            assert any("(room_id=? AND user_id=?)" in step for step in steps), steps
        else:
            connection.execute(text("SET enable_seqscan = off"))
            plan = connection.exec_driver_sql(
                f"EXPLAIN {_BEARERS.postgres}", {"wanted": '[[1,"bob"]]'}
            ).all()
            steps = "\n".join(row[0] for row in plan)
            assert "ix_users_mention_key" in steps, steps
            assert "Seq Scan" not in steps, steps
