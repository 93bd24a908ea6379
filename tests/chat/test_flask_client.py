"""flask-socketio's own test client drives the whole application in one process: acks come back from emit()."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from chatapp import create_app
from chatapp.config import load
from chatapp.extensions import socketio

NAMESPACE = "/chat"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    settings = load({"CHATAPP_DATA_DIR": str(tmp_path), "CHATAPP_RUNTIME": "threading"})
    app = create_app(dataclasses.replace(settings, rate_limits="1000000/s"))
    yield app
    app.extensions["chatapp"].drain(time.monotonic() + 5)


class Guest:
    """A guest with flask-socketio's test client."""

    def __init__(self, app: Flask, name: str) -> None:
        answer = app.test_client().post("/api/v1/guests", json={"name": name})
        assert answer.status_code == 201, answer.text
        self.token: str = answer.json["token"]  # type: ignore[index]
        auth = {"token": self.token}
        self.socket = socketio.test_client(app, namespace=NAMESPACE, auth=auth)

    def call(self, event: str, payload: Any) -> Any:
        return self.socket.emit(event, payload, namespace=NAMESPACE, callback=True)

    def received(self) -> list[tuple[str, Any]]:
        """Events since the last look; args are a list but for the event `message`."""
        events = self.socket.get_received(NAMESPACE)
        return [
            (event["name"], event["args"] if event["name"] == "message" else event["args"][0])
            for event in events
        ]


def test_a_room_works_with_the_test_client(app: Flask) -> None:
    alice, bob = Guest(app, "Alice"), Guest(app, "Bob")
    assert alice.socket.is_connected(NAMESPACE)
    assert alice.received()[0][0] == "hello"
    assert alice.call("join", {"room": "tea"})["ok"] is True
    assert bob.call("join", {"room": "tea"})["room"]["members_count"] == 2
    ack = alice.call("message", {"room": "tea", "client_id": "one", "body": "차 한 잔?"})
    assert ack["ok"] is True
    assert ack["message"]["seq"] == 1
    for guest in (alice, bob):
        (message,) = [payload for name, payload in guest.received() if name == "message"]
        assert (message["body"], message["prev"]) == ("차 한 잔?", 0)


def test_refusals_come_back_from_emit(app: Flask) -> None:
    alice = Guest(app, "Alice")
    alice.call("join", {"room": "tea"})
    wrong = alice.call("message", {"room": "tea", "client_id": "one", "body": 7})
    assert wrong["error"]["code"] == "bad_request"
    assert alice.call("nonsense", {})["error"]["code"] == "unknown_event"
    assert alice.call("message", {"room": "tea", "client_id": "one", "body": "right"})["ok"]


def test_a_client_without_a_session_is_not_let_in(app: Flask) -> None:
    stranger = socketio.test_client(app, namespace=NAMESPACE, auth={"token": "forged"})
    assert not stranger.is_connected(NAMESPACE)
    assert Guest(app, "Alice").socket.is_connected(NAMESPACE)
