"""Engine.IO sessions: how they are opened, whose they are, how they upgrade, and that they end."""

from __future__ import annotations

import http.client
import json
import socket
import threading

import pytest

from tests.support.waiting import eventually

from .conftest import ChatServer

MB = 1024 * 1024


# Long-polling


def test_a_session_is_named_after_its_worker_and_says_its_terms(chat: ChatServer) -> None:
    offer = chat.polling().offer
    assert offer["sid"].startswith("w1-")
    assert len(offer["sid"]) > 20
    assert offer["upgrades"] == ["websocket"]
    assert (offer["pingInterval"], offer["pingTimeout"]) == (15000, 15000)
    assert offer["maxPayload"] == chat.state()["limit"]


def test_a_chat_over_long_polling_is_a_chat(chat: ChatServer) -> None:
    alice = chat.polling().enter("alice")
    bob = chat.connect("bob")
    bob.ok("join", {"room": "r"})
    packet = '42/chat,%d["%s",{"room":"r"%s}]'
    assert alice.post(packet % (1, "join", "")) == 200
    assert alice.post(packet % (2, "message", ',"text":"one"'), packet % (3, "nope", "")) == 200
    packets = alice.until("43/chat,3")
    assert [p[:9] for p in packets] == ["43/chat,1", "42/chat,[", "43/chat,2", "43/chat,3"]
    assert '"unknown_event"' in packets[3]
    bob.sees("message", text="one")
    bob.ok("message", {"room": "r", "text": "two"})
    assert any('"two"' in packet for packet in alice.until('42/chat,["message"'))
    alice.post("1")
    chat.holds(sessions=1)


def test_many_packets_in_one_request_are_all_handled_in_order(chat: ChatServer) -> None:
    alice = chat.polling().enter()
    say = '42/chat,%d["message",{"room":"r","text":"x"}]'
    assert alice.post(*(say % n for n in range(1, 201))) == 200
    acks = [p for p in alice.until("43/chat,200") if p.startswith("43")]
    assert [int(ack[8:].partition("[")[0]) for ack in acks] == list(range(1, 201))


def test_a_request_that_is_too_long_is_refused_before_it_is_read(chat: ChatServer) -> None:
    alice = chat.polling().enter()
    before = chat.state()["rss"]
    with socket.create_connection(("127.0.0.1", chat.port), timeout=5) as sock:
        sock.sendall(
            f"POST /socket.io/?EIO=4&transport=polling&sid={alice.sid} HTTP/1.1\r\n"
            f"Host: x\r\nContent-Length: {100 * MB}\r\n\r\n".encode()
        )
        assert sock.recv(1000).split(b" ", 2)[1] == b"413"
    limit = chat.state()["limit"]
    assert alice.request("POST", f"&sid={alice.sid}", b"4" * (limit + 1))[0] == 413
    assert chat.state()["rss"] - before < 20 * MB
    assert alice.post('42/chat,1["message",{"room":"r","text":"still here"}]') == 200
    alice.until("43/chat,1")


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"4\x1e", b"\x1e", b"\xff\xff", b"b!!!", b"4x", b"2probe", b"5", b"9", b"bAAAA"],
)
def test_a_payload_that_cannot_be_read_ends_the_session(chat: ChatServer, body: bytes) -> None:
    alice = chat.polling().enter()
    assert alice.post("6") == 200
    alice.request("POST", f"&sid={alice.sid}", body)
    eventually(alice.is_gone)
    chat.holds_nothing()


def test_two_polls_at_a_time_end_the_session(chat: ChatServer) -> None:
    alice = chat.polling().enter()
    first: list[tuple[int, str]] = []
    thread = threading.Thread(
        target=lambda: first.append(alice.request("GET", f"&sid={alice.sid}"))
    )
    thread.start()
    eventually(lambda: alice.request("GET", f"&sid={alice.sid}")[0] == 400)
    thread.join(timeout=10)
    assert first
    chat.holds_nothing()


