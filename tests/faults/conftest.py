"""Fixtures of the fault tests: the short or long form, the installation to break, the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest

from tests.conftest import FAULT_ROW
from tests.faults.site import LONG, SHORT, Form, Site
from tests.faults.table import Table
from tests.support.postgres import PostgresServer


@pytest.fixture(
    scope="package",
    params=[
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(300)),
        pytest.param(LONG, id="long", marks=[pytest.mark.faults, pytest.mark.timeout(1800)]),
    ],
)
def form(request: pytest.FixtureRequest) -> Form:
    chosen: Form = request.param
    return chosen


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`--repeat N` runs each fault of the table N times."""
    if "table" in metafunc.fixturenames and "repetition" in metafunc.fixturenames:
        times = metafunc.config.getoption("--repeat")
        metafunc.parametrize("repetition", range(times), ids=[f"run{n + 1}" for n in range(times)])


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Table:
    # By hand: record_property() refuses what a report in JUnit's newer form cannot hold.
    kept = request.node.user_properties
    return Table(keep=lambda row: kept.append((FAULT_ROW, asdict(row))))


@pytest.fixture(scope="package")
def site(
    form: Form,
    postgres: PostgresServer,
    runtime: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """The installation that tests break one after the other: each leaves it whole."""
    made = Site(tmp_path_factory.mktemp("site"), postgres, form, runtime)
    yield made
    made.close()


@pytest.fixture
def new_site(
    form: Form,
    postgres: PostgresServer,
    runtime: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Site]]:
    """Makes an installation of the test's own: `new_site(env={…})`."""
    made: list[Site] = []

    def make(**more: Any) -> Site:
        made.append(Site(tmp_path_factory.mktemp("site"), postgres, form, runtime, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()
