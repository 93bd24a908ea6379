"""Fan-out: one packet to many connections, encoded once, and one send() a member for all that a turn of the loop has.

A connection's packets of this turn wait in its link's `out`. A broadcast puts one shared Batch there, and while
nothing else goes to any of its members, later broadcasts to the same channel only extend that batch: their cost does
not grow with the number of members. As soon as something else (an ack, another channel) follows it for one member,
the batch is closed, so that every connection sees its packets in the order in which they were sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from chatapp import runtime
from chatapp.runtime.crew import soon

from . import frames
from .connection import Connection

log = logging.getLogger("chatapp.transport")


class Batch:
    """Frames for all members of a channel, or one droppable frame for one of them."""

    __slots__ = ("_joined", "droppable", "frames", "open")

    def __init__(self, frame: bytes, *, droppable: bool, is_open: bool) -> None:
        self.frames = [frame]
        self.droppable = droppable
        self.open = is_open
        self._joined: bytes | None = None

    def joined(self) -> bytes:
        """All frames as one; nothing is added from now on, also if the turn is not over yet (a link is ended in it)."""
        if self._joined is None:
            self.open = False
            self._joined = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        return self._joined


Out = list[Batch | bytes]


class Link(Protocol):
    """A transport that takes finished frames. `out` is what this turn has for it; fan-out calls write(out) at its end."""

    out: Out

    def write(self, out: Out) -> None:
        """Send, keep what the socket does not take, and never raise."""


class Stock(Protocol):
    """The Socket.IO server's own way out, for connections without a link."""

    def __call__(self, conns: Iterable[Connection], packet: bytes, droppable: bool, /) -> None: ...


class Channel:
    """The members of a channel on this worker, by the way that their packets take."""

    __slots__ = ("batch", "links", "stock")

    def __init__(self) -> None:
        self.links: dict[Connection, Link] = {}
        self.stock: dict[Connection, None] = {}
        self.batch: Batch | None = None  # the one that may still be open

    def members(self) -> list[Connection]:
        return [*self.links, *self.stock]


def _no_stock(*_: object) -> None:
    raise RuntimeError("fan-out is not attached to a server")


