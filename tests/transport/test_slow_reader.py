"""A client that does not read costs little, disturbs nobody, and is told to come back."""

from __future__ import annotations

import json
import socket

from .conftest import ChatServer
from .wire import Wire

MB = 1024 * 1024


def member(chat: ChatServer, name: str) -> Wire:
    wire = chat.wire().enter(name)
    wire.say('42/chat,1["join",{"room":"r"}]')
    wire.until("43/chat,1")
    return wire


def narrow(wire: Wire) -> Wire:
    """A reader whose machine takes little."""
    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return wire


def test_who_never_reads_is_closed_and_the_others_miss_nothing(chat: ChatServer) -> None:
    sleeper, bob = narrow(member(chat, "sleeper")), chat.connect("bob")
    bob.ok("join", {"room": "r"})
    before = chat.state()["rss"]
    for _ in range(80):  # more than any buffer on the way holds, as fast as bob reads
        bob.ok("flood", {"room": "r", "text": "x" * 8000, "number": 40})
        bob.sees("message", number=39)
    assert [event["number"] for event in bob.events("message")] == [*range(40)] * 80
    chat.holds(connections=1)
    assert chat.state()["ended"][-1] == "sleeper"
    assert chat.state()["rss"] - before < 12 * MB
    sleeper.close()


def test_who_wakes_up_finds_whole_messages_in_order_and_why_it_was_closed(
    chat: ChatServer,
) -> None:
    sleeper, bob = member(chat, "sleeper"), chat.connect("bob")
    bob.ok("flood", {"room": "r", "text": "x" * 8000, "number": 3000})
    chat.holds(connections=1)
    seen, last = [], ""
    try:
        while True:
            last = sleeper.next_text()
            if last.startswith('42/chat,["message"'):
                seen.append(json.loads(last[18 + 1 : -1])["number"])
    except (EOFError, ConnectionError):
        pass
    assert seen == list(range(len(seen)))
    if chat.runtime == "eventlet":  # elsewhere the library's writer holds on to what it has begun
        assert json.loads(last[18 + 1 : -1]) == {"reason": "slow", "retry_after": 1.0}


def test_who_is_far_behind_misses_what_can_be_dropped_and_stays(chat: ChatServer) -> None:
    sleeper, bob = member(chat, "sleeper"), chat.connect("bob")
    bob.ok("join", {"room": "r"})
    bob.ok("flood", {"room": "r", "text": "x" * 8000, "number": 3000, "droppable": True})
    bob.ok("message", {"room": "r", "text": "important", "number": 9999})
    bob.sees("message", number=9999, timeout=60)
    seen = []
    while 9999 not in seen:
        text = sleeper.next_text()
        if text.startswith('42/chat,["message"'):
            seen.append(json.loads(text[18 + 1 : -1])["number"])
    assert 100 < len(seen) < 2500
    assert seen == sorted(seen)
    assert chat.state()["connections"] == 2


def test_who_never_polls_is_closed_too_and_told_at_the_next_poll(chat: ChatServer) -> None:
    sleeper, bob = chat.polling().enter("sleeper"), chat.connect("bob")
    sleeper.post('42/chat,1["join",{"room":"r"}]')
    sleeper.until("43/chat,1")
    bob.ok("flood", {"room": "r", "text": "x", "number": 255})
    assert chat.state()["connections"] == 2
    bob.ok("flood", {"room": "r", "text": "x", "number": 100})
    chat.holds(connections=1)
    assert sleeper.poll() == ['42/chat,["closing",{"reason":"slow","retry_after":1.0}]']
    assert sleeper.poll() == ["1"]  # by itself: socket.io-client would not hear what comes with it


def test_what_can_be_dropped_does_not_close_a_client_that_does_not_poll(chat: ChatServer) -> None:
    sleeper, bob = chat.polling().enter("sleeper"), chat.connect("bob")
    sleeper.post('42/chat,1["join",{"room":"r"}]')
    sleeper.until("43/chat,1")
    bob.ok("flood", {"room": "r", "text": "x", "number": 1000, "droppable": True})
    bob.ok("message", {"room": "r", "text": "important"})
    packets = sleeper.poll()
    assert len(packets) == 129
    assert '"important"' in packets[-1]
