"""What a socket did not take waits in order, and not without end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp.realtime.backlog import CLOSE_BYTES, CLOSE_PACKETS, DROP_PACKETS, Backlog
from chatapp.realtime.fanout import Batch, Out


def batch(*frames: bytes, droppable: bool = False) -> Batch:
    made = Batch(frames[0], droppable=droppable, is_open=False)
    made.frames += frames[1:]
    return made


def drained(backlog: Backlog) -> bytes:
    taken: list[bytes] = []

    def send(data: bytes) -> int:
        taken.append(data)
        return len(data)

    while len(backlog):
        backlog.write(send)
    return b"".join(taken)


frames = st.binary(min_size=1, max_size=40)
outs = st.lists(
    st.one_of(frames, st.lists(frames, min_size=1, max_size=4)), min_size=1, max_size=10
)


@settings(deadline=None)
@given(outs, st.lists(st.integers(0, 60), min_size=1, max_size=30), st.data())
def test_every_byte_goes_out_once_and_in_order_however_little_the_socket_takes(
    items: list[bytes | list[bytes]], takes: list[int], data: st.DataObject
) -> None:
    out: Out = [batch(*item) if isinstance(item, list) else item for item in items]
    whole = b"".join(b"".join(item) if isinstance(item, list) else item for item in items)
    sent = data.draw(st.integers(0, len(whole) - 1))
    backlog = Backlog()
    backlog.add(out, sent)
    taken = whole[:sent]
    for take in takes:
        if not len(backlog):
            break

        def send(part: bytes, take: int = take) -> int:
            nonlocal taken
            taken += part[:take]
            return min(take, len(part))

        backlog.write(send)
    assert taken + drained(backlog) == whole


def test_a_client_far_behind_misses_what_can_be_dropped_and_nothing_else() -> None:
    backlog = Backlog()
    backlog.add([b"m"] * (DROP_PACKETS - 1), 0)
    backlog.add([batch(b"d", droppable=True)], 0)  # not yet far behind
    backlog.add([batch(b"D", b"D", droppable=True), b"M"], 0)
    assert drained(backlog) == b"m" * (DROP_PACKETS - 1) + b"dM"


def test_a_frame_that_has_begun_is_finished_even_if_it_could_be_dropped() -> None:
    backlog = Backlog()
    backlog.add([batch(b"delta", droppable=True)], 2)
    assert drained(backlog) == b"lta"


def test_too_many_packets_are_too_many() -> None:
    backlog = Backlog()
    backlog.add([b"x"] * CLOSE_PACKETS, 0)
    assert not backlog.overflows
    backlog.add([b"x"], 0)
    assert backlog.overflows


def test_one_packet_of_any_size_may_be_under_way_but_not_much_behind_it() -> None:
    backlog = Backlog()
    backlog.add([b"x" * (CLOSE_BYTES * 3)], 0)
    backlog.add([b"y" * CLOSE_BYTES], 0)
    assert not backlog.overflows
    backlog.add([b"y"], 0)
    assert backlog.overflows


def test_of_a_hopeless_backlog_only_the_frame_under_way_is_kept() -> None:
    backlog = Backlog()
    backlog.add([b"begun", b"never"], 3)
    backlog.keep_first()
    assert drained(backlog) == b"un"
