"""Bad input of every kind gets its code, the connection stays, nothing is stored; beside each the same done right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import RefusedError
from tests.support.server import Server

NOBODYS = "no-such-room"


def test_a_bad_token_is_refused_and_a_good_one_let_in(server: Server) -> None:
    with pytest.raises(RefusedError) as refused:
        server.connect(token="forged")
    assert refused.value.data["code"] == "unauthenticated"
    assert refused.value.closed
    assert server.connect("Alice").events("hello")[0]["protocol"] == 1


@pytest.mark.parametrize(
    ("event", "change", "code"),
    [
        ("message", {"body": "x" * 4001}, "too_long"),
        ("message", {"body": "   "}, "bad_request"),
        ("message", {"body": 7}, "bad_request"),
        ("message", {"body": None}, "bad_request"),
        ("message", {"body": "a\0b"}, "bad_request"),
        ("message", {"client_id": "has space"}, "bad_request"),
        ("message", {"client_id": "x" * 65}, "bad_request"),
        ("message", {"client_id": ""}, "bad_request"),
        ("message", {"sender": "someone else"}, "bad_request"),
        ("message", {"seq": 1}, "bad_request"),
        ("message", {"room": ""}, "bad_request"),
        ("message", {"room": "../secrets"}, "bad_request"),
        ("message", {"room": NOBODYS}, "not_found"),
        ("message", {"reply_to": "1-999999"}, "not_found"),
        ("message", {"reply_to": "nonsense"}, "not_found"),
        ("message", {"uploads": ["nothing"]}, "not_found"),
        ("typing", {"typing": "yes"}, "bad_request"),
        ("typing", {"room": NOBODYS}, "not_found"),
        ("read", {"seq": -1}, "bad_request"),
        ("read", {"seq": 1.5}, "bad_request"),
        ("read", {"room": NOBODYS}, "not_found"),
        ("history", {"limit": 101}, "bad_request"),
        ("history", {"limit": 0}, "bad_request"),
        ("history", {"before": 1, "after": 1}, "bad_request"),
        ("history", {"room": NOBODYS}, "not_found"),
        ("sync", {"epoch": 5}, "bad_request"),
        ("sync", {"room": NOBODYS}, "not_found"),
        ("leave", {"room": NOBODYS}, "not_found"),
        ("edit", {"message_id": "999-1"}, "not_found"),
        ("delete", {"message_id": "x"}, "not_found"),
        ("react", {"emoji": "<b>"}, "bad_request"),
        ("react", {"emoji": ""}, "bad_request"),
        ("react", {"on": 1}, "bad_request"),
        ("stop", {"message_id": "999-1"}, "not_found"),
    ],
)
def test_bad_input_gets_its_code_and_changes_nothing(
    server: Server, room: str, event: str, change: dict[str, Any], code: str
) -> None:
    alice = server.connect("Alice")
    alice.join(room)
    message = alice.send(room, "before")
    right: dict[str, dict[str, Any]] = {
        "message": {"room": room, "client_id": "right", "body": "after"},
        "typing": {"room": room, "typing": True},
        "read": {"room": room, "seq": 1},
        "history": {"room": room},
        "sync": {"room": room, "since": 0, "epoch": "any"},
        "leave": {"room": room},
        "edit": {"message_id": message["id"], "body": "edited"},
        "delete": {"message_id": message["id"]},
        "react": {"message_id": message["id"], "emoji": "👍", "on": True},
        "stop": {"message_id": message["id"]},
    }
    error = alice.refused(event, {**right[event], **change})
    assert error["code"] == code
    assert error["message"]
    assert error["request_id"]
    history = alice.ok("history", {"room": room})["messages"]
    assert [(each["body"], each["changed_seq"]) for each in history] == [("before", 1)]
    if event == "stop":
        assert alice.refused(event, right[event])["code"] == "conflict"
    else:
        alice.ok(event, right[event])
    assert alice.is_open


@pytest.mark.parametrize("event", ["connect", "disconnect", "nonsense", "hello", ""])
def test_an_unknown_event_is_answered(server: Server, event: str) -> None:
    alice = server.connect("Alice")
    assert alice.refused(event, {})["code"] == "unknown_event"
    assert alice.is_open


def test_a_private_room_is_not_there_for_a_stranger(server: Server, room: str) -> None:
    token = server.guest("Carol")["token"]
    created = server.http("POST", "/api/v1/rooms", {"slug": room, "private": True}, token=token)
    assert created.status_code == 201
    carol, eve = server.connect(token=token), server.connect("Eve")
    carol.join(room)
    secret = carol.send(room, "secret")
    answers = {
        str({key: eve.refused(event, payload)[key] for key in ("code", "message")})
        for event, payload in [
            ("join", {"room": room}),
            ("message", {"room": room, "client_id": "e", "body": "hi"}),
            ("history", {"room": room}),
            ("read", {"room": room, "seq": 1}),
            ("typing", {"room": room, "typing": True}),
            ("sync", {"room": room, "since": 0, "epoch": "x"}),
            ("history", {"room": f"{room}-never-made"}),
        ]
    }
    assert len(answers) == 1
    assert "not_found" in answers.pop()
    for event, payload in [
        ("react", {"message_id": secret["id"], "emoji": "👍", "on": True}),
        ("delete", {"message_id": secret["id"]}),
    ]:
        assert eve.refused(event, payload)["code"] == "not_found"
    assert [m["body"] for m in carol.ok("history", {"room": room})["messages"]] == ["secret"]


def test_a_removed_member_hears_nothing_more(server: Server, room: str) -> None:
    alice, token = server.connect("Alice"), server.guest("Bob")
    bob = server.connect(token=token["token"])
    alice.join(room)
    bob.join(room)
    owner = server.guest("Owner")  # a stranger cannot remove anybody
    path = f"/api/v1/rooms/{room}/members"
    refused = server.http("DELETE", path, {"user_id": token["user"]["id"]}, token=owner["token"])
    assert refused.status_code == 404
    alice_token = alice.token
    removed = server.http("DELETE", path, {"user_id": token["user"]["id"]}, token=alice_token)
    assert removed.status_code in {200, 204}, removed.text
    bob.sees("removed", room=room)
    alice.send(room, "without him")
    alice.sees("message", body="without him")
    assert bob.refused("history", {"room": room})["code"] == "not_found"
    bob.has_not_seen("message", body="without him")


def test_a_signed_out_session_ends_its_live_sockets_everywhere(server: Server, room: str) -> None:
    guest = server.guest("Alice")
    sockets = [server.connect(token=guest["token"]) for _ in range(4)]
    other = server.connect("Bob")
    assert (
        server.http("DELETE", "/api/v1/sessions/current", token=guest["token"]).status_code == 204
    )
    for socket in sockets:
        assert socket.sees("session_revoked")["reason"] == "signed_out"
        socket.is_disconnected()
    with pytest.raises(RefusedError):
        server.connect(token=guest["token"])
    other.join(room)
    assert other.is_open
