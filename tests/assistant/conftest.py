"""The provider's server, and prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatapp.assistant import completions
from chatapp.assistant.completions import ChatCompletions
from chatapp.assistant.context import Prompt
from chatapp.clock import now_ms
from chatapp.store.tx import Tx
from tests.assistant.calls import KEY
from tests.assistant.office import Office, Person
from tests.assistant.prompts import ask
from tests.openai_server import OpenAIServer
from tests.support import migrated
from tests.support.waiting import eventually


@pytest.fixture(scope="session")
def openai_server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def ai(openai_server: OpenAIServer) -> OpenAIServer:
    """The server without orders and records."""
    openai_server.reset()
    return openai_server


@pytest.fixture
def prompt() -> Prompt:
    return ask("hello")


@pytest.fixture
def connect(ai: OpenAIServer) -> Iterator[Callable[..., ChatCompletions]]:
    """Makes providers, and closes them."""
    made: list[ChatCompletions] = []

    def make(key: str | None = KEY, model: str | None = "test", url: str = "") -> ChatCompletions:
        made.append(ChatCompletions(url or ai.base_url, key, model))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


@pytest.fixture
def provider(connect: Callable[..., ChatCompletions]) -> ChatCompletions:
    return connect()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once, and silence is short."""
    monkeypatch.setattr(completions, "RETRY_AFTER_S", (0.01, 0.01))
    monkeypatch.setattr(completions, "IDLE_S", 0.4)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock stands: however slow the machine is, nobody is allowed more meanwhile."""
    now = now_ms()
    monkeypatch.setattr(Tx, "database_now", lambda _tx: now)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    migrated.sqlite(tmp_path / "chat.sqlite3")
    return f"sqlite:///{tmp_path / 'chat.sqlite3'}"


@pytest.fixture
def offices(ai: OpenAIServer, database_url: str, tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Opens workers on one database, each linked with those before. At the end no run is left open."""
    opened: list[Office] = []

    def start(**more: Any) -> Office:
        opened.append(Office(tmp_path, database_url, ai.base_url, *opened, **more))
        return opened[-1]

    yield start
    try:
        eventually(lambda: not opened[-1].open_runs(), what="no run is left open")
    finally:
        for each in reversed(opened):
            each.close()


@pytest.fixture
def alice(office: Office) -> Person:
    """The first in the room: it is hers."""
    person = office.person("Alice")
    person.join()
    return person


@pytest.fixture
def bob(office: Office, alice: Person) -> Person:
    """In the room after Alice."""
    person = office.person("Bob")
    person.join()
    return person


@pytest.fixture
def office(offices: Callable[..., Office]) -> Office:
    """The only worker."""
    return offices()
