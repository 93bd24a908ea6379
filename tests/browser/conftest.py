"""Fixtures of the pages' checks: one server for the tests of a module, a model that answers as told, visitors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.openai_server import OpenAIServer
from tests.support.server import Server

from .screen import Visitor

Visit = Callable[..., Visitor]

# What is waited for comes at once on a quiet machine; on a busy one it is late, not wrong.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def server(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker with SQLite, and the demo as its assistant. What a page looks like depends on neither."""
    server = Server(tmp_path_factory.mktemp("server"), runtime=runtime)
    yield server.start()
    server.close()


@pytest.fixture(scope="module")
def _model() -> Iterator[OpenAIServer]:
    with OpenAIServer() as model:
        yield model


@pytest.fixture
def model(_model: OpenAIServer) -> Iterator[OpenAIServer]:
    """What the assistant of `ai_server` asks; without orders it answers plainly."""
    _model.reset()
    yield _model
    _model.reset()  # what it held back is let go: every answer has to end


@pytest.fixture(scope="module")
def ai_server(
    runtime: str, _model: OpenAIServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server whose assistant has `model` behind it, which takes tools."""
    behind = {"base_url": _model.base_url, "api_key": "sk-test", "model": "test", "tools": True}
    env = {"CHATAPP_AI_PROVIDERS": json.dumps({"test": behind})}
    server = Server(tmp_path_factory.mktemp("ai-server"), runtime=runtime, env=env)
    yield server.start()
    server.close()


@pytest.fixture
def visit(pages: Any) -> Visit:
    """Somebody in a room: `visit(server, "Mina", room)`.

    `token`: who it is, else a new guest; `at`: the seq of a message to open; `url`: another way to the server.
    Further arguments go to Pages.open.
    """

    def arrive(
        server: Server,
        name: str,
        room: str,
        *,
        token: str | None = None,
        at: int | None = None,
        url: str | None = None,
        **look: Any,
    ) -> Visitor:
        token = token or server.guest(name)["token"]
        visitor = Visitor(pages.open(**look), name, url or server.url, token)
        visitor.goes_to(room, at)
        return visitor

    return arrive
