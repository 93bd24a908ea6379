"""flask-socketio's test client: no transport, no loop; handlers wait for their results in place."""

from __future__ import annotations

from typing import Any

import flask
import pytest

from . import app as application


@pytest.fixture
def app() -> flask.Flask:
    return application.create_app()


def client(app: flask.Flask, name: str = "alice", namespace: str = "/chat") -> Any:
    extension = app.extensions["socketio"]
    return extension.test_client(app, namespace=namespace, auth={"token": name})


def test_it_connects_and_is_greeted(app: flask.Flask) -> None:
    alice = client(app)
    assert alice.is_connected("/chat")
    (hello,) = alice.get_received("/chat")
    assert hello["name"] == "hello"
    assert hello["args"][0]["user"]["id"] == "alice"


def test_it_is_refused(app: flask.Flask) -> None:
    assert not client(app, "forged").is_connected("/chat")
    assert client(app, "alice").is_connected("/chat")


def test_emit_returns_the_ack(app: flask.Flask) -> None:
    alice = client(app)
    ack = alice.emit("join", {"room": "r"}, callback=True, namespace="/chat")
    assert ack == {"ok": True, "room": "r", "count": 1}
    nope = alice.emit("nope", {}, callback=True, namespace="/chat")
    assert nope["error"]["code"] == "unknown_event"


def test_emit_waits_for_what_is_deferred(app: flask.Flask) -> None:
    alice = client(app)
    write = {"seconds": 0.05, "text": "stored"}
    assert alice.emit("write", write, callback=True, namespace="/chat")["text"] == "stored"
    write["text"] = "refuse"
    refused = alice.emit("write", write, callback=True, namespace="/chat")
    assert refused["error"]["code"] == "conflict"
    assert alice.emit("look", {}, callback=True, namespace="/chat")["looked"] is True


def test_a_broadcast_is_there_when_emit_returns(app: flask.Flask) -> None:
    alice, bob, carol = client(app, "alice"), client(app, "bob"), client(app, "carol")
    for one in (alice, bob):
        one.emit("join", {"room": "r"}, namespace="/chat")
    for one in (alice, bob, carol):
        one.get_received("/chat")
    alice.emit("message", {"room": "r", "text": "hello"}, namespace="/chat")
    for one in (alice, bob):
        (message,) = one.get_received("/chat")
        assert message["name"] == "message"
        assert message["args"]["text"] == "hello"
    assert carol.get_received("/chat") == []


def test_the_end_is_told(app: flask.Flask) -> None:
    chat, _, fanout = app.extensions["test"]
    alice = client(app)
    alice.emit("join", {"room": "r"}, namespace="/chat")
    assert fanout.count("room:r") == 1
    alice.disconnect("/chat")
    assert chat.ended == ["alice"]
    assert fanout.count("room:r") == 0
    assert fanout.everyone() == []


def test_the_library_can_emit_to_rooms_and_to_one(app: flask.Flask) -> None:
    extension = app.extensions["socketio"]
    alice, bob = client(app, "alice"), client(app, "bob")
    alice.emit("join", {"room": "r"}, namespace="/chat")
    sid = bob.get_received("/chat")[0]["args"][0]["sid"]
    alice.get_received("/chat")
    extension.emit("news", {"a": 1}, namespace="/chat", to="room:r")
    extension.emit("secret", {"b": 2}, namespace="/chat", to=sid)
    extension.emit("all", namespace="/chat")
    assert [one["name"] for one in alice.get_received("/chat")] == ["news", "all"]
    assert [one["name"] for one in bob.get_received("/chat")] == ["secret", "all"]


def test_another_namespace_is_the_librarys(app: flask.Flask) -> None:
    alice = client(app, namespace="/stock")
    assert alice.emit("echo", b"\x00\x01", callback=True, namespace="/stock") == b"\x00\x01"
    (echoed,) = alice.get_received("/stock")
    assert echoed["args"] == [b"\x00\x01"]
