"""SECURITY.md says what the tests show, and every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatapp.payloads.catalog import CLIENT_EVENTS
from chatapp.payloads.routes import ROUTES

from .rows_rights import _asks, _requests
from .table import IDENTITY, LINES, markdown
from .test_rows import REALLY_HAPPENS
from .world import ROWS

ROOT = Path(__file__).resolve().parents[2]


def test_the_document_has_the_table_of_the_tests() -> None:
    assert markdown() in (ROOT / "SECURITY.md").read_text()
    for name in IDENTITY:
        assert f"`{name}`" in (ROOT / "SECURITY.md").read_text()


@pytest.mark.parametrize(
    "name", sorted({*IDENTITY, *(test for line in LINES.values() for test in line.tests)})
)
def test_a_test_that_is_named_is_there(name: str) -> None:
    file, _, function = name.partition("::")
    assert re.search(rf"^def {function}\(", (ROOT / file).read_text(), re.MULTILINE), name


def test_no_line_is_without_a_test_that_could_have_one() -> None:
    assert list(LINES) == list(range(1, len(LINES) + 1))
    assert len(LINES) >= 51
    assert {number for number, line in LINES.items() if not line.tests} == {38, 39, 41}
    named = {test.rpartition("::")[2] for line in LINES.values() for test in line.tests}
    assert {row.check.__name__ for row in ROWS} - named == {
        "events_in_a_row_are_allowed_until_the_limit"
    }
    assert {row.number for row in ROWS} >= REALLY_HAPPENS


def test_strangers_and_removed_members_try_every_event_and_every_route_of_a_room() -> None:
    assert {event for event, _ in _asks("x", "1-1")} == {event.name for event in CLIENT_EVENTS}
    wanted = {
        (route.method, re.sub(r"\{\w+\}", "*", route.path))
        for route in ROUTES
        if "{slug}" in route.path or "{message_id}" in route.path
    }
    tried = {
        (method, re.sub(r"(?<=[a-z]/)(ROOM|MESSAGE|USER|assistant)(?=/|$)", "*", path))
        for method, path, _ in _requests("ROOM", "MESSAGE", "USER")
        if not path.startswith("/search")
    }
    assert tried == wanted
