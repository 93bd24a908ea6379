"""Migrations: up, down and up again, and never apart from the models."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, text

from chatapp.store import schema


def test_migrations_go_up_down_and_up_again(database_url: str) -> None:
    schema.upgrade(database_url)
    schema.downgrade(database_url)
    engine = create_engine(database_url)
    left = [name for name in inspect(engine).get_table_names() if name != "alembic_version"]
    assert left == []
    schema.upgrade(database_url)
    schema.check(engine)
    engine.dispose()


def test_the_migrated_database_is_what_the_models_say(database_url: str) -> None:
    schema.upgrade(database_url)
    command.check(schema._config(database_url))


def test_a_changed_model_would_be_noticed(database_url: str) -> None:
    schema.upgrade(database_url)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE users DROP COLUMN language"))
    engine.dispose()
    with pytest.raises(Exception, match="language"):
        command.check(schema._config(database_url))


def test_an_older_schema_stops_the_start_with_a_sentence(database_url: str) -> None:
    engine = create_engine(database_url)
    with pytest.raises(schema.SchemaError, match="older than this version of chatapp"):
        schema.check(engine)
    schema.upgrade(database_url)
    schema.check(engine)
    engine.dispose()


def test_a_newer_schema_stops_the_start_and_is_left_alone(database_url: str) -> None:
    schema.upgrade(database_url)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.SchemaError, match="newer than this version of chatapp"):
        schema.upgrade(database_url)
    engine.dispose()
