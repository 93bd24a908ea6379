"""A server, browsers that keep cookies, and programs that read server-sent events."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from chatapp import create_app
from chatapp.config import load
from tests.support.server import Server

CSRF = {"X-Chatapp-Csrf": "1"}


class Browser:
    """Keeps cookies and posts forms, without running scripts. Follows no redirect by itself."""

    def __init__(self, server: Server, **headers: str) -> None:
        self.url = server.url
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers.update({"Accept": "text/html", **headers})
        self.page = requests.Response()

    def get(self, path: str) -> requests.Response:
        """Open a page."""
        self.page = self.http.get(self.url + path, allow_redirects=False, timeout=20)
        return self.page

    def post(self, path: str, **fields: str) -> requests.Response:
        """Post a form with the token of the page that is open."""
        found = re.search(r'name="csrf" value="(\w+)"', self.page.text)
        assert found, "the page has no form"
        return self.post_raw(path, {"csrf": found[1], **fields})

    def post_raw(self, path: str, fields: dict[str, str], **headers: str) -> requests.Response:
        """Post whatever form."""
        answer = self.http.post(
            self.url + path, fields, headers=headers, allow_redirects=False, timeout=20
        )
        if answer.status_code >= 400:
            self.page = answer
        return answer

    def api(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] = CSRF
    ) -> requests.Response:
        """What a script of the page asks the API."""
        return self.http.request(
            method, f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=20
        )

    @property
    def boot(self) -> Any:
        """The data of the page that is open."""
        found = re.search(
            r'<script type="application/json" id="boot">(.*?)</script>', self.page.text, re.DOTALL
        )
        assert found
        return json.loads(found[1])


class Stream:
    """Server-sent events as they come."""

    def __init__(self, server: Server, room: str, token: str, last_id: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self.answer = requests.get(
            f"{server.url}/api/v1/rooms/{room}/stream", headers=headers, stream=True, timeout=20
        )
        self._lines = self.answer.iter_lines(chunk_size=1, decode_unicode=True)
        self.last_id = last_id

    def events(self) -> Iterator[tuple[str, Any]]:
        """Each event, (name, payload), until the stream ends."""
        name, data = "", ""
        for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data = value
            elif not line:
                if name:
                    yield name, json.loads(data)
                name, data = "", ""

    def begins(self) -> str:
        """Wait for the place at which the stream begins; its id."""
        for line in self._lines:
            if line.startswith("id: "):
                self.last_id = line.removeprefix("id: ")
                return self.last_id
        raise AssertionError("the stream ended first")

    def sees(self, event: str, **fields: Any) -> Any:
        """Wait for an event with these fields, passing over others; its payload."""
        seen = []
        for name, payload in self.events():
            if name == event and fields.items() <= payload.items():
                return payload
            seen.append((name, payload))
        raise AssertionError(f"no {event} {fields}: the stream ended after {seen[-5:]}")

    def close(self) -> None:
        self.answer.close()


@pytest.fixture(scope="module")
def alone(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker with SQLite, for what does not depend on the installation."""
    server = Server(tmp_path_factory.mktemp("server"), runtime=runtime)
    yield server.start()
    server.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application in this process, for what a real connection hides: https, a build of the test's own."""
    folder = tmp_path_factory.mktemp("data")
    app = create_app(load({"CHATAPP_DATA_DIR": str(folder), "CHATAPP_RUNTIME": "threading"}))
    yield app
    app.extensions["chatapp"].drain(time.monotonic() + 5)
    app.extensions["chatapp"].close(time.monotonic() + 5)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def browser(server: Server) -> Callable[..., Browser]:
    """A new browser: `browser()`, or with headers of its own."""
    return lambda **headers: Browser(server, **headers)


@pytest.fixture
def listen(server: Server) -> Iterator[Callable[..., Stream]]:
    """Hear a room: `listen(room, token, last_id="")`."""
    streams: list[Stream] = []

    def start(room: str, token: str, last_id: str = "") -> Stream:
        streams.append(Stream(server, room, token, last_id))
        return streams[-1]

    yield start
    for stream in streams:
        stream.close()
