"""Searches run aside: they end in bounded time, hold nobody up, and find what the whole house may read."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from chatapp.errors import ChatError
from chatapp.services.messages import SEARCH_RESULTS, Messages
from chatapp.store import aside as aside_module
from chatapp.store import rooms, search
from chatapp.store.aside import Aside
from chatapp.store.sql import Connection, Statement

from .conftest import Store

# Counts far enough that no machine ends it by itself.
ENDLESS = Statement(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT count(*) FROM n"
)
ONE = Statement("SELECT 1")


@pytest.fixture
def aside(store: Store) -> Iterator[Aside]:
    aside = Aside(store.db)
    yield aside
    aside.close()


def test_a_read_that_takes_too_long_is_ended_and_the_next_one_works(
    store: Store, aside: Aside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside_module, "LIMIT_S", 0.2)
    monkeypatch.setattr(aside_module, "_LIMIT", "SET LOCAL statement_timeout = 200")
    for _ in range(3):
        with pytest.raises(ChatError) as refusal:
            aside.read(lambda db: db.value(ENDLESS))
        assert refusal.value.code == "overloaded"
    monkeypatch.undo()
    assert aside.read(lambda db: db.value(ONE)) == 1


def test_writes_and_other_reads_go_on_meanwhile(store: Store, aside: Aside) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    began, go_on = threading.Event(), threading.Event()
    inside: list[int] = []

    def slow(db: Connection) -> int:
        before = db.value(Statement("SELECT count(*) FROM messages"))
        began.set()
        assert go_on.wait(30)
        return before + db.value(Statement("SELECT count(*) FROM messages"))  # type: ignore[no-any-return]

    reader = threading.Thread(target=lambda: inside.append(aside.read(slow)))
    reader.start()
    assert began.wait(30)
    store.post(room, alice, "meanwhile")
    assert store.numbers(room) == [1]
    assert aside.read(lambda db: db.value(Statement("SELECT count(*) FROM messages"))) == 1
    go_on.set()
    reader.join(30)
    assert inside == [0]  # one moment, from its beginning to its end


def test_refusals_come_through_as_they_are(store: Store, aside: Aside) -> None:
    def refuse(db: Connection) -> None:
        db.value(ONE)
        raise ChatError("not_found", "No such room.")

    for _ in range(3):
        with pytest.raises(ChatError, match="No such room"):
            aside.read(refuse)
    assert aside.read(lambda db: db.value(ONE)) == 1


def test_there_is_more_only_beyond_a_full_answer(store: Store, aside: Aside) -> None:
    alice = store.user("alice")
    room = store.room(alice)
    messages = Messages(store.db, store.writer, aside)
    for number in range(SEARCH_RESULTS):
        store.submit(room, alice, f"needle {number}")
    last = store.post(room, alice, "hay")
    found = messages.search(alice, "needle")
    assert [message.seq for message in found.messages] == list(range(1, last.seq))
    assert not found.more
    store.post(room, alice, "needle once more")
    found = messages.search(alice, "needle", "general")
    assert [message.seq for message in found.messages] == [*range(2, last.seq), last.seq + 1]
    assert found.more


def test_all_of_ones_rooms_are_searched_and_nobody_elses(store: Store, aside: Aside) -> None:
    alice, bob = store.user("alice"), store.user("bob")
    shared, own = store.room(alice, "shared"), store.room(alice, "own", "private")
    store.writer.run(rooms.EnterPublicRoom("shared", bob))
    messages = Messages(store.db, store.writer, aside)
    for room in (shared, own, shared):
        store.post(room, alice, "needle")
    places = [(message.room, message.seq) for message in messages.search(alice, "needle").messages]
    assert sorted(places) == [("own", 1), ("shared", 1), ("shared", 2)]
    places = [(message.room, message.seq) for message in messages.search(bob, "needle").messages]
    assert places == [("shared", 1), ("shared", 2)]
    with pytest.raises(ChatError) as refusal:
        messages.search(bob, "needle", "own")
    assert refusal.value.code == "not_found"


def plan(store: Store, statement: Statement, **params: object) -> str:
    with store.db.engine.connect() as connection:
        if store.db.dialect == "sqlite":
            rows = connection.execute(text(f"EXPLAIN QUERY PLAN {statement.sqlite}"), params)
            return "\n".join(row[3] for row in rows)
        connection.execute(text("SET enable_seqscan = off"))  # a table of nothing has no other plan
        rows = connection.exec_driver_sql(f"EXPLAIN {statement.postgres}", params)
        return "\n".join(row[0] for row in rows)


def test_a_search_reads_its_index_in_the_order_of_the_answer(store: Store) -> None:
    if store.db.dialect == "sqlite":
        steps = plan(store, search._FIND, room=1, query='"a"', low=0, high=9, limit=50)
        assert "SCAN search VIRTUAL TABLE" in steps
        assert "TEMP B-TREE" not in steps
    else:
        steps = plan(store, search._FIND, rooms=[1], query="'a'", limit=50)
        assert "Seq Scan" not in steps
        assert "search_documents" in steps


@pytest.mark.parametrize("name", ["LATEST", "BEFORE", "AFTER", "CHANGED"])
def test_a_page_is_one_range_of_an_index(store: Store, name: str) -> None:
    from chatapp.store import messages

    params = {"room": 1, "limit": 50, "place": 7}
    if name == "LATEST":
        del params["place"]
    steps = plan(store, getattr(messages, name), **params)
    index = "ix_messages_room_id_changed_seq" if name == "CHANGED" else "pk_messages"
    if store.db.dialect == "sqlite":
        index = index.replace("pk_messages", "PRIMARY KEY")
        assert f"SEARCH m USING {'INDEX ' if 'ix' in index else ''}{index} (room_id=?" in steps
        assert "TEMP B-TREE" not in steps
    else:
        assert index in steps
        assert "Sort" not in steps
        assert "Seq Scan" not in steps
