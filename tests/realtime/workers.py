"""A worker's realtime parts around a real fan-out, and people who remember what they were sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import count
from typing import Any

from chatapp import runtime
from chatapp.payloads import User
from chatapp.realtime.bus import Bus
from chatapp.realtime.connection import Connection
from chatapp.realtime.connection import Seat as TakenSeat
from chatapp.realtime.fanout import Fanout
from tests.support.waiting import eventually

ROOM, SLUG = 7, "general"

_sids = count(1)


def user(name: str, kind: str = "person") -> User:
    return User(id=name, name=name.title(), kind=kind)  # type: ignore[arg-type]


class Device:
    """One connection of a person, and the events it was sent, in order."""

    def __init__(self, fanout: Fanout, who: User) -> None:
        self.fanout, self.user = fanout, who
        self.sid = f"sid{next(_sids)}"
        self.connection = Connection(f"eio-{self.sid}", self.sid, who, "session")
        self.events: list[tuple[str, Any]] = []
        self.is_behind = False  # it gets nothing that can be dropped
        fanout.add(self.connection)
        fanout.enter(self.connection, f"user:{who.id}")

    def enter(self, room_id: int = ROOM) -> Device:
        self.connection.seats[room_id] = TakenSeat(room_id, SLUG, "member")
        self.fanout.enter(self.connection, f"room:{room_id}")
        return self

    def leave(self, room_id: int = ROOM) -> None:
        self.connection.seats.pop(room_id)
        self.fanout.leave(self.connection, f"room:{room_id}")

    def got(self, name: str) -> list[Any]:
        """The payloads of all events of this name."""
        return [payload for event, payload in self.events if event == name]

    def sees(self, name: str, times: int = 1, *, within: float = 5.0) -> list[Any]:
        """Wait until that many of these events came; returns them."""

        def enough() -> bool:
            assert len(self.got(name)) >= times, self.events
            return True

        eventually(enough, within=within, what=f"{self.user.name} sees {times} {name}")
        return self.got(name)


class Worker:
    """The fan-out and the bus of one worker."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.fanout = Fanout()
        self.fanout.stock = self._deliver
        self._devices: dict[str, Device] = {}

    def device(self, name: str, kind: str = "person") -> Device:
        device = Device(self.fanout, user(name, kind))
        self._devices[device.sid] = device
        return device

    def _deliver(self, conns: Iterable[Connection], packet: bytes, droppable: bool) -> None:
        name, payload = json.loads(packet.removeprefix(b"2/chat,"))
        for device in [self._devices[conn.sid] for conn in conns]:
            if not (droppable and device.is_behind):
                device.events.append((name, payload))


class Listening:
    """Runs a Redis bus's listener as python-socketio's manager does, and keeps what is not the bus's own."""

    def __init__(self, bus: Any) -> None:
        self.bus = bus
        self.foreign: list[bytes] = []
        self.subscribed = runtime.Event()
        bus.on_resubscribed(self.subscribed.set)
        bus.start()
        self._task = runtime.spawn(self._listen)
        assert self.subscribed.wait(10), "the bus listens"

    def _listen(self) -> None:
        self.foreign.extend(self.bus.listen())
