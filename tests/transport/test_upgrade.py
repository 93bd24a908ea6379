"""A WebSocket takes over from long-polling: in order, without loss, or not at all."""

from __future__ import annotations

import json
import threading

import pytest

from tests.support.waiting import eventually

from .conftest import ChatServer
from .wire import Polling, Wire


def numbers(packets: list[str]) -> list[int]:
    """The numbers of the messages among Engine.IO packets."""
    heads = '42/chat,["message",'
    return [json.loads(p[len(heads) : -1])["number"] for p in packets if p.startswith(heads)]


def upgraded(chat: ChatServer, alice: Polling) -> Wire:
    """Alice's WebSocket, up to the moment before her UPGRADE; her last poll has returned."""
    wire = chat.wire(sid=alice.sid)
    assert wire.status == 101
    wire.say("2probe")
    assert wire.next_text() == "3probe"
    return wire


def test_after_an_upgrade_everything_goes_over_the_websocket(chat: ChatServer) -> None:
    alice = chat.polling().enter()
    alice.post('42/chat,1["join",{"room":"r"}]')
    alice.until("43/chat,1")
    wire = upgraded(chat, alice)
    bob = chat.connect("bob")
    bob.ok("message", {"room": "r", "text": "during"})
    wire.say("5")
    bob.ok("message", {"room": "r", "text": "after"})
    assert '"during"' in wire.until('42/chat,["message"')
    assert '"after"' in wire.until('42/chat,["message"')
    wire.say('42/chat,2["message",{"room":"r","text":"mine"}]')
    wire.until("43/chat,2")
    assert alice.request("GET", f"&sid={alice.sid}")[0] == 400
    assert alice.post("6") == 400
    chat.wire(sid=alice.sid).close_code()
    wire.say("1")
    chat.holds(sessions=1)


def test_a_poll_that_waits_returns_when_the_client_upgrades(chat: ChatServer) -> None:
    alice = chat.polling().enter()
    polled: list[list[str]] = []
    poll = threading.Thread(target=lambda: polled.append(alice.poll()))
    poll.start()
    wire = chat.wire(sid=alice.sid)
    # Whether the poll or the probe arrives first, the poll ends with a NOOP.
    wire.say("2probe")
    assert wire.next_text() == "3probe"
    poll.join(timeout=5)
    assert polled == [["6"]]
    wire.say("5", '42/chat,1["message",{"room":"r","text":"x"}]')
    wire.until("43/chat,1")


def test_an_upgrade_in_the_middle_of_a_stream_loses_and_reorders_nothing(chat: ChatServer) -> None:
    for _ in range(5):
        alice = chat.polling().enter()
        alice.post('42/chat,1["join",{"room":"r"}]')
        alice.until("43/chat,1")
        chat.connect("bob").emit("flood", {"room": "r", "text": "x", "number": 200})
        seen = numbers(alice.poll())
        wire = upgraded(chat, alice)
        seen += numbers(alice.poll())
        wire.say("5")
        while len(seen) < 200:
            seen += numbers([wire.next_text()])
        assert seen == list(range(200))
        wire.close()


@pytest.mark.parametrize("breach", ["nonsense", "5", "4hello", "2"])
def test_long_polling_goes_on_when_the_upgrade_fails(chat: ChatServer, breach: str) -> None:
    alice = chat.polling().enter()
    first = chat.wire(sid=alice.sid)
    first.say(breach)
    first.close_code()
    second = upgraded(chat, alice)
    second.close()  # after the probe, before the UPGRADE
    alice.post('42/chat,1["message",{"room":"r","text":"still here"}]')
    eventually(lambda: any(p.startswith("43/chat,1") for p in alice.poll()))
    third = upgraded(chat, alice)
    third.say("5")
    third.say('42/chat,2["message",{"room":"r","text":"at last"}]')
    third.until("43/chat,2")


def test_only_one_websocket_at_a_time_may_take_over(chat: ChatServer) -> None:
    alice = chat.polling().enter()
    first = upgraded(chat, alice)
    second = chat.wire(sid=alice.sid)
    second.say("2probe", "5")
    second.close_code()
    first.say("5")
    first.say('42/chat,1["message",{"room":"r","text":"x"}]')
    first.until("43/chat,1")


def test_who_is_refused_during_the_upgrade_hears_why(chat: ChatServer) -> None:
    alice = chat.polling()
    wire = upgraded(chat, alice)
    alice.post('40/chat,{"token":"forged"}')
    wire.say("5")
    assert '"unauthenticated"' in wire.until("44/chat,")
    wire.close_code()
    chat.holds_nothing()


def test_who_is_refused_during_the_upgrade_and_never_upgrades_is_let_go(chat: ChatServer) -> None:
    alice = chat.polling()
    wire = upgraded(chat, alice)
    alice.post('40/chat,{"token":"forged"}')
    wire.close()
    assert any('"unauthenticated"' in packet for packet in alice.until("44/chat,"))
    chat.holds_nothing()


def test_a_session_that_ends_during_its_upgrade_is_freed(chat: ChatServer) -> None:
    alice = chat.polling().enter()
    wire = upgraded(chat, alice)
    alice.post("1")
    wire.close_code()
    chat.holds_nothing()
