"""A listener hears what a socket in its place would, and no more is kept for it than for a socket."""

from __future__ import annotations

import msgspec

from chatapp.payloads import User
from chatapp.realtime import frames
from chatapp.realtime.backlog import CLOSE_PACKETS, DROP_PACKETS
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.listener import Heard, Listener

ALICE = User("alice", "Alice", "person")


def listening(fanout: Fanout, channel: str = "room:1") -> Listener:
    listener = Listener(ALICE, "session")
    fanout.add(listener)
    fanout.enter(listener, channel)
    return listener


def message(number: int, text: str = "") -> bytes:
    return frames.event("message", msgspec.json.encode({"changed_seq": number, "body": text}))


def hears(listener: Listener) -> list[Heard]:
    heard = listener.next(5)
    assert heard is not None
    return heard


def test_packets_come_in_order_with_their_numbers() -> None:
    fanout = Fanout()
    listener = listening(fanout)
    fanout.send("room:1", message(1))
    fanout.send("room:1", frames.event("typing", b'{"typing":true}'), droppable=True)
    fanout.send_to(listener, frames.event("room", b'{"seq":2}'))
    fanout.send("room:2", message(9))
    fanout.send("room:1", message(3, "가" * 30_000))
    fanout.flush()
    assert [(event.name, event.number) for event in hears(listener)] == [
        ("message", 1),
        ("typing", None),
        ("room", 2),
        ("message", 3),
    ]


def test_the_last_word_is_heard_and_then_it_is_over() -> None:
    fanout = Fanout()
    listener = listening(fanout)
    fanout.send_to(listener, frames.event("session_revoked", b'{"reason":"signed_out"}'))
    listener.end()
    fanout.flush()
    fanout.send("room:1", message(1))
    fanout.flush()
    assert [event.name for event in hears(listener)] == ["session_revoked"]
    assert listener.next(5) is None


def test_a_reader_that_is_behind_misses_what_can_be_dropped_and_no_message() -> None:
    fanout = Fanout()
    listener = listening(fanout)
    for number in range(1, DROP_PACKETS + 1):
        fanout.send("room:1", message(number))
    fanout.send("room:1", frames.event("typing", b'{"typing":true}'), droppable=True)
    fanout.send("room:1", message(DROP_PACKETS + 1))
    fanout.flush()
    heard = hears(listener)
    assert {event.name for event in heard} == {"message"}
    assert heard[-1].number == DROP_PACKETS + 1
    fanout.send("room:1", frames.event("typing", b'{"typing":true}'), droppable=True)
    fanout.flush()
    assert [event.name for event in hears(listener)] == ["typing"]


def test_a_reader_that_is_too_far_behind_is_told_so_and_sent_away() -> None:
    fanout = Fanout()
    slow, reads = listening(fanout), listening(fanout)
    for number in range(1, CLOSE_PACKETS + 2):
        fanout.send("room:1", message(number))
        fanout.flush()
        assert hears(reads)[-1].number == number
    (closing,) = hears(slow)
    assert closing.name == "closing"
    assert msgspec.json.decode(closing.payload)["reason"] == "slow"
    assert slow.next(5) is None


def test_a_megabyte_is_too_far_behind_as_well() -> None:
    fanout = Fanout()
    listener = listening(fanout)
    for number in range(1, 30):
        fanout.send("room:1", message(number, "x" * 60_000))
    fanout.flush()
    assert [event.name for event in hears(listener)] == ["closing"]
    assert listener.next(5) is None
