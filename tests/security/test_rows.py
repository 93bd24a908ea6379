"""Every check of the table, on every installation; and that each notices when its defence is off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import rows_entering, rows_packets, rows_rights
from .conftest import Weakened
from .weakened import SWITCHES
from .world import ROWS, Row, World

pytestmark = pytest.mark.one_runtime

MODULES = (rows_entering, rows_packets, rows_rights)

# The stock libraries really do what these lines are about.
REALLY_HAPPENS = {1, 2, 6, 7, 20, 21, 22, 23, 24, 25, 26, 52, 53}

PROOFS = [(row, switch) for row in ROWS for switch in row.off]


@pytest.mark.parametrize("row", [row for row in ROWS if row.everywhere], ids=str)
def test_a_line_of_the_table_holds_on_every_installation(world: World, row: Row) -> None:
    row.run(world)


@pytest.mark.parametrize("row", [row for row in ROWS if not (row.everywhere or row.fault)], ids=str)
def test_a_line_of_the_table_holds(alone_world: World, row: Row) -> None:
    row.run(alone_world)


@pytest.fixture
def weak_world(weakened: Weakened) -> Iterator[World]:
    world = World(weakened, patience=2.5)
    yield world
    weakened.off("none")
    world.close()


@pytest.mark.parametrize(
    ("row", "switch"), PROOFS, ids=[f"{row}-without-{switch}" for row, switch in PROOFS]
)
def test_a_check_fails_without_its_defence(
    weak_world: World, weakened: Weakened, row: Row, switch: str
) -> None:
    weakened.off(switch)
    with pytest.raises((AssertionError, pytest.fail.Exception), match=row.off[switch]):
        row.run(weak_world)
    weakened.off(row.fault or "none")
    again = World(weakened)
    try:
        row.run(again)
    finally:
        again.close()


def test_what_really_happens_with_the_stock_libraries_is_proved() -> None:
    assert {row.number for row, _ in PROOFS} >= REALLY_HAPPENS
    used = {switch for _, switch in PROOFS} | {row.fault for row in ROWS}
    assert SWITCHES.keys() - used == {"rates", "lifetimes_are_whole"}
