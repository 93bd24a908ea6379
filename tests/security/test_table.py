"""SECURITY.md says what the tests show, and every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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
    assert list(LINES) == list(range(1, 52))
    assert {number for number, line in LINES.items() if not line.tests} == {38, 39, 41}
    named = {test.rpartition("::")[2] for line in LINES.values() for test in line.tests}
    assert {row.check.__name__ for row in ROWS} - named == {
        "events_in_a_row_are_allowed_until_the_limit"
    }
    assert {row.number for row in ROWS} >= REALLY_HAPPENS
