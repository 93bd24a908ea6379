"""Fixtures: real servers, real clients, real pages.

An *installation* is what a test runs against; tests that ask for `server` or `start_server` run once on each: one
worker with SQLite and no Redis, and two workers with Redis and PostgreSQL, on the runtime of `--runtime` or
CHATAPP_RUNTIME. If `--runtime` is given again, they run with several workers on that one too; those in a browser never,
and those marked `one_runtime` only with `--everywhere`.

With `--numprocesses` (make test) files are shared out to processes; *session* is then one of them. A test marked `alone`
has the machine to itself.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import node as nodejs
from tests.support import processes
from tests.support.open_runs import none_left
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.server import Server, alive
from tests.support.turns import turn

RUNTIMES = ("eventlet", "gevent", "threading")


@dataclass(frozen=True)
class Installation:
    """How the product is set up."""

    runtime: str
    workers: int
    redis: bool
    postgres: bool

    @classmethod
    def alone(cls, runtime: str) -> Installation:
        return cls(runtime, workers=1, redis=False, postgres=False)

    @classmethod
    def several(cls, runtime: str) -> Installation:
        return cls(runtime, workers=2, redis=True, postgres=True)

    def __str__(self) -> str:
        rest = "redis-postgres" if self.redis else "sqlite"
        return f"{self.runtime}-{self.workers}-{rest}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--runtime",
        action="append",
        choices=RUNTIMES,
        help="the asynchronous runtime of the servers under test; may be given several times",
    )
    parser.addoption(
        "--everywhere",
        action="store_true",
        help="run the tests marked one_runtime on every --runtime, too",
    )
    parser.addoption(
        "--repeat", type=int, default=1, help="how often each fault of the fault table is run"
    )
    parser.addoption(
        "--fault-results",
        default="test-results",
        help="the folder of the fault table (%(default)s)",
    )


# A row of the fault table, among the properties of a test's report: those of all processes come together there.
FAULT_ROW = "fault_row"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the fault table, and keep it."""
    from tests.faults.table import Row, Table

    rows = [
        Row(**value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == FAULT_ROW
    ]
    if rows:
        table = Table(rows)
        terminalreporter.section("faults")
        for line in table.lines():
            terminalreporter.write_line(line)
        folder = Path(terminalreporter.config.getoption("--fault-results"))
        terminalreporter.write_line(f"kept in {table.write(folder)}")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Outside everything else: what a test waits for its turn is not counted as its time."""
    with turn(item):
        return (yield)


def runtimes(config: pytest.Config) -> list[str]:
    """The runtimes to test on, the main one first."""
    return config.getoption("--runtime") or [os.environ.get("CHATAPP_RUNTIME") or RUNTIMES[0]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "installation" not in metafunc.fixturenames:
        return
    first, *others = runtimes(metafunc.config)
    elsewhere = metafunc.config.getoption("--everywhere")
    if metafunc.definition.get_closest_marker("browser") or (
        metafunc.definition.get_closest_marker("one_runtime") and not elsewhere
    ):
        others = []
    several = [Installation.several(name) for name in [first, *others]]
    marks = [pytest.mark.redis, pytest.mark.postgres]
    metafunc.parametrize(
        "installation",
        [
            pytest.param(Installation.alone(first), id=str(Installation.alone(first))),
            *[pytest.param(each, id=str(each), marks=marks) for each in several],
        ],
        scope="session",
    )


@pytest.fixture(scope="session")
def runtime(pytestconfig: pytest.Config) -> str:
    """The main runtime under test, for tests that set up a server by themselves."""
    return runtimes(pytestconfig)[0]


@pytest.fixture(autouse=True)
def no_answer_is_left_open() -> Iterator[None]:
    """After each test, of each server: whoever stopped, killed or confused what, every answer ends."""
    yield
    none_left(alive)


# Servers beside the product


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for all tests that do no harm to it. Its databases are shared: see `redis_server`."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.close()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own, to stop, flush and kill."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for all tests; each takes a database of its own by `new_database()`. Who restarts it waits for it."""
    server = PostgresServer()
    yield server
    server.close()


# The product


@pytest.fixture
def start_server(
    request: pytest.FixtureRequest, installation: Installation, tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    """Start a server of the test's own, on each installation: `start_server(env={…}, workers=3)`.

    Its Redis is the test's `redis_server`, its database a new one; the keyword arguments of Server replace them.
    """
    servers: list[Server] = []

    def start(**wanted: Any) -> Server:
        if installation.redis and "redis_url" not in wanted:
            wanted["redis_url"] = request.getfixturevalue("redis_server").url
        if installation.postgres and "database_url" not in wanted:
            postgres = request.getfixturevalue("postgres")
            bare = wanted.get("bare", False)
            wanted["database_url"] = postgres.empty_database() if bare else postgres.new_database()
        options = {
            "workers": installation.workers,
            "runtime": installation.runtime,
            **wanted,
        }
        servers.append(Server(tmp_path / f"server-{len(servers)}", **options))
        return servers[-1].start()

    yield start
    for server in servers:
        server.close()


@contextmanager
def shared_server(
    request: pytest.FixtureRequest, installation: Installation, env: dict[str, str] | None = None
) -> Iterator[Server]:
    """A server for all tests of a module, with the Redis that all share and a database of its own."""
    redis = request.getfixturevalue("shared_redis") if installation.redis else None
    postgres = request.getfixturevalue("postgres") if installation.postgres else None
    if redis is not None:
        redis.flush()
    server = Server(
        request.getfixturevalue("tmp_path_factory").mktemp("server"),
        workers=installation.workers,
        redis_url=redis.url if redis else None,
        database_url=postgres.new_database() if postgres else None,
        runtime=installation.runtime,
        env=env,
    )
    yield server.start()
    server.close()


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Server]:
    """A server that the tests of a module share, on each installation: they use rooms of their own (`room`)."""
    with shared_server(request, installation) as server:
        yield server


@pytest.fixture
def room() -> str:
    """The slug of a room that nobody has entered yet."""
    return f"room-{uuid.uuid4().hex[:12]}"


# JavaScript and pages


@pytest.fixture
def node(tmp_path: Path) -> Iterator[nodejs.Node]:
    """Runs scripts under Node; `socket.io-client` can be imported."""
    nodejs.install_packages()
    node = nodejs.Node(tmp_path)
    yield node
    node.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; tests open their pages with `pages`."""
    from tests.support import browser

    nodejs.build_pages()
    with browser.chromium() as running:
        yield running


@pytest.fixture
def pages(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Any]:
    """Opens pages of different people. A test whose pages complain (uncaught errors, console errors) fails."""
    from tests.support.browser import Pages

    pages = Pages(chromium, re.sub(r"[^\w.-]+", "-", request.node.name))
    yield pages
    if request.node.stash.get(FAILED, False):
        pages.picture()
    pages.close()
    assert not pages.complaints, pages.complaints


# What the servers said, beside each failure

FAILED = pytest.StashKey[bool]()
LOG_LIMIT = 20_000


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    logs = [(process.name, process.unreported_log()) for process in processes.started]
    if report.failed:
        item.stash[FAILED] = True
        report.sections += [
            (f"log of {name} during {call.when}", text[-LOG_LIMIT:]) for name, text in logs if text
        ]
    processes.started[:] = [process for process in processes.started if process.returncode is None]
    return report
