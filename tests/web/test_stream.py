from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.client import Client
from tests.support.server import Server
from tests.support.waiting import eventually

from .conftest import Stream
from .test_accounts import refused
from .test_rooms import Person

Listen = Callable[..., Stream]


@pytest.fixture
def alice(server: Server) -> Person:
    return Person(server, "Alice")


@pytest.fixture
def bob(server: Server) -> Person:
    return Person(server, "Bob")


def test_who_has_no_socket_hears_and_says_the_same_as_everyone(
    server: Server, alice: Person, bob: Person, room: str, listen: Listen
) -> None:
    hears = listen(room, alice.token)
    assert hears.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert hears.answer.headers["X-Accel-Buffering"] == "no"
    assert hears.begins().endswith(":0")
    socket = server.connect(token=bob.token)
    socket.join(room)
    hears.sees("presence", online_count=2)
    socket.ok("typing", {"room": room, "typing": True})
    hears.sees("typing", user=bob.user, typing=True)
    said = socket.send(room, "hello")
    heard = hears.sees("message", body="hello")
    assert heard == socket.sees("message", body="hello")
    assert hears.last_id.endswith(f":{said['seq']}")
    alice.says(room, "by post", "a")
    assert hears.sees("message", body="by post") == socket.sees("message", body="by post")
    socket.ok("edit", {"message_id": said["id"], "body": "hello!"})
    assert hears.sees("message_changed", body="hello!")["changed_seq"] == 3
    assert hears.last_id.endswith(":3")


def test_an_answer_is_heard_as_it_grows(alice: Person, room: str, listen: Listen) -> None:
    hears = listen(room, alice.token)
    hears.begins()
    alice.says(room, "@assistant hello", "a")
    texts: dict[int, str] = {}
    for name, payload in hears.events():
        if name == "message_delta":
            texts[payload["offset"]] = payload["text"]
        if name == "message_changed" and payload.get("status") == "done":
            break
    assert len(texts) > 1
    assert "".join(text for _, text in sorted(texts.items())) == payload["body"]


def test_who_comes_back_hears_exactly_what_was_missed(
    server: Server, alice: Person, bob: Person, room: str, listen: Listen
) -> None:
    first = listen(room, alice.token)
    first.begins()
    socket = server.connect(token=bob.token)
    socket.join(room)
    old = socket.send(room, "one")
    first.sees("message", body="one")
    first.close()
    for text in ("two", "three"):
        socket.send(room, text)
    socket.ok("edit", {"message_id": old["id"], "body": "one!"})
    again = listen(room, alice.token, first.last_id)
    socket.send(room, "five")
    numbered = []
    for name, payload in again.events():
        if name in ("message", "message_changed"):
            numbered.append((name, payload["body"], payload["changed_seq"], payload["prev"]))
        if payload.get("body") == "five":
            break
    assert numbered[:3] == [
        ("message", "two", 2, 1),
        ("message", "three", 3, 2),
        ("message_changed", "one!", 4, 3),
    ]
    assert numbered[3][:3] == ("message", "five", 5)
    assert numbered[3][3] <= 4


@pytest.mark.parametrize("last_id", ["{epoch}:999", "another:1", "nonsense", "{epoch}:-1"])
def test_what_cannot_be_told_again_is_to_be_fetched(
    alice: Person, room: str, listen: Listen, last_id: str
) -> None:
    epoch = alice.makes(room)["epoch"]
    alice.says(room, "one", "a")
    hears = listen(room, alice.token, last_id.format(epoch=epoch))
    assert hears.sees("refetch")["seq"] == 1
    assert hears.last_id == f"{epoch}:1"
    alice.says(room, "two", "b")
    assert hears.sees("message")["body"] == "two"


def test_only_members_hear_a_private_room(
    alice: Person, bob: Person, room: str, listen: Listen
) -> None:
    epoch = alice.makes(room, private=True)["epoch"]
    refused(bob.asks("GET", f"/rooms/{room}/stream"), 404, "not_found")
    assert listen(room, alice.token).begins() == f"{epoch}:0"
    nobody = requests.get(f"{alice.server.url}/api/v1/rooms/{room}/stream", timeout=10)
    refused(nobody, 401, "unauthenticated")


def test_who_is_taken_out_hears_that_and_nothing_after_it_and_does_not_come_back(
    alice: Person, bob: Person, room: str, listen: Listen
) -> None:
    alice.makes(room)
    hears = listen(room, bob.token)
    hears.begins()
    stays = listen(room, alice.token)
    stays.begins()
    assert alice.asks("DELETE", f"/rooms/{room}/members", {"user_id": bob.id}).status_code == 204
    alice.says(room, "among us", "a")
    names = [name for name, _ in hears.events()]
    assert names[-1] == "removed"
    assert "message" not in names
    stays.sees("message", body="among us")
    again = listen(room, bob.token, hears.last_id)
    assert again.answer.status_code == 404


def test_a_stream_ends_with_its_session(
    alice: Person, bob: Person, room: str, listen: Listen
) -> None:
    hears, stays = listen(room, alice.token), listen(room, bob.token)
    hears.begins()
    stays.begins()
    assert alice.asks("DELETE", "/sessions/current").status_code == 204
    assert [name for name, _ in hears.events()][-1] == "session_revoked"
    bob.says(room, "alone", "a")
    stays.sees("message", body="alone")


def came(client: Client) -> list[Any]:
    """Who was announced to have come."""
    return [user for event in client.events("presence") for user in event["joined"]]


def test_who_hears_is_online_until_the_stream_ends(
    server: Server, alice: Person, bob: Person, room: str, listen: Listen
) -> None:
    hears = listen(room, alice.token)
    hears.begins()
    socket = server.connect(token=bob.token)
    joined = socket.join(room)
    # Who came by another worker a moment ago may be told a moment later.
    eventually(lambda: alice.user in joined["online"] + came(socket), what="Alice is online")
    hears.close()
    # The server notices with the next thing that it says there.
    for _ in range(3):
        socket.send(room, "are you there?")
    assert alice.user in socket.sees("presence", online_count=1, timeout=25)["left"]
