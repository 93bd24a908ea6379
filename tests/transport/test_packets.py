"""Whatever text a client sends as a packet, the server neither fails nor forgets itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp.realtime import frames
from chatapp.realtime.frame_reader import FrameReader

from . import app as application

GOOD = [
    '2/chat,7["message",{"room":"r","text":"hello"}]',
    '2/chat,["join",{"room":"r"}]',
    '51-/stock,1["echo",{"_placeholder":true,"num":0}]',
    '2/stock,12["echo",{"a":[1,2.5e3,"x",null,true]}]',
    "3/stock,5[1,2]",
    '0/chat,{"token":"alice"}',
    "1/stock,",
    "4/chat,{}",
]

anything = st.one_of(st.text(max_size=60), st.binary(max_size=20))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A good packet with a piece cut out and another put in."""
    packet = draw(st.sampled_from(GOOD))
    start = draw(st.integers(0, len(packet)))
    end = draw(st.integers(start, min(len(packet), start + 6)))
    return packet[:start] + draw(st.text('0123456789-/,[]{}":\\u\0ab', max_size=5)) + packet[end:]


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    logging.getLogger("chatapp.events").setLevel(logging.CRITICAL)
    yield application.create_app()
    logging.getLogger("chatapp.events").setLevel(logging.NOTSET)


@settings(max_examples=400, deadline=None)
@given(packets=st.lists(st.one_of(anything, damaged(), st.sampled_from(GOOD)), max_size=4))
def test_no_packet_makes_the_server_fail_or_keep_something(
    app: Any, packets: list[str | bytes]
) -> None:
    chat, server, fanout = app.extensions["test"]
    extension = app.extensions["socketio"]
    alice = extension.test_client(app, namespace="/chat", auth={"token": "alice"})
    server._handle_eio_message(alice.eio_sid, "0/stock,")
    for packet in packets:
        server._handle_eio_message(alice.eio_sid, packet)
    server._handle_eio_disconnect(alice.eio_sid, "the end")
    assert (chat._conns, fanout.everyone(), server._binary_packet) == ({}, [], {})
    assert server.manager.rooms == {}


@settings(deadline=None)
@given(st.binary(max_size=70_000))
def test_a_finished_frame_is_what_a_websocket_expects(packet: bytes) -> None:
    frame = frames.frame(packet)
    assert frame[0] == 0x81
    assert not frame[1] & 0x80
    # The reader reads clients, whose frames are masked; with a mask of zeros the rest is the same.
    size = frame[1] & 127
    head = 2 if size < 126 else 4 if size == 126 else 10
    masked = bytes((frame[0], frame[1] | 0x80)) + frame[2:head] + b"\0\0\0\0" + frame[head:]
    try:
        text = packet.decode()
    except UnicodeDecodeError:
        return
    assert FrameReader(100_000).feed(masked) == ["4" + text]


def test_packets_are_spelt_as_socket_io_spells_them() -> None:
    assert frames.event("message", b'{"a":1}') == b'2/chat,["message",{"a":1}]'
    assert frames.ack(12, b'{"ok":true}') == b'3/chat,12[{"ok":true}]'
    assert frames.closing("slow", 1.5) == b'2/chat,["closing",{"reason":"slow","retry_after":1.5}]'
    assert frames.close_frame(1009, "ü" * 100)[:4] == b"\x88\x7c\x03\xf1"
