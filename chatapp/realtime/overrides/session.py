"""One Engine.IO session."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import engineio.exceptions
import engineio.socket
from engineio import packet

from chatapp import runtime
from chatapp.realtime import frames, transport
from chatapp.realtime.backlog import CLOSE_BYTES, CLOSE_PACKETS, DROP_PACKETS
from chatapp.realtime.chatter import Chatter
from chatapp.realtime.connection import Connection
from chatapp.realtime.lane import Lane
from chatapp.runtime.crew import crew
from chatapp.runtime.forwarded import place
from chatapp.runtime.gate import gate

from .packets import Garbage, frame_of
from .upgrade import SLOW_RETRY_S, LibraryWebSocket, Probe, open_websocket

if TYPE_CHECKING:
    from .engine import EngineServer

log = logging.getLogger("chatapp.transport")

Environ = Mapping[str, Any]

# Before an event of a client with a full queue is handled: this often, so long.
_BREATHS, _BREATH_S = 10, 0.001
# How long a closed session waits for a last poll to take what is queued, in seconds.
LAST_POLL_S = 5.0

_SEPARATOR = "\x1e"
# Kinds of Socket.IO packets that are events, and of Engine.IO packets that are read and forgotten: pongs and noops.
_EVENTS, _ASK_NOTHING = frozenset("25"), frozenset("36")
_TIMERS_ARE_INEXACT = 0.95


class _End(NamedTuple):
    """The last item of a session's lane."""

    reason: str


