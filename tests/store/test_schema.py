"""Migrations: up, down and up again, and never apart from the models."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, text

from chatapp.store import schema


def test_migrations_go_up_down_and_up_again(empty_url: str) -> None:
    schema.upgrade(empty_url)
    schema.downgrade(empty_url)
    engine = create_engine(empty_url)
    left = [name for name in inspect(engine).get_table_names() if name != "alembic_version"]
    assert left == []
    schema.upgrade(empty_url)
    schema.check(engine)
    engine.dispose()


def test_the_migrated_database_is_what_the_models_say(empty_url: str) -> None:
    schema.upgrade(empty_url)
    command.check(schema._config(empty_url))


def test_a_changed_model_would_be_noticed(empty_url: str) -> None:
    schema.upgrade(empty_url)
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE users DROP COLUMN language"))
    engine.dispose()
    with pytest.raises(Exception, match="language"):
        command.check(schema._config(empty_url))


def test_an_older_schema_stops_the_start_with_a_sentence(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with pytest.raises(schema.SchemaError, match="older than this version of chatapp"):
        schema.check(engine)
    schema.upgrade(empty_url)
    schema.check(engine)
    engine.dispose()


def test_a_newer_schema_stops_the_start_and_is_left_alone(empty_url: str) -> None:
    schema.upgrade(empty_url)
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.SchemaError, match="newer than this version of chatapp"):
        schema.upgrade(empty_url)
    engine.dispose()


def test_what_was_said_survives_an_upgrade_and_the_way_back(empty_url: str) -> None:
    schema.upgrade(empty_url, "0001")
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        for statement in (
            (
                "INSERT INTO rooms (id, slug, name, kind, retention, epoch, last_seq, members_count, created_at)"
                " VALUES (1, 'tea', 'tea', 'public', 'forever', 'e', 1, 1, 1)"
            ),
            "INSERT INTO users (id, name, kind, is_admin, created_at) VALUES ('alice', 'Alice', 'guest', false, 1)",
            (
                "INSERT INTO memberships (room_id, user_id, role, read_seq, joined_at)"
                " VALUES (1, 'alice', 'owner', 0, 1)"
            ),
            (
                "INSERT INTO messages (room_id, seq, changed_seq, sender_id, type, body, created_at)"
                " VALUES (1, 1, 1, 'alice', 'text', 'tea?', 1)"
            ),
            (
                "INSERT INTO runs (room_id, seq, assistant_id, asker_id, question_seq, attempt, state, hops, text, queued_at)"
                " VALUES (1, 1, 'assistant', 'alice', 1, 1, 'done', 1, '', 1)"
            ),
        ):
            connection.execute(text(statement))
    for revision in ("head", "0001", "head"):
        (schema.downgrade if revision == "0001" else schema.upgrade)(empty_url, revision)
        with engine.connect() as connection:
            counts = [
                connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
                for table in ("rooms", "memberships", "messages", "runs")
            ]
        assert counts == [1, 1, 1, 1]
    with engine.connect() as connection:
        marks = connection.execute(text("SELECT count(*) FROM messages WHERE NOT not_for_ai"))
        assert marks.scalar() == 1
        assert connection.execute(text("SELECT user_id FROM assistants")).all() == [("assistant",)]
    engine.dispose()


def test_old_receipts_lose_the_providers_address_and_the_words_that_searches_found(
    empty_url: str,
) -> None:
    schema.upgrade(empty_url, "0008")
    engine = create_engine(empty_url)
    models = {
        2: "127.0.0.1:11434/llama3.2",
        3: "api.openai.com/gpt-5-mini",
        4: "local/org/model-1.5",
        5: "demo/demo (no AI)",
        6: None,
    }
    with engine.begin() as connection:
        for statement in (
            (
                "INSERT INTO rooms (id, slug, name, kind, retention, epoch, last_seq, members_count, created_at)"
                " VALUES (1, 'tea', 'tea', 'public', 'forever', 'e', 6, 1, 1)"
            ),
            "INSERT INTO users (id, name, kind, is_admin, created_at) VALUES ('alice', 'Alice', 'guest', false, 1)",
        ):
            connection.execute(text(statement))
        for seq, model in models.items():
            row = {"seq": seq, "model": model}
            connection.execute(
                text(
                    "INSERT INTO messages (room_id, seq, changed_seq, sender_id, type, body, created_at)"
                    " VALUES (1, :seq, :seq, 'assistant', 'text', 'four', 1)"
                ),
                row,
            )
            connection.execute(
                text(
                    "INSERT INTO runs (room_id, seq, assistant_id, asker_id, question_seq, attempt, state, hops, text,"
                    " queued_at, model) VALUES (1, :seq, 'assistant', 'alice', 1, 1, 'done', 1, '', 1, :model)"
                ),
                row,
            )
        for tool in ("search_room", "rename_room"):
            connection.execute(
                text(
                    "INSERT INTO tool_uses (id, room_id, seq, attempt, asker_id, tool, arguments, state, result, at)"
                    " VALUES (:tool, 1, 2, 1, 'alice', :tool, '{}', 'done', 'what it was told', 1)"
                ),
                {"tool": tool},
            )
    schema.upgrade(empty_url)
    with engine.connect() as connection:
        kept = {row[0]: row[1] for row in connection.execute(text("SELECT seq, model FROM runs"))}
        results = {
            row[0]: row[1] for row in connection.execute(text("SELECT tool, result FROM tool_uses"))
        }
    assert kept == {**models, 2: "/llama3.2", 3: "/gpt-5-mini"}
    assert results == {"search_room": None, "rename_room": "what it was told"}
    engine.dispose()


def test_an_answer_that_was_being_written_keeps_its_text_across_versions(empty_url: str) -> None:
    schema.upgrade(empty_url, "0009")
    engine = create_engine(empty_url)
    texts = {2: ("streaming", "안녕 half", None), 3: ("streaming", "Once there", "Once ")}
    texts |= {4: ("thinking", "Once ", "Once "), 5: ("done", "", None)}
    with engine.begin() as connection:
        for statement in (
            (
                "INSERT INTO rooms (id, slug, name, kind, retention, epoch, last_seq, members_count, created_at)"
                " VALUES (1, 'tea', 'tea', 'public', 'forever', 'e', 6, 1, 1)"
            ),
            "INSERT INTO users (id, name, kind, is_admin, created_at) VALUES ('alice', 'Alice', 'guest', false, 1)",
        ):
            connection.execute(text(statement))
        for seq, (state, said, prefix) in texts.items():
            row = {"seq": seq, "state": state, "text": said, "prefix": prefix}
            for statement in (
                (
                    "INSERT INTO messages (room_id, seq, changed_seq, sender_id, type, body, created_at)"
                    " VALUES (1, :seq, :seq, 'assistant', 'text', '', 1)"
                ),
                (
                    "INSERT INTO runs (room_id, seq, assistant_id, asker_id, question_seq, attempt, state, hops, text,"
                    " queued_at, prefix) VALUES (1, :seq, 'assistant', 'alice', 1, 1, :state, 1, :text, 1, :prefix)"
                ),
            ):
                connection.execute(text(statement), row)
    schema.upgrade(empty_url)
    with engine.connect() as connection:
        pieces = connection.execute(text("SELECT seq, start, text FROM run_pieces ORDER BY seq"))
        assert pieces.all() == [(2, 0, "안녕 half"), (3, 5, "there")]
    schema.downgrade(empty_url, "0009")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT seq, text FROM runs ORDER BY seq"))
        assert dict(rows.all()) == {seq: said for seq, (_, said, _) in texts.items()}
    engine.dispose()


def test_the_first_connections_to_a_new_file_change_nothing_about_it(tmp_path: Path) -> None:
    path = tmp_path / "chat.sqlite3"
    schema.upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
