"""Everyone in a channel gets what is sent to it, once, in order, with one write a turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp.realtime import fanout as module
from chatapp.realtime import frames
from chatapp.realtime.connection import Connection
from chatapp.realtime.fanout import Batch, Fanout, Out

from .app import User


class FakeLink:
    """Remembers what was written, write by write."""

    def __init__(self) -> None:
        self.out: Out = []
        self.writes: list[bytes] = []

    def write(self, out: Out) -> None:
        self.writes.append(b"".join(i.joined() if isinstance(i, Batch) else i for i in out))

    def hurry(self) -> None:
        """Write before the turn ends, as a WebSocket does that is ended in the middle of one."""
        out, self.out = self.out, []
        self.write(out)


class House:
    """A fan-out whose turns end when the test says so."""

    def __init__(self) -> None:
        self.fanout = Fanout()
        self.stocked: list[tuple[str, bytes, bool]] = []
        self.fanout.stock = self.stock

    def stock(self, conns: Iterable[Connection], packet: bytes, droppable: bool) -> None:
        self.stocked += [(conn.sid, packet, droppable) for conn in conns]

    def connect(self, name: str, *channels: str, link: bool = True) -> tuple[Connection, FakeLink]:
        conn = Connection(
            f"eio-{name}", name, User(name.split("-", maxsplit=1)[0], name), "session"
        )
        fake = FakeLink()
        if link:
            conn.link = fake
        self.fanout.add(conn)
        for channel in channels:
            self.fanout.enter(conn, channel)
        return conn, fake


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(module, "soon", never)
    return House()


def never(fn: Callable[[], object]) -> None:
    """The test ends each turn itself."""


def framed(*packets: bytes) -> bytes:
    return b"".join(map(frames.frame, packets))


def test_all_of_a_turn_reaches_a_member_in_one_write(house: House) -> None:
    _, alice = house.connect("alice", "room")
    _, bob = house.connect("bob", "room")
    for number in range(5):
        house.fanout.send("room", b"%d" % number)
    assert alice.writes == []
    house.fanout.flush()
    assert alice.writes == bob.writes == [framed(b"0", b"1", b"2", b"3", b"4")]
    house.fanout.flush()
    assert len(alice.writes) == 1


def test_only_members_get_it(house: House) -> None:
    _, alice = house.connect("alice", "room")
    _, bob = house.connect("bob", "other")
    house.fanout.send("room", b"hello")
    house.fanout.send("nowhere", b"hello")
    house.fanout.flush()
    assert alice.writes == [framed(b"hello")]
    assert bob.writes == []


def test_who_comes_in_the_middle_of_a_turn_gets_only_what_follows(house: House) -> None:
    _, alice = house.connect("alice", "room")
    house.fanout.send("room", b"before")
    _, bob = house.connect("bob", "room")
    house.fanout.send("room", b"after")
    house.fanout.flush()
    assert alice.writes == [framed(b"before", b"after")]
    assert bob.writes == [framed(b"after")]


def test_who_leaves_in_the_middle_of_a_turn_gets_only_what_came_before(house: House) -> None:
    conn, alice = house.connect("alice", "room")
    _, bob = house.connect("bob", "room")
    house.fanout.send("room", b"before")
    house.fanout.leave(conn, "room")
    house.fanout.send("room", b"after")
    house.fanout.flush()
    assert alice.writes == [framed(b"before")]
    assert bob.writes == [framed(b"before", b"after")]


def test_who_is_ended_in_the_middle_of_a_turn_takes_nothing_from_the_others(house: House) -> None:
    _, alice = house.connect("alice", "room")
    _, bob = house.connect("bob", "room")
    house.fanout.send("room", b"before")
    alice.hurry()
    house.fanout.send("room", b"after")
    house.fanout.flush()
    assert alice.writes[0] == framed(b"before")
    assert bob.writes == [framed(b"before", b"after")]


def test_a_person_or_a_connection_can_be_left_out(house: House) -> None:
    phone, on_phone = house.connect("alice-phone", "room")
    _, on_laptop = house.connect("alice-laptop", "room")
    _, bob = house.connect("bob", "room")
    house.fanout.send("room", b"typing", except_user="alice")
    house.fanout.send("room", b"echo", except_conn=phone)
    house.fanout.flush()
    assert bob.writes == [framed(b"typing", b"echo")]
    assert on_laptop.writes == [framed(b"echo")]
    assert on_phone.writes == []


def test_members_without_a_link_get_it_the_stock_way_at_once(house: House) -> None:
    _, alice = house.connect("alice", "room")
    poller, _ = house.connect("poller", "room", link=False)
    house.fanout.send("room", b"hello", droppable=True)
    house.fanout.send_to(poller, b"ack")
    house.fanout.send("room", b"typing", except_user="poller")
    assert house.stocked == [("poller", b"hello", True), ("poller", b"ack", False)]
    house.fanout.flush()
    assert alice.writes == [framed(b"hello", b"typing")]


def test_after_an_upgrade_packets_take_the_link(house: House) -> None:
    conn, link = house.connect("alice", "room", "user", link=False)
    house.fanout.send("room", b"polled")
    house.fanout.attach_link(conn, link)
    house.fanout.send("room", b"linked")
    house.fanout.send("user", b"too")
    house.fanout.flush()
    assert [packet for _, packet, _ in house.stocked] == [b"polled"]
    assert link.writes == [framed(b"linked", b"too")]
    assert house.fanout.count("room") == 1


def test_the_last_one_out_is_told_of(house: House) -> None:
    empty: list[str] = []
    house.fanout.on_empty = empty.append
    alice, _ = house.connect("alice", "room")
    bob, _ = house.connect("bob", "room", link=False)
    assert house.fanout.count("room") == 2
    house.fanout.leave(alice, "room")
    assert empty == []
    assert house.fanout.connections("room") == [bob]
    house.fanout.leave(bob, "room")
    assert empty == ["room"]
    assert house.fanout.connections("room") == []


def test_everyone_means_every_connection_of_this_worker(house: House) -> None:
    _, alice = house.connect("alice", "room")
    house.connect("poller", link=False)
    house.fanout.send_everyone(b"news")
    house.fanout.flush()
    assert alice.writes == [framed(b"news")]
    assert house.stocked == [("poller", b"news", False)]


NAMES = ("alice", "bob", "carol", "dave")
CHANNELS = ("tea", "coffee", "milk")
steps = st.one_of(
    st.tuples(st.just("send"), st.sampled_from(CHANNELS), st.booleans()),
    st.tuples(st.just("except"), st.sampled_from(CHANNELS), st.sampled_from(NAMES)),
    st.tuples(st.just("single"), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("enter"), st.sampled_from(NAMES), st.sampled_from(CHANNELS)),
    st.tuples(st.just("leave"), st.sampled_from(NAMES), st.sampled_from(CHANNELS)),
    st.tuples(st.just("hurry"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("turn"), st.none(), st.none()),
)


@settings(deadline=None)
@given(st.lists(steps, max_size=60))
def test_every_connection_sees_its_packets_in_the_order_in_which_they_were_sent(
    plan: list[tuple[str, str, object]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "soon", never)
        house = House()
        people = {name: house.connect(name) for name in NAMES}
        inside: dict[str, set[str]] = {channel: set() for channel in CHANNELS}
        expected: dict[str, bytes] = dict.fromkeys(NAMES, b"")
        for number, (what, first, second) in enumerate(plan):
            packet = b"%d" % number
            if what == "send":
                house.fanout.send(first, packet, droppable=bool(second))
                receivers = inside[first]
            elif what == "except":
                house.fanout.send(first, packet, except_user=str(second))
                receivers = inside[first] - {str(second)}
            elif what == "single":
                house.fanout.send_to(people[first][0], packet, droppable=bool(second))
                receivers = {first}
            else:
                receivers = set()
                if what == "enter":
                    house.fanout.enter(people[first][0], str(second))
                    inside[str(second)].add(first)
                elif what == "leave":
                    house.fanout.leave(people[first][0], str(second))
                    inside[str(second)].discard(first)
                elif what == "hurry":
                    people[first][1].hurry()
                else:
                    house.fanout.flush()
            for name in receivers:
                expected[name] += framed(packet)
        house.fanout.flush()
        for name, (_, link) in people.items():
            assert b"".join(link.writes) == expected[name]
