"""RFC 6455 as a hostile client meets it. Beside each refusal the same done right."""

from __future__ import annotations

import struct

import pytest

from chatapp.realtime.transport import MAX_MESSAGE
from tests.support.waiting import eventually

from .conftest import ChatServer
from .wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Wire, frame

MB = 1024 * 1024


def message(text: str) -> str:
    return f'42/chat,1["message",{{"room":"r","text":"{text}"}}]'


def works(wire: Wire) -> bool:
    wire.say(message("still here"))
    return '"ok":true' in wire.until("43/chat,1")


def test_the_answer_to_the_handshake_agrees_to_no_extension(chat: ChatServer) -> None:
    wire = chat.wire(
        headers="Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    )
    assert wire.status == 101
    assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in wire.head
    assert "extensions" not in wire.head.lower()
    assert works(wire.enter())


@pytest.mark.parametrize(
    ("breach", "code"),
    [
        pytest.param([frame(TEXT, b"4hello", key=None)], 1002, id="unmasked"),
        pytest.param([frame(TEXT, b"4hello", reserved=4)], 1002, id="compressed"),
        pytest.param([frame(5, b"4hello")], 1002, id="unknown opcode"),
        pytest.param([frame(CONTINUATION, b"4hello")], 1002, id="continuation of nothing"),
        pytest.param([frame(PING, b"x" * 126)], 1002, id="long ping"),
        pytest.param([frame(TEXT, b"4\xff\xfe")], 1007, id="no UTF-8"),
        pytest.param([frame(TEXT, b"4" + b"x" * MAX_MESSAGE)], 1009, id="one byte too long"),
        pytest.param(
            [frame(TEXT, b"4" + b"x" * MAX_MESSAGE, final=False), frame(CONTINUATION, b"y")],
            1009,
            id="too long in pieces",
        ),
    ],
)
def test_a_breach_of_the_protocol_closes_with_its_code_and_frees(
    chat: ChatServer, breach: list[bytes], code: int
) -> None:
    wire = chat.wire().enter()
    assert works(wire)
    wire.send(*breach)
    assert wire.close_code() == code
    chat.holds_nothing()


def test_a_message_as_long_as_allowed_is_taken(chat: ChatServer) -> None:
    wire = chat.wire().enter()
    packet = '42/chat,1["message",{"room":"r","text":"%s"}]'
    text = packet % ("x" * (MAX_MESSAGE - len(packet) + 2))
    assert len(text) == MAX_MESSAGE
    wire.say(text)
    assert '"ok":true' in wire.until("43/chat,1")


def test_a_hundred_megabytes_are_refused_before_they_are_read(chat: ChatServer) -> None:
    before = chat.state()["rss"]
    wire = chat.wire().enter()
    wire.send(frame(TEXT, b"4" * 10, length=100 * MB))
    # The stock library of the other runtimes looks at the size of what has come, not of what was announced.
    if chat.runtime != "eventlet":
        try:
            for _ in range(100):
                wire.send(b"x" * MB)
        except OSError:
            pass
    assert wire.close_code() in {1009, None}
    chat.holds_nothing()
    assert chat.state()["rss"] - before < 20 * MB


def test_many_frames_in_one_segment_are_all_answered_in_order(chat: ChatServer) -> None:
    wire = chat.wire().enter()
    wire.say(*(f'42/chat,{n}["message",{{"room":"r","text":"{n}"}}]' for n in range(1, 101)))
    acks = [wire.until("43/chat,") for _ in range(100)]
    assert [int(ack[8:].partition("[")[0]) for ack in acks] == list(range(1, 101))


def test_a_frame_that_comes_byte_by_byte_is_a_frame(chat: ChatServer) -> None:
    wire = chat.wire().enter()
    for byte in frame(TEXT, message("slowly").encode()):
        wire.send(bytes((byte,)))
    assert '"ok":true' in wire.until("43/chat,1")


def test_fragments_are_one_message_and_a_ping_between_them_is_answered(chat: ChatServer) -> None:
    wire = chat.wire().enter()
    text = message("in pieces").encode()
    wire.send(frame(TEXT, text[:9], final=False), frame(PING, b"are you there?"))
    assert wire.next_frame() == (PONG, b"are you there?")
    wire.send(frame(CONTINUATION, text[9:20], final=False), frame(CONTINUATION, text[20:]))
    assert '"ok":true' in wire.until("43/chat,1")


def test_a_close_is_answered_with_its_code(chat: ChatServer) -> None:
    wire = chat.wire().enter()
    wire.send(frame(CLOSE, struct.pack("!H", 3021) + b"bye"))
    assert wire.close_code() == 3021
    chat.holds_nothing()


def test_what_was_sent_before_a_close_is_handled(chat: ChatServer) -> None:
    bob = chat.wire().enter("bob")
    bob.say('42/chat,1["join",{"room":"r"}]')
    bob.until("43/chat,1")
    alice = chat.wire().enter()
    alice.send(frame(TEXT, message("last words").encode()), frame(CLOSE, struct.pack("!H", 1000)))
    assert "last words" in bob.until('42/chat,["message"')


def test_a_connection_that_is_cut_is_freed(chat: ChatServer) -> None:
    alice = chat.connect("alice")
    chat.holds(sessions=1)
    alice.cut()
    chat.holds_nothing()


@pytest.mark.parametrize(
    "packet", ["x", "", "2", "9", "5", "7hello", "4", "4x", "4[]", '42{"a":1}']
)
def test_garbage_closes_the_session_and_frees_it(chat: ChatServer, packet: str) -> None:
    wire = chat.wire().enter()
    assert works(wire)
    wire.say(packet)
    wire.close_code()
    chat.holds_nothing()


def test_binary_that_nobody_announced_closes(chat: ChatServer) -> None:
    wire = chat.wire().enter()
    wire.send(frame(BINARY, b"surprise"))
    wire.close_code()
    chat.holds_nothing()


def test_a_peer_that_never_closes_its_side_is_cut(chat: ChatServer) -> None:
    wire = chat.wire().enter()
    wire.say("x")
    wire.is_cut()
    chat.holds_nothing()


def test_a_client_that_asks_to_close_is_let_go(chat: ChatServer) -> None:
    wire = chat.wire().enter()
    wire.say("1")
    wire.close_code()
    chat.holds_nothing()


@pytest.mark.parametrize(
    "lines",
    [
        "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n",
        "Sec-WebSocket-Version: 13\r\n",
    ],
)
def test_what_is_no_handshake_opens_nothing(chat: ChatServer, lines: str) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", chat.port), timeout=5) as sock:
        sock.sendall(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n" + lines.encode() + b"\r\n"
        )
        assert not sock.recv(1000).startswith(b"HTTP/1.1 101")
    eventually(lambda: chat.state()["sessions"] == 0)
