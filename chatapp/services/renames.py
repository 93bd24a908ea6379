"""A new name reaches whoever sees the old one: the person's own connections, and everyone in their rooms."""

from __future__ import annotations

from typing import Any

import msgspec

from chatapp import runtime
from chatapp.payloads import User, UserChanged
from chatapp.realtime import frames
from chatapp.realtime.broadcast import Broadcast
from chatapp.realtime.control import Control
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.presence import Presence

from .people import People
from .rooms import Rooms


class Renames:
    """Tells of names that changed, on all workers. Who misses it sees the new name with the next message or join."""

    def __init__(
        self,
        people: People,
        rooms: Rooms,
        fanout: Fanout,
        presence: Presence,
        broadcast: Broadcast,
        control: Control,
    ) -> None:
        self._rooms, self._fanout, self._presence = rooms, fanout, presence
        self._broadcast, self._control = broadcast, control
        people.changed.subscribe(self._renamed)
        control.on("renamed", self._renamed_elsewhere)

    def _renamed(self, user: User) -> None:
        self._control.tell("renamed", **msgspec.to_builtins(user))
        self._take_over(user)
        runtime.spawn(self._tell, user)

    def _renamed_elsewhere(self, fields: dict[str, Any]) -> None:
        self._take_over(msgspec.convert(fields, User))

    def _take_over(self, user: User) -> None:
        """What a live connection says from now on is said under the new name; it is the same person."""
        for conn in self._fanout.connections(f"user:{user.id}"):
            conn.user = user
        self._presence.renamed(user)

    def _tell(self, user: User) -> None:
        packet = frames.event("user_changed", msgspec.json.encode(UserChanged(user)))
        self._broadcast.user(user.id, packet)
        for seat in self._rooms.seats(user):
            self._broadcast.room(seat.room_id, packet, droppable=False, except_user=user.id)
