"""Events of /chat: each is answered, in order, whatever it is; the connection stays. Beside each refusal the same done
right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.client import Client

from .conftest import ChatServer

SAY = {"room": "r", "text": "hello"}


def answer(client: Client, packet: str) -> dict[str, Any]:
    """The ack of an EVENT packet with the ack id 7, written by hand."""
    client.raw(f"42/chat,7{packet}")
    ack: dict[str, Any] = client.ack(7)
    return ack


def still_works(client: Client) -> None:
    assert client.ok("message", SAY)["text"] == "hello"


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        pytest.param('["message",{"room":"r","text":}]', "bad_request", id="bad JSON"),
        pytest.param('["message",{"room":"r","text":"x"}', "bad_request", id="cut JSON"),
        pytest.param('["message"', "bad_request", id="cut list"),
        pytest.param("", "bad_request", id="no payload at all"),
        pytest.param('{"message":1}', "bad_request", id="a dict for a list"),
        pytest.param('{"a":["message"]}', "bad_request", id="a dict with a list"),
        pytest.param("[]", "bad_request", id="an empty list"),
        pytest.param("[42,{}]", "bad_request", id="a number for a name"),
        pytest.param("[null]", "bad_request", id="null for a name"),
        pytest.param('["message"]', "bad_request", id="no argument"),
        pytest.param('["message",{"room":"r","text":"a"},{}]', "bad_request", id="two arguments"),
        pytest.param('["message",[]]', "bad_request", id="a list for an object"),
        pytest.param('["message",{"room":"r"}]', "bad_request", id="a missing field"),
        pytest.param(
            '["message",{"room":"r","text":"a","seq":1}]', "bad_request", id="an unknown field"
        ),
        pytest.param('["message",{"room":"r","text":5}]', "bad_request", id="a number for text"),
        pytest.param('["message",{"room":"r","text":"a","number":NaN}]', "bad_request", id="NaN"),
        pytest.param(
            '["message",{"room":"r","text":"a","number":Infinity}]', "bad_request", id="Infinity"
        ),
        pytest.param(
            '["message",{"room":"r","text":"a","number":1e999}]', "bad_request", id="1e999"
        ),
        pytest.param(
            '["message",{"room":"r","text":"a","number":%s}]' % ("9" * 5000),
            "bad_request",
            id="huge integer",
        ),
        pytest.param(
            f'["message",{{"room":"r","text":{"[" * 900}{"]" * 900}}}]',
            "bad_request",
            id="nested 900 deep",
        ),
        pytest.param("[" * 30000, "bad_request", id="nested without end"),
        pytest.param(
            '["message",{"room":"r","text":"\\ud800"}]', "bad_request", id="a lone surrogate"
        ),
        pytest.param('["message",{"room":"r","text":"a\\u0000b"}]', "bad_request", id="NUL"),
        pytest.param('["message",{"room":"r","text":"a\0b"}]', "bad_request", id="a raw NUL"),
        pytest.param('["nope",{}]', "unknown_event", id="unknown event"),
        pytest.param('["",{}]', "unknown_event", id="an event without a name"),
        pytest.param('["connect",{"token":"root"}]', "unknown_event", id="connect as an event"),
        pytest.param('["disconnect","bye"]', "unknown_event", id="disconnect as an event"),
        pytest.param('["trigger_event",{}]', "unknown_event", id="a method that is no event"),
        pytest.param('["fault",{}]', "internal", id="a handler's fault"),
    ],
)
def test_bad_input_gets_its_code_and_the_connection_stays(
    chat: ChatServer, packet: str, code: str
) -> None:
    alice = chat.connect("alice")
    ack = answer(alice, packet)
    assert ack["ok"] is False
    assert ack["error"]["code"] == code
    assert ack["error"]["message"]
    assert len(ack["error"]["message"]) < 500
    assert ack["error"]["request_id"]
    still_works(alice)


@pytest.mark.parametrize(
    "packet",
    [
        '["message",{"room":"r","text":"hello"}]',
        '[ "message" , {"room":"r", "text":"hello"} ]',
        '["mess\\u0061ge",{"text":"hello","room":"r"}]',
        '["message",{"room":"r","text":"hello","number":0}]',
    ],
)
def test_unusual_but_legal_spellings_are_understood(chat: ChatServer, packet: str) -> None:
    assert answer(chat.connect("alice"), packet)["text"] == "hello"


def test_text_that_only_looks_like_nul_is_text(chat: ChatServer) -> None:
    text = "a backslash: \\u0000"
    ack = answer(chat.connect("alice"), json.dumps(["message", {"room": "r", "text": text}]))
    assert ack["text"] == text


def test_an_event_named_connect_does_not_change_who_one_is(chat: ChatServer) -> None:
    alice, bob = chat.connect("alice"), chat.connect("bob")
    ended = chat.state()["ended"]
    bob.ok("join", {"room": "r"})
    alice.ok("join", {"room": "r"})
    assert answer(alice, '["connect",{"token":"root"}]')["error"]["code"] == "unknown_event"
    assert answer(alice, '["disconnect",{}]')["error"]["code"] == "unknown_event"
    alice.ok("typing", {"room": "r"})
    bob.sees("typing", user="alice")
    assert chat.state()["ended"] == ended


def test_a_fault_is_found_in_the_log_by_its_request_id(chat: ChatServer) -> None:
    request = chat.connect("alice").refused("fault", {})["request_id"]
    assert request in chat.log
    assert "a handler on fire" in chat.log


def test_a_refusal_says_when_to_try_again(chat: ChatServer) -> None:
    flooder = chat.connect("flooder")
    assert flooder.refused("message", SAY)["retry_after"] == 1.5
    assert answer(flooder, '["message",{')["error"]["code"] == "rate_limited"
    still_works(chat.connect("alice"))


def test_an_event_without_an_ack_id_is_handled_and_not_answered(chat: ChatServer) -> None:
    alice = chat.connect("alice")
    alice.ok("join", {"room": "r"})
    alice.emit("message", SAY)
    alice.emit("nope", {})
    alice.sees("message", text="hello")
    still_works(alice)
    assert len([frame for frame in alice.frames if str(frame).startswith("43/chat,")]) == 2


def test_an_ack_id_that_is_no_number_is_not_repeated(chat: ChatServer) -> None:
    alice = chat.connect("alice")
    alice.raw('42/chat,²["message",{}]')
    alice.raw("42/chat," + "9" * 200 + '["message",{}]')
    still_works(alice)
    assert all("9999" not in str(frame) for frame in alice.frames)