class Fanout:
    """Who is in which channel on this worker, and the way to them.

    Channels are Socket.IO rooms of /chat (`room:<room_id>`, `user:<user_id>`, `session:<session_id>`); the Socket.IO
    server's manager calls enter() and leave(), so both always agree.
    """

    def __init__(self) -> None:
        #: called with a channel when its last connection on this worker has left
        self.on_empty: Callable[[str], None] = lambda _channel: None
        #: set by the server: its way to connections without a link, and how it closes a transport
        self.stock: Stock = _no_stock
        self.closer: Callable[[Connection], None] = lambda _conn: None
        self._by_sid: dict[str, Connection] = {}
        self._channels: dict[str, Channel] = {}
        self._dirty: list[Link] = []
        self._open: list[Batch] = []

    # Sending

    def send(
        self,
        channel: str,
        packet: bytes,
        *,
        droppable: bool = False,
        except_user: str | None = None,
        except_conn: Connection | None = None,
    ) -> None:
        """Send a Socket.IO packet (frames.event) to every connection in the channel.

        A `droppable` packet (typing, a delta) is left out for a connection that is far behind.
        `except_user` (a user id) and `except_conn` leave connections out.
        """
        with runtime.turn:
            to = self._channels.get(channel)
            if to is None:
                return
            if except_user is None and except_conn is None:
                if to.links:
                    self._broadcast(to, frames.frame(packet), droppable)
                if to.stock:
                    self.stock(list(to.stock), packet, droppable)
                return
            conns = [
                conn
                for conn in to.members()
                if conn is not except_conn and conn.user.id != except_user
            ]
            self._send_all(conns, packet, droppable)

    def send_to(self, conn: Connection, packet: bytes, *, droppable: bool = False) -> None:
        """Send a packet to one connection."""
        with runtime.turn:
            if conn.link is None:
                self.stock((conn,), packet, droppable)
            elif droppable:
                self.push(conn.link, Batch(frames.frame(packet), droppable=True, is_open=False))
            else:
                self.push(conn.link, frames.frame(packet))

    def send_everyone(self, packet: bytes, *, droppable: bool = False) -> None:
        """Send a packet to every connection on this worker."""
        with runtime.turn:
            self._send_all(list(self._by_sid.values()), packet, droppable)

    def close(self, conn: Connection, reason: frames.ClosingReason, retry_after: float) -> None:
        """Say `closing` to a connection, then close its transport: the client comes back after `retry_after` s."""
        self.send_to(conn, frames.closing(reason, retry_after))
        self.closer(conn)

    def push(self, link: Link, item: Batch | bytes) -> None:
        """Put a finished frame behind all that this turn already has for the link."""
        out = link.out
        if not out:
            self._mark(link)
        elif type(out[-1]) is Batch:
            out[-1].open = False
        out.append(item)

    def _mark(self, link: Link) -> None:
        if not self._dirty:
            soon(self.flush)
        self._dirty.append(link)

    def _broadcast(self, to: Channel, frame: bytes, droppable: bool) -> None:
        batch = to.batch
        if batch is not None and batch.open and batch.droppable == droppable:
            batch.frames.append(frame)
            return
        to.batch = batch = Batch(frame, droppable=droppable, is_open=True)
        self._open.append(batch)
        self._share(to.links.values(), batch)

    def _send_all(self, conns: list[Connection], packet: bytes, droppable: bool) -> None:
        links = [conn.link for conn in conns if conn.link is not None]
        if links:
            self._share(links, Batch(frames.frame(packet), droppable=droppable, is_open=False))
        if len(links) < len(conns):
            self.stock([conn for conn in conns if conn.link is None], packet, droppable)

    def _share(self, links: Iterable[Link], batch: Batch) -> None:
        if not self._dirty:
            soon(self.flush)
        mark = self._dirty.append
        for link in links:
            out = link.out
            if not out:
                mark(link)
            elif type(out[-1]) is Batch:
                out[-1].open = False
            out.append(batch)

    def flush(self) -> None:
        """Write out what this turn of the loop has. Runs by itself at its end; never waits."""
        with runtime.turn:
            dirty, self._dirty = self._dirty, []
            for batch in self._open:
                batch.open = False
            self._open.clear()
            for link in dirty:
                out, link.out = link.out, []
                try:
                    link.write(out)
                except Exception:  # it promises not to; the others must have theirs all the same
                    log.exception("a connection could not be written to")

    # Who is where

    def add(self, conn: Connection) -> None:
        """A connection was accepted."""
        with runtime.turn:
            self._by_sid[conn.sid] = conn

    def remove(self, conn: Connection) -> None:
        """A connection has ended; it has left its channels before."""
        with runtime.turn:
            self._by_sid.pop(conn.sid, None)

    def find(self, sid: str) -> Connection | None:
        """The connection with this Socket.IO sid, if it is on this worker."""
        return self._by_sid.get(sid)

    def everyone(self) -> list[Connection]:
        """All connections on this worker."""
        with runtime.turn:
            return list(self._by_sid.values())

    def enter(self, conn: Connection, channel: str) -> None:
        """Put a connection in a channel. Called by the server's manager only."""
        with runtime.turn:
            conn.channels.add(channel)
            to = self._channels.get(channel)
            if to is None:
                to = self._channels[channel] = Channel()
            self._close_batch(to)
            if conn.link is None:
                to.stock[conn] = None
            else:
                to.links[conn] = conn.link

    def leave(self, conn: Connection, channel: str) -> None:
        """Take a connection out of a channel. Called by the server's manager only."""
        with runtime.turn:
            conn.channels.discard(channel)
            to = self._channels.get(channel)
            if to is None:
                return
            self._close_batch(to)
            to.links.pop(conn, None)
            to.stock.pop(conn, None)
            if to.links or to.stock:
                return
            del self._channels[channel]
        self.on_empty(channel)

    def attach_link(self, conn: Connection, link: Link) -> None:
        """From now on the connection's packets go through this link (it upgraded to WebSocket)."""
        with runtime.turn:
            conn.link = link
            for channel in conn.channels:
                to = self._channels[channel]
                self._close_batch(to)
                to.stock.pop(conn, None)
                to.links[conn] = link

    def connections(self, channel: str) -> list[Connection]:
        """The connections in the channel on this worker."""
        with runtime.turn:
            to = self._channels.get(channel)
            return to.members() if to is not None else []

    def count(self, channel: str) -> int:
        """How many connections are in the channel on this worker."""
        to = self._channels.get(channel)
        return len(to.links) + len(to.stock) if to is not None else 0

    @staticmethod
    def _close_batch(to: Channel) -> None:
        # Whoever comes must not get, and whoever goes must not miss, what is sent after this to the rest.
        if to.batch is not None:
            to.batch.open = False
            to.batch = None
