"""What a bus promises, whichever it is, and the bytes that it carries."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.payloads import Numbered
from chatapp.realtime import bus
from chatapp.realtime.bus import Bus, Kind
from tests.support.waiting import eventually

HOST = b"01234567"

numbered = st.builds(
    Numbered,
    st.integers(0, 2**63 - 1),
    st.sampled_from(["message", "message_changed", "room"]),
    st.binary(max_size=200),
)
record = st.tuples(st.integers(0, 255), st.text(max_size=30), st.binary(max_size=200))


def test_the_others_hear_it_and_the_sender_does_not(buses: tuple[Bus, Bus]) -> None:
    here, there = buses
    heard: list[tuple[str, str, bytes]] = []
    here.on(Kind.ROOM, lambda key, body: heard.append(("here", key, body)))
    there.on(Kind.ROOM, lambda key, body: heard.append(("there", key, body)))
    here.publish(Kind.ROOM, "7", b"\x00binary\xff")
    there.publish(Kind.ROOM, "8", b"back")
    eventually(lambda: len(heard) == 2, what="both heard the other")
    assert sorted(heard) == [("here", "8", b"back"), ("there", "7", b"\x00binary\xff")]


def test_each_kind_has_its_handler_and_order_is_kept(buses: tuple[Bus, Bus]) -> None:
    here, there = buses
    hints: list[bytes] = []
    there.on(Kind.HINT, lambda _key, body: hints.append(body))
    done: list[str] = []
    there.on(Kind.PRESENCE, lambda key, _body: done.append(key))
    for number in range(500):
        here.publish(Kind.HINT, "1", b"%d" % number)
        here.publish(Kind.READS, "1", b"nobody handles these")
    here.publish(Kind.PRESENCE, "last", b"")
    eventually(lambda: done == ["last"], what="the last one came")
    assert hints == [b"%d" % number for number in range(500)]


@given(st.lists(record, max_size=5))
def test_records_come_out_as_they_went_in(records: list[tuple[int, str, bytes]]) -> None:
    data = bus.encode_message(HOST, [bus.encode_record(*each) for each in records])
    assert bus.is_ours(data)
    assert bus.sender(data) == HOST
    assert list(bus.decode_message(data)) == records


@given(st.lists(record, min_size=1, max_size=3), st.integers(min_value=1))
def test_what_is_cut_off_is_left_out(records: list[tuple[int, str, bytes]], cut: int) -> None:
    data = bus.encode_message(HOST, [bus.encode_record(*each) for each in records])
    whole = list(bus.decode_message(data[: max(10, len(data) - cut)]))
    assert whole == records[: len(whole)]
    assert len(whole) < len(records)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\x80\x04.", b"\xc7", b"\xc7\x02" + HOST, b"\xc7\x01abc"]
)
def test_what_others_say_on_the_channel_is_not_ours(data: bytes) -> None:
    assert not bus.is_ours(data)


@given(st.text(max_size=16), st.integers(0, 2**40), st.lists(numbered, min_size=1, max_size=5))
def test_hints_come_out_as_they_went_in(epoch: str, prev: int, events: list[Numbered]) -> None:
    hint = bus.decode_hint(bus.encode_hint(epoch, prev, events))
    assert hint == (epoch, prev, events[-1].seq, events)


def test_a_hint_too_large_only_says_how_far_the_room_came() -> None:
    fits = Numbered(4, "message", b"x" * bus.HINT_BYTES)
    assert bus.decode_hint(bus.encode_hint("e", 3, [fits])).events == [fits]
    large = [fits, Numbered(5, "message", b"x")]
    assert bus.decode_hint(bus.encode_hint("e", 3, large)) == ("e", 3, 5, [])


@given(st.binary(max_size=100))
def test_bytes_that_are_no_hint_are_refused_as_such(body: bytes) -> None:
    try:
        bus.decode_hint(body)
    except (ValueError, struct.error):
        pass
