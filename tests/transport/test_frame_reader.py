"""What a client sends is cut into messages, whatever it is and wherever the network cuts it."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp.realtime.frame_reader import (
    MAX_FRAGMENTS,
    Close,
    FrameReader,
    Message,
    Ping,
    Pong,
    ProtocolError,
)

from .wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

LIMIT = 2000

texts = st.text(max_size=300)
keys = st.binary(min_size=4, max_size=4)
controls = st.one_of(
    st.binary(max_size=125).map(Ping),
    st.binary(max_size=125).map(Pong),
)
messages = st.one_of(texts, st.binary(max_size=900), controls)


@st.composite
def written(draw: st.DrawFn) -> tuple[list[Message], bytes]:
    """Messages, and a way to write them: fragmented anywhere, control frames between the fragments."""
    expected: list[Message] = []
    data = b""
    for message in draw(st.lists(messages, max_size=8)):
        key = draw(keys)
        if isinstance(message, (Ping, Pong)):
            data += frame(PING if isinstance(message, Ping) else PONG, message.payload, key=key)
            expected.append(message)
            continue
        body = message.encode() if isinstance(message, str) else message
        cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
        edges = [0, *cuts, len(body)]
        for index, (start, end) in enumerate(itertools.pairwise(edges)):
            opcode = CONTINUATION if index else TEXT if isinstance(message, str) else BINARY
            data += frame(
                opcode, body[start:end], final=end == len(body) and index == len(cuts), key=key
            )
            if index < len(cuts) and draw(st.booleans()):
                between = draw(controls)
                data += frame(PING if isinstance(between, Ping) else PONG, between.payload, key=key)
                expected.append(between)
        expected.append(message)
    return expected, data


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[a:b] for a, b in itertools.pairwise([0, *places, len(data)]) if b > a]


def read(pieces: list[bytes]) -> list[Message]:
    reader = FrameReader(LIMIT)
    return [message for piece in pieces for message in reader.feed(piece)]


def read_until_broken(pieces: list[bytes]) -> tuple[list[Message], int | None]:
    """The messages, and the code of the breach if there was one. Holds no more than it may on the way."""
    reader = FrameReader(LIMIT)
    messages: list[Message] = []
    for piece in pieces:
        try:
            messages += reader.feed(piece)
        except ProtocolError as error:
            return messages + error.messages, error.code
        # a frame with its header, and the fragments before it, each within the limit
        assert sum(map(len, reader._parts)) <= LIMIT + 14
        assert sum(map(len, reader._fragments)) <= LIMIT
    return messages, None


@settings(deadline=None)
@given(st.data())
def test_messages_come_out_as_they_went_in_wherever_the_network_cuts_them(
    data: st.DataObject,
) -> None:
    expected, stream = data.draw(written())
    assert read(data.draw(cut(stream))) == expected


@settings(deadline=None)
@given(st.lists(st.binary(max_size=400), max_size=10))
def test_no_bytes_crash_it_or_make_it_hold_more_than_a_message(pieces: list[bytes]) -> None:
    _, code = read_until_broken(pieces)
    assert code in {None, 1002, 1007, 1009}


@settings(deadline=None)
@given(st.data())
def test_a_broken_stream_gives_all_that_came_before_the_break(data: st.DataObject) -> None:
    expected, stream = data.draw(written())
    pieces = data.draw(cut(stream + frame(TEXT, b"x", key=None)))
    assert read_until_broken(pieces) == (expected, 1002)


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        pytest.param(frame(TEXT, b"hi", key=None), 1002, id="unmasked"),
        pytest.param(frame(TEXT, b"hi", reserved=4), 1002, id="compressed, which was not agreed"),
        pytest.param(frame(TEXT, b"hi", reserved=1), 1002, id="a reserved bit"),
        pytest.param(frame(3, b"hi"), 1002, id="unknown opcode"),
        pytest.param(frame(11, b"hi"), 1002, id="unknown control opcode"),
        pytest.param(frame(PING, b"hi", final=False), 1002, id="a ping in pieces"),
        pytest.param(frame(PING, b"x" * 126), 1002, id="a ping of 126 bytes"),
        pytest.param(frame(CONTINUATION, b"hi"), 1002, id="a continuation of nothing"),
        pytest.param(
            frame(TEXT, b"a", final=False) + frame(TEXT, b"b"), 1002, id="text inside text"
        ),
        pytest.param(b"\x81\xfe\x00\x05", 1002, id="a length longer than it needs to be"),
        pytest.param(frame(TEXT, b"\xff"), 1007, id="no UTF-8"),
        pytest.param(frame(TEXT, b"\xed\xa0\x80"), 1007, id="a surrogate"),
        pytest.param(
            frame(TEXT, b"\xce", final=False) + frame(CONTINUATION, b"\xce"),
            1007,
            id="bad text in pieces",
        ),
        pytest.param(frame(CLOSE, b"\x03"), 1002, id="half a close code"),
        pytest.param(frame(CLOSE, struct.pack("!H", 1005)), 1002, id="a code that nobody sends"),
        pytest.param(frame(CLOSE, struct.pack("!H", 2999)), 1002, id="a code that does not exist"),
        pytest.param(
            frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007, id="a reason that is no text"
        ),
    ],
)
def test_what_breaks_the_protocol_has_its_code(stream: bytes, code: int) -> None:
    for pieces in ([stream], [stream[i : i + 1] for i in range(len(stream))]):
        with pytest.raises(ProtocolError) as broken:
            read(pieces)
        assert broken.value.code == code


def test_the_limit_is_exact_and_counts_all_fragments() -> None:
    assert read([frame(TEXT, b"x" * LIMIT)]) == ["x" * LIMIT]
    pieces = frame(TEXT, b"x" * (LIMIT - 1), final=False) + frame(CONTINUATION, b"y")
    assert read([pieces]) == ["x" * (LIMIT - 1) + "y"]
    for stream in (
        frame(TEXT, b"x" * (LIMIT + 1)),
        frame(BINARY, b"x" * (LIMIT + 1)),
        frame(TEXT, b"x" * LIMIT, final=False) + frame(CONTINUATION, b"y"),
    ):
        with pytest.raises(ProtocolError) as broken:
            read([stream])
        assert broken.value.code == 1009


def test_a_length_over_the_limit_is_refused_from_the_header_alone() -> None:
    huge = frame(BINARY, b"", length=100_000_000)[:10]
    with pytest.raises(ProtocolError) as broken:
        read([huge])
    assert broken.value.code == 1009


def test_a_message_has_so_many_fragments_and_one_more_ends_the_connection() -> None:
    for piece in (b"", b"x"):
        reader = FrameReader(LIMIT)
        first = frame(TEXT, b"a", final=False)
        pieces = frame(CONTINUATION, piece, final=False) * (MAX_FRAGMENTS - 2)
        # They are counted for each message, not for the connection.
        for _ in range(2):
            assert reader.feed(first + pieces) == []
            text = "a" + piece.decode() * (MAX_FRAGMENTS - 2) + "b"
            assert reader.feed(frame(CONTINUATION, b"b")) == [text]
        reader.feed(first + pieces)
        reader.feed(frame(CONTINUATION, piece, final=False))
        with pytest.raises(ProtocolError) as broken:
            reader.feed(frame(CONTINUATION, b"b"))
        assert broken.value.code == 1008


def test_nothing_is_read_behind_a_close() -> None:
    stream = frame(CLOSE, struct.pack("!H", 3001) + "später".encode()) + frame(TEXT, b"too late")
    assert read([stream]) == [Close(3001, "später")]
    assert read([frame(CLOSE)]) == [Close(1005, "")]
