"""Every statement that looks for messages has an index to go by: none reads all of them."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatapp import assistant, services, store
from chatapp.store import schema
from chatapp.store.sql import Statement

ALIAS = re.compile(r"\bmessages (?:AS )?(?!(?:ON|WHERE|SET|JOIN|ORDER|LIMIT|AS)\b)(\w+)")


def statements() -> Iterator[tuple[str, str]]:
    """Where each stands, and its text."""
    for package in (store, services, assistant):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(found.name)).items():
                if isinstance(value, Statement):
                    yield f"{found.name}.{name}", value.sqlite


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    schema.upgrade(f"sqlite:///{tmp_path}/chat.sqlite3")
    connection = sqlite3.connect(tmp_path / "chat.sqlite3")
    yield connection
    connection.close()


def scans(database: sqlite3.Connection, sql: str) -> list[str]:
    """The steps of SQLite's plan that read all messages."""
    names = "|".join({"messages", *ALIAS.findall(sql)})
    parameters = dict.fromkeys(re.findall(r":(\w+)", sql))
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    return [step for step in plan if re.match(rf"SCAN ({names})\b", step)]


def test_no_statement_reads_all_messages(database: sqlite3.Connection) -> None:
    asked = {name: sql for name, sql in statements() if re.search(r"\bmessages\b", sql)}
    assert len(asked) > 20
    found = {name: steps for name, sql in asked.items() if (steps := scans(database, sql))}
    assert found == {}


def test_one_that_did_would_be_seen(database: sqlite3.Connection) -> None:
    by_sender = Statement("SELECT m.seq FROM messages m WHERE m.sender_id = :sender")
    assert len(scans(database, by_sender.sqlite)) == 1