@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("GET", "EIO=4"),
        ("GET", "EIO=4&transport=carrier-pigeon"),
        ("GET", "EIO=3&transport=polling"),
        ("GET", "EIO=4&transport=polling&j=0"),
        ("GET", "EIO=4&transport=polling&sid=unknown"),
        ("GET", "EIO=4&transport=websocket"),
        ("POST", "EIO=4&transport=polling"),
        ("PUT", "EIO=4&transport=polling"),
    ],
)
def test_a_request_that_belongs_to_nothing_is_refused(
    chat: ChatServer, method: str, query: str
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", chat.port, timeout=5)
    connection.request(method, f"/socket.io/?{query}")
    assert connection.getresponse().status == 400
    connection.close()
    assert chat.state()["sessions"] == 0
    assert chat.polling().sid


def test_a_refused_client_hears_why_over_long_polling_too(chat: ChatServer) -> None:
    alice = chat.polling()
    assert alice.post('40/chat,{"token":"forged"}') == 200
    (packet,) = alice.until("44/chat,")
    assert json.loads(packet[8:])["data"]["code"] == "unauthenticated"
    # Whoever was refused leaves politely; anything else comes too late.
    assert alice.post("1") == 200
    assert alice.post("40/chat,") == 400
    # By itself: socket.io-client does not hear what comes in one answer with the end.
    assert alice.poll() == ["1"]
    eventually(alice.is_gone)
    assert alice.post("1") == 200
    assert alice.post("4") == 400
    chat.holds_nothing()


def test_last_words_wait_for_the_next_poll(chat: ChatServer) -> None:
    alice = chat.polling().enter()
    assert alice.post('42/chat,["close_me",{}]') == 200
    chat.holds(connections=0)
    (words,) = alice.poll()
    assert words.startswith('42/chat,["closing"')
    assert alice.poll() == ["1"]
    eventually(alice.is_gone)
    chat.holds_nothing()


# Whose it is


def test_a_session_answers_only_to_the_credentials_that_opened_it(chat: ChatServer) -> None:
    alice = chat.polling({"Cookie": "session=alice"}).enter()
    mallory = {"Cookie": "session=mallory"}
    say = '42/chat,1["message",{"room":"r","text":"in her name"}]'
    assert alice.post(say, headers=mallory) == 403
    assert alice.request("GET", f"&sid={alice.sid}", headers=mallory)[0] == 403
    assert chat.wire(sid=alice.sid, headers="Cookie: session=mallory\r\n").status == 403
    assert chat.wire(sid=alice.sid).status == 403
    assert alice.post(say) == 200
    assert len(alice.until("43/chat,1")) == 1


def test_an_address_that_opens_too_much_is_refused(chat: ChatServer) -> None:
    alice = chat.polling()
    status, text = alice.request("GET", "", headers={"X-Flood": "yes"})
    assert status == 429
    assert json.loads(text)["error"]["code"] == "rate_limited"
    assert chat.wire(headers="X-Flood: yes\r\n").status == 429
    assert alice.request("POST", f"&sid={alice.sid}", b"6", {"X-Flood": "yes"})[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {
            "Origin": "https://evil.example",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
        },
    ],
)
def test_another_sites_page_opens_nothing(chat: ChatServer, headers: dict[str, str]) -> None:
    alice = chat.polling()
    host = chat.url.removeprefix("http://")
    assert chat.polling({"Origin": chat.url, "Host": host}).sid
    assert alice.request("GET", "", headers={**headers, "Host": host})[0] == 400
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    assert chat.wire(headers=lines).status == 400


# Alive


def test_whoever_does_not_answer_a_ping_is_closed_and_whoever_does_is_kept(
    hasty: ChatServer,
) -> None:
    assert hasty.polling().offer["pingInterval"] == 500  # not cut to whole seconds
    kept = hasty.connect("kept")
    poller = hasty.polling().enter("poller")
    silent = hasty.wire().enter("silent")
    gone = hasty.polling().enter("gone")
    for _ in range(4):
        assert poller.request("GET", f"&sid={poller.sid}") == (200, "2")
        assert poller.post("3") == 200
    assert "poller" not in hasty.state()["ended"]
    silent.is_cut()
    eventually(gone.is_gone)
    assert kept.is_open
    assert kept.frames.count("2") >= 3
    assert kept.ok("message", {"room": "r", "text": "here"})
    assert {"gone", "silent"} <= set(hasty.state()["ended"])
    assert "kept" not in hasty.state()["ended"]


def test_a_slow_handler_does_not_cost_the_connection(hasty: ChatServer) -> None:
    alice = hasty.connect("alice")
    assert alice.ok("slow", {"seconds": 3})
    assert alice.frames.count("2") >= 3


def test_a_transport_that_never_connects_is_closed(hasty: ChatServer) -> None:
    idle = [hasty.polling() for _ in range(3)]
    silent = hasty.wire()
    left = hasty.wire().enter("left")
    left.say("41/chat,")
    kept = hasty.connect("kept")
    silent.is_cut()
    left.is_cut()
    eventually(lambda: all(session.is_gone() for session in idle))
    hasty.holds(sessions=1)
    assert kept.ok("message", {"room": "r", "text": "here"})
