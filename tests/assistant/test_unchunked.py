"""Chunked bodies, however they are cut into packets."""

from __future__ import annotations

import io
from http.client import HTTPException
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.assistant import unchunked
from chatapp.assistant.unchunked import MAX_LINE


class Packets(io.RawIOBase):
    """Gives one packet a read, and says how many are left."""

    def __init__(self, packets: list[bytes]) -> None:
        self.left = list(packets)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        if not self.left:
            return 0
        packet, rest = self.left[0][: len(buffer)], self.left[0][len(buffer) :]
        self.left[:1] = [rest] if rest else []
        buffer[: len(packet)] = packet
        return len(packet)


def pieces(*packets: bytes) -> list[bytes]:
    return list(unchunked.read(io.BufferedReader(Packets(list(packets)), 1 << 16)))


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    return b"%X%b\r\n%b\r\n" % (len(data), extension, data)


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.sampled_from([b"", b";a=1", b" "]))),
    st.sampled_from([b"\r\n", b"Sum: 1\r\n\r\n", b""]),
    st.lists(st.integers(0, 2000)),
)
def test_what_was_sent_comes_out_wherever_packets_end(
    chunks: list[tuple[bytes, bytes]], trailers: bytes, cuts: list[int]
) -> None:
    sent = b"".join(chunk(*each) for each in chunks) + b"0\r\n" + trailers
    places = [0, *sorted({min(cut, len(sent)) for cut in cuts} - {0}), len(sent)]
    packets = [sent[begin:end] for begin, end in pairwise(places) if end > begin]
    assert b"".join(pieces(*packets)) == b"".join(data for data, _extension in chunks)


def test_all_of_a_packet_is_one_piece() -> None:
    assert pieces(chunk(b"one ") + chunk(b"two "), chunk(b"three") + b"0\r\n\r\n") == [
        b"one two ",
        b"three",
    ]


def test_what_came_of_a_chunk_is_not_held_back() -> None:
    assert pieces(b"9\r\nnine", b" days\r\n0\r\n\r\n") == [b"nine", b" days"]


def test_nothing_is_read_behind_the_end() -> None:
    packets = Packets([chunk(b"all") + b"0\r\n\r\n", b"the next answer"])
    assert b"".join(unchunked.read(io.BufferedReader(packets, 1 << 16))) == b"all"
    assert packets.left == [b"the next answer"]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        chunk(b"cut"),
        b"5\r\ncut",
        b"5\r\nwords",
        b"5",
        b"no size\r\nwords\r\n",
        b"-5\r\nwords\r\n",
        b"\r\n",
        b"5;" + b"x" * 2 * MAX_LINE,
        b"0\r\nSum: " + b"x" * 2 * MAX_LINE,
    ],
)
def test_a_body_that_is_cut_off_or_framed_wrongly_is_a_fault_of_http(sent: bytes) -> None:
    with pytest.raises(HTTPException):
        pieces(sent)
