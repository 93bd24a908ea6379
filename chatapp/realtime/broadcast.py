"""Packets without a number, to connections on every worker: hints that nobody misses for long."""

from __future__ import annotations

from .bus import Bus, Kind
from .fanout import Fanout

# The first bytes of a record: may it be dropped, whose connections are left out (length, then the user id).
_DROPPABLE = 1


class Broadcast:
    """Sends to the connections of a room, a person or a session, here and on the other workers."""

    def __init__(self, fanout: Fanout, bus: Bus) -> None:
        self._fanout, self._bus = fanout, bus
        bus.on(Kind.ROOM, self._on_room)
        bus.on(Kind.USER, self._on_channel)

    def room(
        self,
        room_id: int,
        packet: bytes,
        *,
        droppable: bool = True,
        except_user: str | None = None,
    ) -> None:
        """To all connections that joined the room, but for those of the user `except_user`."""
        self._bus.publish(Kind.ROOM, str(room_id), _pack(packet, droppable, except_user))
        self._fanout.send(f"room:{room_id}", packet, droppable=droppable, except_user=except_user)

    def user(self, user_id: str, packet: bytes) -> None:
        """To all connections of a person."""
        self._channel(f"user:{user_id}", packet)

    def session(self, session_id: str, packet: bytes) -> None:
        """To all connections of a session."""
        self._channel(f"session:{session_id}", packet)

    def _channel(self, channel: str, packet: bytes) -> None:
        self._bus.publish(Kind.USER, channel, packet)
        self._fanout.send(channel, packet)

    def _on_room(self, key: str, body: bytes) -> None:
        channel = f"room:{key}"
        if self._fanout.count(channel):
            packet, droppable, except_user = _unpack(body)
            self._fanout.send(channel, packet, droppable=droppable, except_user=except_user)

    def _on_channel(self, channel: str, packet: bytes) -> None:
        if channel.startswith(("user:", "session:")):
            self._fanout.send(channel, packet)


def _pack(packet: bytes, droppable: bool, except_user: str | None) -> bytes:
    user = (except_user or "").encode()
    return bytes((_DROPPABLE if droppable else 0, len(user))) + user + packet


def _unpack(body: bytes) -> tuple[bytes, bool, str | None]:
    at = 2 + body[1]
    return body[at:], bool(body[0] & _DROPPABLE), body[2:at].decode() or None
