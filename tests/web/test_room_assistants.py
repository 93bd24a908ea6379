"""Assistants over HTTP and a socket, on a real server with the built-in demo: from the owner's seat, and from the others'."""

from __future__ import annotations

import uuid

import pytest

from tests.security.people import Person as Account
from tests.security.people import command
from tests.support.server import Server

from .test_accounts import refused
from .test_rooms import Person

pytestmark = pytest.mark.one_runtime


def slug() -> str:
    return f"tea-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def alice(server: Server) -> Person:
    return Person(server, "Alice")


@pytest.fixture
def bob(server: Server) -> Person:
    return Person(server, "Bob")


def test_a_room_gets_a_second_assistant_that_answers(
    server: Server, alice: Person, bob: Person
) -> None:
    room, name = slug(), f"Sage {uuid.uuid4().hex[:6]}"
    alice.makes(room)
    made = alice.asks(
        "POST",
        f"/rooms/{room}/assistants",
        {"name": name, "persona": "You are wise.", "avatar": "🦉"},
    )
    assert made.status_code == 201, made.text
    sage = made.json()["assistant"]
    assert (sage["demo"], sage["room"], sage["builtin"]) == (True, room, False)
    client = server.connect(token=alice.token)
    client.join(room)
    client.send(room, f"@{name} who is here?")
    answer = client.sees("message_changed", status="done", timeout=30)
    assert answer["sender"]["id"] == sage["id"]
    assert "You are wise" in answer["body"]
    found = alice.gets(f"/rooms/{room}/assistants")
    assert [one["assistant"]["name"] for one in found["assistants"]] == ["assistant", name]
    assert (found["may_edit"], found["turns"]) == (True, "mentioned")
    receipt = alice.gets(f"/messages/{answer['id']}/run")
    assert receipt["provider"] == "demo"
    assert receipt["used"][-1]["excerpt"] == f"@{name} who is here?"
    person, *_ = alice.gets(f"/rooms/{room}/budget")["budgets"]
    assert person["scope"] == "person"
    assert person["tokens_used"] > 0
    refused(bob.asks("GET", f"/rooms/{room}/budget"), 404, "not_found")
    changed = alice.asks("PATCH", f"/rooms/{room}/assistants/{sage['id']}", {"speaks": "always"})
    assert changed.status_code == 200, changed.text
    turns = alice.asks("PATCH", f"/rooms/{room}/assistants", {"turns": "round_robin"})
    assert turns.json()["turns"] == "round_robin"
    assert alice.asks("DELETE", f"/rooms/{room}/assistants/{sage['id']}").status_code == 204
    assert client.sees("room", kind="member", role=None)["user"]["id"] == sage["id"]


def test_what_strangers_and_members_ask_for_is_refused(alice: Person, bob: Person) -> None:
    room = slug()
    alice.makes(room)
    path = f"/rooms/{room}/assistants"
    refused(bob.asks("GET", path), 404, "not_found")
    refused(bob.asks("POST", path, {"name": "Mine"}), 404, "not_found")
    bob.asks("POST", f"/rooms/{room}/members", {"user_id": bob.id})
    refused(bob.asks("POST", path, {"name": "Mine"}), 403, "forbidden")
    refused(alice.asks("POST", "/assistants", {"name": "Mine"}), 403, "forbidden")
    refused(alice.asks("POST", path, {"name": "x", "api_key": "sk-1"}), 400, "bad_request")
    refused(alice.asks("POST", path, {"name": "x", "temperature": 3}), 400, "bad_request")
    refused(alice.asks("POST", path, {"name": "x", "provider": "theirs"}), 400, "bad_request")
    assert "base_url" not in str(alice.gets(path))


def test_one_for_all_rooms_is_called_in_by_who_sets_up_the_room_or_all_rooms_and_by_no_member(
    server: Server, alice: Person, bob: Person
) -> None:
    room = slug()
    alice.makes(room)
    root = Account.account(server, "Root")
    assert command(server, "make-admin", root.name).returncode == 0
    made = root.does("POST", "/assistants", {"name": f"Sage {uuid.uuid4().hex[:6]}"})
    path, wanted = f"/rooms/{room}/members", {"user_id": made["assistant"]["id"]}
    assert root.refused("POST", path, wanted) == "not_found"
    for person in (root, bob):
        server.connect(token=person.token).join(room)
    refused(bob.asks("POST", path, wanted), 403, "forbidden")
    root.does("POST", path, wanted)
    assert len(alice.gets(f"/rooms/{room}/assistants")["assistants"]) == 2
    # Of people it is still the room's own word.
    assert root.refused("POST", path, {"user_id": Person(server, "Kim").id}) == "forbidden"


def test_what_was_missed_is_told_to_who_asks(server: Server, alice: Person, bob: Person) -> None:
    room = slug()
    alice.makes(room)
    bob.asks("POST", f"/rooms/{room}/members", {"user_id": bob.id})
    said = alice.says(room, "tea is at four", uuid.uuid4().hex)
    answer = bob.asks("POST", f"/rooms/{room}/catch-up", {"since": 0})
    assert answer.status_code == 200, answer.text
    [point] = answer.json()["points"]
    assert point["messages"][0]["id"] == said["id"]
    assert [one["id"] for one in alice.gets(f"/rooms/{room}/messages")["messages"]] == [said["id"]]
    assert bob.gets(f"/rooms/{room}/tool-requests") == {"requests": []}


def test_a_member_keeps_what_they_say_from_assistants(server: Server, alice: Person) -> None:
    room = slug()
    alice.makes(room)
    client = server.connect(token=alice.token)
    client.join(room)
    assert client.ok("ai_privacy", {"room": room, "not_for_ai": True})["not_for_ai"] is True
    said = client.send(room, "look away")
    assert said["not_for_ai"] is True
    assert alice.gets(f"/rooms/{room}")["room"]["not_for_ai"] is True
    client.ok("not_for_ai", {"message_id": said["id"], "on": False})
    assert "not_for_ai" not in alice.gets(f"/rooms/{room}/messages")["messages"][0]
    assert client.refused("tool_answer", {"id": "nothing", "approve": True})["code"] == "not_found"
    assert client.refused("continue", {"message_id": said["id"]})["code"] == "conflict"
