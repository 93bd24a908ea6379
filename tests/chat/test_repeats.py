"""A message that is sent again, for want of an ack, by somebody who was removed from the room meanwhile."""

from __future__ import annotations

import json

from tests.support.client import Client, Payload
from tests.support.server import Server


def removed(server: Server, room: str) -> tuple[Client, Client, Payload, Payload]:
    """Alice, who owns the private room; Bob, who was removed from it; what he sent, and how it was stored."""
    alice, bob = server.connect("Alice"), server.connect("Bob")
    made = server.http("POST", "/api/v1/rooms", {"slug": room, "private": True}, token=alice.token)
    assert made.status_code == 201
    path = f"/api/v1/rooms/{room}/members"
    server.http("POST", path, {"user_id": bob.user["id"]}, token=alice.token)
    for each in (alice, bob):
        each.join(room)
    sent = {"room": room, "client_id": "its-key", "body": "hello"}
    stored = bob.ok("message", sent)["message"]
    gone = server.http("DELETE", path, {"user_id": bob.user["id"]}, token=alice.token)
    assert gone.status_code == 204
    bob.sees("removed", room=room)
    canary = alice.send(room, "canary: what they say without him")
    alice.ok("react", {"message_id": stored["id"], "emoji": "👍", "on": True})
    alice.sees("message_changed", id=stored["id"])
    assert canary["seq"] > stored["seq"]
    return alice, bob, sent, stored


def test_it_is_answered_with_the_first_result_and_nobody_is_told_again(
    server: Server, room: str
) -> None:
    alice, bob, sent, stored = removed(server, room)
    other_device = server.connect(token=bob.token)
    for each in (bob, other_device):
        again = each.ok("message", sent)
        assert again["duplicate"] is True
        assert again["message"] == stored
        assert "canary" not in json.dumps([str(frame) for frame in each.frames])
    by_http = server.http(
        "POST",
        f"/api/v1/rooms/{room}/messages",
        {"client_id": sent["client_id"], "body": sent["body"]},
        token=bob.token,
    )
    assert (by_http.status_code, by_http.json()) == (201, stored)
    alice.send(room, "last")
    alice.sees("message", body="last")
    assert len(alice.events("message", client_id="its-key")) == 1
    kept = alice.ok("history", {"room": room})["messages"]
    assert [message["body"] for message in kept].count("hello") == 1


def test_all_else_is_refused_as_if_the_room_did_not_exist(server: Server, room: str) -> None:
    alice, bob, sent, stored = removed(server, room)
    eve = server.connect("Eve")
    nobodys = f"{room}-nobodys"
    other = {**sent, "client_id": "another-key"}
    for slug in (room, nobodys):
        assert bob.refused("message", {**other, "room": slug})["code"] == "not_found"
        assert eve.refused("message", {**sent, "room": slug})["code"] == "not_found"
    for change in ({"body": "hello?"}, {"not_for_ai": True}, {"room": nobodys}):
        assert bob.refused("message", {**sent, **change})["code"] == "conflict"
    alices = f"{room}-alices"
    alice.join(alices)
    assert bob.refused("message", {**sent, "room": alices})["code"] == "conflict"
    path = f"/api/v1/rooms/{room}/messages"
    posted = {"client_id": "another-key", "body": "hello"}
    for whose, slug_path in ((bob, path), (eve, path), (bob, path.replace(room, nobodys))):
        assert server.http("POST", slug_path, posted, token=whose.token).status_code == 404
    changed = {"client_id": "its-key", "body": "hello?"}
    assert server.http("POST", path, changed, token=bob.token).status_code == 409
    for event, payload in (
        ("history", {"room": room}),
        ("sync", {"room": room, "since": 0, "epoch": "x"}),
        ("read", {"room": room, "seq": 1}),
        ("edit", {"message_id": stored["id"], "body": "changed"}),
        ("react", {"message_id": stored["id"], "emoji": "👍", "on": True}),
    ):
        assert bob.refused(event, payload)["code"] == "not_found", event
    assert bob.ok("message", sent)["duplicate"] is True


def test_what_was_sent_into_the_room_after_the_removal_is_not_stored(
    server: Server, room: str
) -> None:
    alice, bob, sent, _ = removed(server, room)
    late = {**sent, "client_id": "late", "body": "too late"}
    for _ in range(2):
        assert bob.refused("message", late)["code"] == "not_found"
    alice.send(room, "last")
    alice.sees("message", body="last")
    alice.has_not_seen("message", body="too late")
