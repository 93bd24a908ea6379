"""Two readers that know nothing of each other (ours and wsproto's) find the same in every stream, whole or broken."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed

from chatapp.realtime.frame_reader import (
    INVALID_TEXT,
    Close,
    FrameReader,
    Message,
    Ping,
    Pong,
    ProtocolError,
)

from .wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

# Above all that is written here: what happens at the limit has tests of its own (test_frame_reader.py), wsproto has none.
LIMIT = 1_000_000

Found = tuple[list[Message], int | None]

keys = st.binary(min_size=4, max_size=4)
bodies = st.one_of(
    st.text(max_size=40).map(str.encode),
    st.binary(max_size=40),
    st.integers(120, 140).map(lambda size: b"x" * size),
    # a letter of three bytes, in two pieces
    st.sampled_from([b"\xed\x95", b"\x9c", b"\xed\x95\x9c"]),
)
closes = st.one_of(
    st.just(b""),
    st.builds(
        lambda code, reason: struct.pack("!H", code) + reason,
        # 1014 (a gateway's) came after RFC 6455: ours takes it, wsproto does not know it.
        st.one_of(st.integers(0, 5_100), st.integers(1000, 1015)).filter(lambda code: code != 1014),
        st.one_of(st.text(max_size=20).map(str.encode), st.binary(max_size=20)),
    ),
    st.binary(max_size=1),
)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A frame: mostly a good one, sometimes with any one fault."""
    opcode = draw(
        st.sampled_from([TEXT, TEXT, BINARY, CONTINUATION, CONTINUATION, PING, PONG, CLOSE, 3, 15])
        if draw(st.integers(0, 9)) == 0
        else st.sampled_from([TEXT, BINARY, CONTINUATION, CONTINUATION, PING, PONG])
    )
    body = draw(closes if opcode == CLOSE else bodies)
    if opcode in {PING, PONG} and draw(st.integers(0, 9)):
        body = body[:125]
    broken = draw(st.integers(0, 30))
    return frame(
        opcode,
        body,
        final=opcode in {PING, PONG, CLOSE} or draw(st.booleans())
        if broken
        else draw(st.booleans()),
        key=None if broken == 1 else draw(keys),
        reserved=draw(st.integers(1, 7)) if broken == 2 else 0,
    )


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """Whole frames one behind the other, cut anywhere. (Of half a frame each reader says what is wrong when it likes.)"""
    data = b"".join(draw(st.lists(frames(), max_size=10)))
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[a:b] for a, b in itertools.pairwise([0, *places, len(data)]) if b > a]


def ours(pieces: list[bytes]) -> Found:
    reader = FrameReader(LIMIT)
    messages: list[Message] = []
    for piece in pieces:
        try:
            messages += reader.feed(piece)
        except ProtocolError as error:
            return messages + error.messages, error.code
        if messages and isinstance(messages[-1], Close):
            break
    return messages, None


def theirs(pieces: list[bytes]) -> Found:
    protocol = FrameProtocol(client=False, extensions=[])
    messages: list[Message] = []
    parts: list[str | bytes] = []
    for piece in pieces:
        protocol.receive_bytes(piece)
        try:
            for event in protocol.received_frames():
                payload = event.payload
                if event.opcode is Opcode.CLOSE:
                    return [*messages, Close(int(payload[0]), payload[1] or "")], None
                if event.opcode is Opcode.PING:
                    messages.append(Ping(bytes(payload)))
                elif event.opcode is Opcode.PONG:
                    messages.append(Pong(bytes(payload)))
                else:
                    parts.append(payload if isinstance(payload, str) else bytes(payload))
                    if event.message_finished:
                        messages.append(_joined(parts))
                        parts = []
        except ParseFailed as error:
            return messages, int(error.code)
    return messages, None


def _joined(parts: list[str | bytes]) -> str | bytes:
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if texts else b"".join(part for part in parts if isinstance(part, bytes))


@settings(deadline=None, max_examples=400)
@given(streams())
def test_both_readers_find_the_same(pieces: list[bytes]) -> None:
    mine, other = ours(pieces), theirs(pieces)
    if other[1] == INVALID_TEXT and mine[1] is None:
        # wsproto looks at text as it comes, ours when the message is whole: nothing of it is handed on by either.
        assert mine[0][: len(other[0])] == other[0]
        assert all(isinstance(message, Ping | Pong | Close) for message in mine[0][len(other[0]) :])
        return
    if other[1] == INVALID_TEXT and mine[1] is not None:
        # The same, and the stream broke otherwise before that message was whole.
        assert mine[0][: len(other[0])] == other[0]
        return
    assert mine == other


@settings(deadline=None, max_examples=150)
@given(streams())
def test_where_the_network_cuts_makes_no_difference(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert ours(pieces) == ours([whole])


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 65_537])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_both_readers_find_messages_at_the_edges_of_a_lengths_form(size: int, opcode: int) -> None:
    stream = frame(opcode, b"x" * size) + frame(PING, b"next")
    pieces = [stream[:3], stream[3:7], stream[7:]]
    found = ours(pieces)
    assert found == theirs(pieces)
    assert len(found[0][0]) == size
