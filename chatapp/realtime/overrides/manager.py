"""Rooms that fan-out knows of."""

from __future__ import annotations

from typing import Any

import socketio
from socketio import packet

from chatapp.realtime.fanout import Fanout
from chatapp.realtime.frames import NAMESPACE

from .packets import ChatPacket


class FanoutManager(socketio.Manager):  # type: ignore[misc]
    """Rooms of /chat stand in the fan-out's index too, and what is emitted to them goes through it.

    A manager over a message queue inherits from both: `class ChatRedisManager(socketio.RedisManager, FanoutManager)`,
    so that what arrives from the queue comes through here.
    """

    fanout: Fanout  # set by the server

    def basic_enter_room(
        self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None
    ) -> None:
        if namespace != NAMESPACE or room in {None, sid}:
            super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
            return
        conn = self.fanout.find(sid)
        if conn is None:
            raise ValueError("only an accepted connection enters a room")
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        self.fanout.enter(conn, str(room))

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        super().basic_leave_room(sid, namespace, room)
        conn = self.fanout.find(sid) if namespace == NAMESPACE else None
        if conn is not None and room in conn.channels:
            self.fanout.leave(conn, str(room))

    def basic_disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        """The original looks through all rooms for one client's: with 10,000 clients that takes milliseconds each."""
        if namespace != NAMESPACE:
            super().basic_disconnect(sid, namespace, **kwargs)
            return
        conn = self.fanout.find(sid)
        for room in (*(conn.channels if conn is not None else ()), sid, None):
            self.basic_leave_room(sid, namespace, room)
        if conn is not None:
            self.fanout.remove(conn)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            sids = pending.get(namespace, [])
            if sid in sids:
                sids.remove(sid)
                if not sids:
                    del pending[namespace]

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str | None = None,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **kwargs: Any,
    ) -> None:
        """To a room or a client of /chat: encoded once, through fan-out. The rest as in the original."""
        to = to or room
        if namespace == NAMESPACE and isinstance(to, str) and not callback and not skip_sid:
            arguments = data if isinstance(data, tuple) else () if data is None else (data,)
            text = ChatPacket(packet.EVENT, [event, *arguments], namespace).encode()
            if isinstance(text, str):  # else it has binary parts
                conn = self.fanout.find(to)
                if conn is not None:
                    self.fanout.send_to(conn, text.encode())
                else:
                    self.fanout.send(to, text.encode())
                return
        super().emit(
            event, data, namespace, room=to, skip_sid=skip_sid, callback=callback, **kwargs
        )
