"""Who comes in to /chat, who is refused, and that nothing of anybody stays behind."""

from __future__ import annotations

import json

import pytest

from tests.support.client import RefusedError
from tests.support.waiting import eventually

from .conftest import ChatServer


@pytest.mark.parametrize("auth", ["[]", '["alice"]', "0", "7", '""', '"alice"', "false", "true"])
def test_auth_that_is_no_object_is_nobody(chat: ChatServer, auth: str) -> None:
    wire = chat.wire()
    wire.say(f"40/chat,{auth}")
    error = json.loads(wire.until("44/chat,")[8:])
    assert error["data"]["code"] == "unauthenticated"
    wire.close_code()
    chat.holds_nothing()


@pytest.mark.parametrize("auth", ["", "{}", "null", '{"token":"alice"}'])
def test_auth_that_is_an_object_or_nothing_is_looked_at(chat: ChatServer, auth: str) -> None:
    wire = chat.wire()
    wire.say(f"40/chat,{auth}")
    wire.until('42/chat,["hello"')


@pytest.mark.parametrize(("token", "code"), [("forged", "unauthenticated"), ("broken", "internal")])
def test_who_is_refused_is_told_why_and_let_go(chat: ChatServer, token: str, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        chat.connect(token)
    assert refused.value.data["code"] == code
    assert str(refused.value)
    assert refused.value.closed
    chat.holds_nothing()


def test_the_answer_to_connect_comes_before_everything_else(chat: ChatServer) -> None:
    alice = chat.connect("alice")
    packets = [str(frame)[:8] for frame in alice.frames]
    assert packets[1:3] == ["40/chat,", "42/chat,"]


def test_an_event_before_connect_closes(chat: ChatServer) -> None:
    wire = chat.wire()
    wire.say('42/chat,1["message",{"room":"r","text":"hello"}]')
    wire.close_code()
    chat.holds_nothing()


def test_a_second_connect_closes(chat: ChatServer) -> None:
    wire = chat.wire().enter("alice")
    wire.say('40/chat,{"token":"bob"}')
    wire.close_code()
    chat.holds_nothing()


def test_a_namespace_that_does_not_exist_is_refused(chat: ChatServer) -> None:
    wire = chat.wire()
    wire.say("40/nowhere,", "40")
    assert wire.until("44/nowhere,") == '44/nowhere,{"message":"Invalid namespace"}'
    assert wire.until("44{") == '44{"message":"Invalid namespace"}'
    wire.enter()


def test_leaving_the_namespace_frees_all_of_it(chat: ChatServer) -> None:
    wire = chat.wire().enter()
    chat.holds(connections=1)
    wire.say("41/chat,")
    chat.holds(connections=0, conns=0, rooms=[])
    wire.enter()


def test_who_is_sent_away_gets_a_disconnect_and_then_the_transport_closes(chat: ChatServer) -> None:
    alice = chat.connect("alice")
    alice.emit("send_away", {})
    alice.is_disconnected()
    alice.is_closed_by_server()
    chat.holds_nothing()


def test_who_is_told_to_come_back_gets_no_disconnect(chat: ChatServer) -> None:
    alice = chat.connect("alice")
    alice.emit("close_me", {})
    assert alice.sees("closing") == {"reason": "restart", "retry_after": 2.5}
    alice.is_closed_by_server()
    assert not any(str(frame).startswith("41") for frame in alice.frames)
    chat.holds_nothing()


def test_the_end_is_told_once_however_a_client_goes(chat: ChatServer) -> None:
    before = len(chat.state()["ended"])
    for end in ("41/chat,", "1", "x"):
        wire = chat.wire().enter("leaver")
        wire.say(end)
        wire.say("41/chat,")
        wire.close()
    cut = chat.connect("leaver")
    cut.cut()
    eventually(lambda: len(chat.state()["ended"]) >= before + 4)
    chat.holds_nothing()
    assert len(chat.state()["ended"]) == before + 4