class EngineSocket(engineio.socket.Socket):  # type: ignore[misc]
    """One Engine.IO session, over long-polling or WebSocket.

    `conn` is its client on /chat, `link` its WebSocket when that is ours (eventlet), `library` when it is the
    library's, `environ` the request that opened it, `joined` whether it is in any namespace, `probe` an upgrade under
    way.
    """

    server: EngineServer
    closing: bool
    closed: bool
    connected: bool
    upgraded: bool
    upgrading: bool

    def __init__(self, server: EngineServer, sid: str, environ: Environ) -> None:
        super().__init__(server, sid)
        self.environ = environ
        self.conn: Connection | None = None
        self.link: transport.WebSocket | None = None
        self.library: LibraryWebSocket | None = None
        self.joined = False
        self.unjoined_at: str | None = (
            None  # the address for which it counts as one without a person
        )
        self.probe: Probe | None = None
        self._pinged_at: float | None = None
        self._heard_at = time.monotonic()
        self._polling = False
        self._queued_bytes = 0
        self._distrusted = False
        self._chatter = Chatter()
        self._lane = Lane(self._handle, self._on_low, self._schedule)

    # What comes in

    def received(self, message: str | bytes) -> None:
        """A message of the WebSocket. The original died of some garbage and lived on, deaf, after other."""
        try:
            self._take(message)
        except Garbage as error:
            self.reject(error)

    def reject(self, error: Exception) -> None:
        """Close because of what the client sent. The log names no sid: it opens the session to whoever reads it."""
        who = self.conn.user.id if self.conn is not None else "somebody"
        # Of an error that is not ours only the kind is told: its words may be a sid.
        why = repr(error)[:200] if isinstance(error, Garbage) else type(error).__name__
        log.info("a session of %s was closed: %s", who, why)
        if self.conn is not None:
            self.server.offended(self.environ)
        self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)

    def lost(self) -> None:
        """The WebSocket is gone."""
        self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)

    def last_words(self) -> bytes:
        """The packet for a client that is too slow."""
        return frames.closing("slow", SLOW_RETRY_S)

    def _take(self, message: str | bytes) -> None:
        """One Engine.IO packet. The original parsed every message as JSON first, and guessed."""
        if isinstance(message, bytes):
            self._push(message)
            return
        kind = message[:1]
        if kind == "4":
            if message[1:2] not in _EVENTS:
                self._count_chatter()
            self._push(message[1:])
        elif kind == "3" and self._pinged_at is not None:
            self._pinged_at = None
            self._heard_at = time.monotonic()
            self.schedule_ping()
        elif kind in _ASK_NOTHING:
            self._count_chatter()
        elif kind == "1":
            self.close(abort=True, reason=self.server.reason.CLIENT_DISCONNECT)
        else:
            raise Garbage("not an Engine.IO packet")

    def _count_chatter(self) -> None:
        if self._chatter.too_much():
            raise Garbage("too much of what is no event")

    def _push(self, data: str | bytes) -> None:
        # Into the lane, so that one client's packets are handled in order and a slow handler does not delay its pong:
        # the original handled them in the reading task, or (async_handlers) each in a task of its own.
        if not data:
            raise Garbage("an empty packet")
        self._lane.push(data)
        if self.link is not None and self._lane.full:
            self.link.pause()

    def distrust(self, distrusted: bool) -> None:
        """Take what comes through the gate, or as usual."""
        self._distrusted = distrusted
        if self.link is not None:
            self.link.read_through(self._by_gate if distrusted else None)

    @property
    def trusted(self) -> bool:
        """Somebody came in by it, and behaves."""
        return self.joined and not self._distrusted

    def _by_gate(self, job: Callable[[], None]) -> None:
        gate.submit(self._address(), job, offends=True)

    def _address(self) -> str:
        return place(self.environ.get("REMOTE_ADDR", ""))

    def _schedule(self, job: Callable[[], None], again: bool) -> None:
        if self._distrusted:
            self._by_gate(job)
        elif not self.joined and gate.narrow:
            gate.submit(self._address(), job)
        elif again:
            crew.go_on(job)
        else:
            crew.submit(job)

    def _handle(self, item: str | bytes | _End) -> None:
        if isinstance(item, _End):
            self.server.handlers["disconnect"](self.sid, item.reason)
        elif not (self.closed and self._distrusted):
            # What one who misbehaved left behind nobody waits for; 500 of them would keep the loop busy for ten seconds.
            self._let_answers_go()
            self.server.handlers["message"](self.sid, item)

    def _let_answers_go(self) -> None:
        """Where a thread of its own writes, it must come to its turn: who sends fast would be taken for one who does not
        read. Who really does not is waited for a moment only, and closed at the bound."""
        for _ in range(_BREATHS):
            if self.link is not None or not self.is_behind or self.closing:
                return
            runtime.sleep(_BREATH_S)

    def _on_low(self) -> None:
        if self.link is not None:
            self.link.resume()

    def wait_until_low(self) -> None:
        """Hold up a reader that has a task of its own while the handlers are behind."""
        self._lane.wait()

    def handle_post_request(self, environ: Environ) -> None:
        """Long-polling, towards us. The original kept a session whose payload it could not read, and allowed 16
        packets a request, which a client that was offline for a moment exceeds; their size is bound all the same."""
        if self.closing:
            raise engineio.exceptions.EngineIOError
        try:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
            for part in body.split(_SEPARATOR):
                self._take(base64.b64decode(part[1:], validate=True) if part[:1] == "b" else part)
        except (Garbage, ValueError) as error:
            self.reject(error)
            raise engineio.exceptions.EngineIOError from error
        self.wait_until_low()

    # What goes out

    def send(self, pkt: packet.Packet) -> None:
        """Queue a packet. The original's queue had no bound. What does not come through fan-out (pings, other
        namespaces) gets to the link this way, so that the order holds."""
        with runtime.turn:
            if self.closing:
                return
            if self.link is not None:
                self.server.fanout.push(self.link, frame_of(pkt))
                return
            self.queue.put(pkt)
            self._queued_bytes += len(pkt.data) if isinstance(pkt.data, (str, bytes)) else 0
            waiting = self.queue.qsize()
            if waiting > CLOSE_PACKETS or (waiting > 1 and self._queued_bytes > CLOSE_BYTES):
                self._empty_queue()
                self.queue.put(packet.Packet(packet.MESSAGE, self.last_words().decode()))
                self.close(reason=self.server.reason.TRANSPORT_ERROR)

    @property
    def is_behind(self) -> bool:
        """Whether so much is queued that what can be dropped is."""
        return self.queue.qsize() >= DROP_PACKETS  # type: ignore[no-any-return]

    def _empty_queue(self) -> list[packet.Packet]:
        packets: list[packet.Packet] = []
        while True:
            try:
                pkt = self.queue.get(block=False)
            except self.server.get_queue_empty_exception():
                self._queued_bytes = 0
                return packets
            if pkt is not None:
                packets.append(pkt)

    def handle_get_request(self, environ: Any, start_response: Any) -> Any:
        """Long-polling, towards the client. What its WebSocket brought in this turn of the loop came before."""
        if self.upgrading:
            runtime.sleep(0)
            if self.upgraded and "HTTP_UPGRADE" not in environ:
                return self.server._bad_request("This session has a WebSocket.")  # noqa: SLF001
        silence = self.server.ping_interval + self.server.ping_timeout
        if time.monotonic() - self._heard_at >= silence * _TIMERS_ARE_INEXACT:
            self.close(abort=True, reason=self.server.reason.PING_TIMEOUT)
            raise engineio.exceptions.EngineIOError
        return super().handle_get_request(environ, start_response)

    def poll(self) -> list[packet.Packet]:
        """Wait for packets. No client of ours polls twice at a time: the original shared packets among the polls."""
        with runtime.turn:
            overlap, self._polling = self._polling, True
        if overlap:
            self.close(reason=self.server.reason.TRANSPORT_ERROR)
            raise engineio.exceptions.EngineIOError
        try:
            packets: list[packet.Packet] = super().poll()
        finally:
            self._polling = False
        with runtime.turn:
            self._queued_bytes = 0
            if self.closing:
                packets = self._last(packets)
        return packets

    def _last(self, packets: list[packet.Packet]) -> list[packet.Packet]:
        """What a poll takes of a session that ends: CLOSE by itself, with the next one. socket.io-client handles a packet
        a moment after it was read, but the end at once: it never heard the words before a CLOSE that came with them."""
        if len(packets) > 1 and packets[-1].packet_type == packet.CLOSE:
            self._empty_queue()
            self.queue.put(packets.pop())
            self.queue.put(None)
        else:
            self._forget()
        return packets

    def end_poll(self) -> None:
        """Have a poll that is waiting return, since the client upgrades."""
        if self._polling:
            self.queue.put(packet.Packet(packet.NOOP))

    # The WebSocket

    def _upgrade_websocket(self, environ: Any, start_response: Any) -> Any:
        """The original gave each WebSocket a reading and a writing task, parsed frames byte by byte, checked their
        size when they were in memory, and accepted compression. On eventlet ours takes its place."""
        return open_websocket(self, environ, start_response)

    def use_link(self, ws: transport.WebSocket) -> None:
        """The WebSocket is the transport: what no poll has taken goes first, then all the rest."""
        with runtime.turn:
            self.upgraded = True
            for pkt in self._empty_queue():
                if pkt.packet_type not in {packet.NOOP, packet.CLOSE}:
                    self.server.fanout.push(ws, frame_of(pkt))
            self.link = ws
            self.distrust(self._distrusted)
            if self.closing:
                ws.end()
                self._forget()
                return
            if self.conn is not None:
                self.server.fanout.attach_link(self.conn, ws)

    # Alive, and the end

    def schedule_ping(self) -> None:
        """The original had a sleeping task for each ping of each client; here one timer serves all."""
        self.server.pings.add(self)

    def ping(self) -> None:
        """Ask whether the client is there."""
        if not self.closing:
            self._pinged_at = time.monotonic()
            self.send(packet.Packet(packet.PING))
            self.server.pongs.add(self)

    def check_pong(self) -> None:
        """Close when the ping was not answered. While we do not read, the client may have answered."""
        if self.closing or self._pinged_at is None:
            return
        if self.link is not None and self.link.paused:
            self.server.pongs.add(self)
        elif time.monotonic() - self._pinged_at >= self.server.ping_timeout * _TIMERS_ARE_INEXACT:
            self.close(abort=True, reason=self.server.reason.PING_TIMEOUT)

    def check_joined(self) -> None:
        """Close when no namespace was joined. The original kept such a transport for ever."""
        if not self.joined:
            self.close(abort=True)

    def close(
        self,
        wait: bool = False,  # noqa: ARG002 - the original's signature
        abort: bool = False,
        reason: str | None = None,
    ) -> None:
        """End the session: what came in is still handled, then the disconnect handlers run. What is queued still goes
        out, but with `abort` no last poll is waited for. The original waited for a queue that nobody emptied, and a
        polling client never got what was queued at the end."""
        with runtime.turn:
            if self.closing:
                return
            self.closing = True
            if self.unjoined_at is not None:
                self.server.offended(self.environ)
            self.server.await_no_more(self)
            if self.conn is not None:
                self.conn.closed = True
            self._lane.push(_End(reason or self.server.reason.SERVER_DISCONNECT), last=True)
            # A client that has our answer to its probe polls no more: what is queued (why it is refused) waits for its
            # UPGRADE.
            if self.probe is not None and (abort or not self.probe.answered):
                self.probe.give_up()
            if self.link is not None:
                self.link.end()
            elif self.library is not None:
                self.queue.put(None)
                self.library.linger()
            elif abort:
                self.end_poll()
                self.queue.put(None)
            else:
                self.queue.put(packet.Packet(packet.CLOSE))
                self.queue.put(None)
                runtime.call_later(LAST_POLL_S, self._forget)
                return
            self._forget()

    def _forget(self) -> None:
        self.closed = True
        self.server.sockets.pop(self.sid, None)
