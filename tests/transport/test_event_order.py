"""One client's events are handled and answered in their order, and nobody waits for another's."""

from __future__ import annotations

import contextlib
from uuid import uuid4

import pytest
import websocket

from chatapp.realtime.acks import PENDING_LIMIT
from chatapp.realtime.namespace import DOUBTED
from tests.support.waiting import eventually

from .conftest import ChatServer
from .wire import Polling, Wire

SAY = {"room": "r", "text": "hello"}


def test_a_slow_handler_delays_neither_the_pong_nor_anybody_else(chat: ChatServer) -> None:
    alice, bob = chat.connect("alice"), chat.connect("bob")
    slow = alice.request("slow", {"seconds": 2, "text": "done"})
    next_one = alice.request("message", SAY)
    bob.ok("message", SAY)
    assert not alice.acked(slow)
    assert not alice.acked(next_one)
    assert alice.ack(next_one)["ok"]
    assert alice.acked(slow)


def test_one_clients_events_are_handled_in_their_order(chat: ChatServer) -> None:
    alice, bob = chat.connect("alice"), chat.connect("bob")
    bob.ok("join", {"room": "r"})
    alice.emit("slow", {"seconds": 0.1})
    for number in range(300):
        alice.emit("message", {**SAY, "number": number})
        if number == 100:
            alice.emit("slow", {"seconds": 0.1})
    bob.sees("message", number=299)
    assert [event["number"] for event in bob.events("message")] == list(range(300))


def test_a_client_that_sends_faster_than_it_is_handled_is_slowed_down_not_lost(
    chat: ChatServer,
) -> None:
    alice = chat.connect("alice")
    alice.emit("slow", {"seconds": 0.5})
    requests = [alice.request("message", {**SAY, "number": n}) for n in range(1000)]
    assert [alice.ack(request)["number"] for request in requests] == list(range(1000))


def test_a_client_that_floods_is_refused_then_closed_and_the_others_do_not_feel_it(
    chat: ChatServer,
) -> None:
    flooder, alice = chat.connect("flooder"), chat.connect("alice")
    requests = [flooder.request("message", SAY) for _ in range(400)]
    assert flooder.ack(requests[-1])["error"]["code"] == "rate_limited"
    assert flooder.is_open
    # The server may have closed before all is said.
    with contextlib.suppress(websocket.WebSocketException, OSError):
        for _ in range(400):
            flooder.emit("message", SAY)
    assert flooder.sees("closing") == {"reason": "overloaded", "retry_after": 10.0}
    flooder.is_closed_by_server()
    assert alice.ok("message", SAY)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_who_says_much_that_nobody_understands_is_read_at_the_gate_until_it_behaves(
    chat: ChatServer, transport: str
) -> None:
    if transport == "websocket":
        eve: Wire | Polling = chat.wire().enter("eve")
    else:
        eve = chat.polling().enter("eve")
    say = eve.say if isinstance(eve, Wire) else eve.post

    def goes_on(first: int, *events: str) -> None:
        for number, event in enumerate(events, first):
            say(f"42/chat,{number}{event}")
        eve.until(f"43/chat,{first + len(events) - 1}[")

    goes_on(0, *['["nonsense",{}]'] * (DOUBTED - 1))
    chat.holds(distrusted=0)
    goes_on(50, '["nonsense",{}]', *['["look",{}]'] * (DOUBTED - 1))
    chat.holds(distrusted=1)
    goes_on(99, '["look",{}]')
    chat.holds(distrusted=0)


@pytest.mark.parametrize("behaves", [True, False])
def test_what_a_client_left_behind_is_handled_unless_it_misbehaved(
    chat: ChatServer, behaves: bool
) -> None:
    bob, eve = chat.connect("bob"), chat.wire().enter("eve")
    bob.ok("join", {"room": "r"})
    event = '["look",{}]' if behaves else '["nonsense",{}]'
    eve.say(*(f"42/chat,{number}{event}" for number in range(DOUBTED)))
    # A socket that is closed before all is read loses what it said last.
    eve.until(f"43/chat,{DOUBTED - 1}[")
    chat.holds(sessions=2, distrusted=0 if behaves else 1)
    ended = len(chat.state()["ended"])
    until = uuid4().hex
    eve.say(
        f'42/chat,["hold",{{"room":"{until}"}}]',
        '42/chat,["message",{"room":"r","text":"left behind"}]',
    )
    eve.close()
    chat.holds(sessions=1)
    bob.emit("let_go", {"room": until})
    eventually(lambda: len(chat.state()["ended"]) == ended + 1)
    bob.ok("message", SAY)
    texts = ["left behind", "hello"] if behaves else ["hello"]
    assert [event["text"] for event in bob.events("message")] == texts


def test_acks_come_in_the_order_of_their_events_also_when_results_come_later(
    chat: ChatServer,
) -> None:
    alice = chat.connect("alice")
    requests = [
        alice.request("write", {"seconds": 0.4, "text": "slowest"}),
        alice.request("message", SAY),
        alice.request("write", {"seconds": 0.1, "text": "faster"}),
        alice.request("nope", {}),
        alice.request("write", {"seconds": 0, "text": "at once"}),
    ]
    acks = [alice.ack(request) for request in requests]
    assert [ack.get("text") for ack in acks] == ["slowest", "hello", "faster", None, "at once"]
    order = [
        int(str(f)[8:].partition("[")[0]) for f in alice.frames if str(f).startswith("43/chat,")
    ]
    assert order == requests


def test_a_deferred_result_does_not_hold_up_the_next_events(chat: ChatServer) -> None:
    alice, bob = chat.connect("alice"), chat.connect("bob")
    bob.ok("join", {"room": "r"})
    write = alice.request("write", {"seconds": 2})
    alice.emit("message", SAY)
    bob.sees("message", text="hello")
    assert not alice.acked(write)
    assert alice.ack(write)["ok"]


def test_answers_that_wait_for_the_database_are_bounded_and_do_not_make_a_client_slow(
    chat: ChatServer,
) -> None:
    alice = chat.connect("alice")
    alice.request("write", {"seconds": 1})
    requests = [alice.request("message", {**SAY, "number": n}) for n in range(1000)]
    assert [alice.ack(request)["number"] for request in requests] == list(range(1000))
    assert 0 < chat.state()["most_pending"] < PENDING_LIMIT


def test_who_reads_sees_what_the_same_connection_wrote_before(chat: ChatServer) -> None:
    alice = chat.connect("alice")
    write = alice.request("write", {"seconds": 0.3})
    look = alice.request("look", {})
    assert alice.ack(look)["looked"] is True
    assert alice.acked(write)


@pytest.mark.parametrize(("text", "code"), [("refuse", "conflict"), ("break", "internal")])
def test_a_deferred_error_is_answered_like_any_other(
    chat: ChatServer, text: str, code: str
) -> None:
    alice = chat.connect("alice")
    assert alice.refused("write", {"seconds": 0.1, "text": text})["code"] == code
    assert alice.ok("write", {"seconds": 0.1, "text": "fine"})["text"] == "fine"
