"""A WebSocket that takes over from long-polling, and the library's own WebSocket for runtimes without ours."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

import engineio.exceptions
import simple_websocket
from engineio import packet

from chatapp import runtime
from chatapp.realtime import frames, handshake, transport
from chatapp.realtime.frame_reader import POLICY_VIOLATION

if TYPE_CHECKING:
    from .session import EngineSocket

# How long a WebSocket may take from its handshake to its UPGRADE, in seconds.
PROBE_S = 10.0

# Seconds after which a client that was too slow may come back.
SLOW_RETRY_S = 1.0

_WAKE_S = 1.0


def open_websocket(session: EngineSocket, environ: Any, start_response: Any) -> Any:
    """Answer the request for a WebSocket, and make it the transport of a new session or the probe of another.

    A second WebSocket of a session is accepted and closed, as the protocol's reference does it. Returns a dict for an
    HTTP answer, else what the WSGI application returns.
    """
    welcome = not (session.upgraded or session.upgrading or session.closing)
    try:
        answer = handshake.answer(environ)
    except handshake.Refused as refused:
        return {"status": refused.status, "headers": refused.headers, "response": b""}
    if runtime.name() != "eventlet":
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)  # it would accept compression
        handler = (lambda ws: LibraryWebSocket(session, ws).run()) if welcome else _turn_away
        library = session.server._async["websocket"](handler, session.server)  # noqa: SLF001
        library.server_args["max_message_size"] = session.server.max_http_buffer_size
        return library(environ, start_response)
    ws = transport.WebSocket(transport.take(environ, answer), session.server.fanout, session)
    if not welcome:
        ws.end(POLICY_VIOLATION, "this session has a WebSocket")
        return []
    ours = OurWebSocket(session, ws)
    if session.connected:
        ws.hand_to(Probe(session, ours))
    else:
        session.connected = True
        ours.win()
    return []


def _turn_away(ws: Any) -> list[bytes]:
    ws.close()
    return []


class Candidate(Protocol):
    """The WebSocket of a probe."""

    def say(self, text: str) -> None:
        """Send an Engine.IO packet."""

    def win(self) -> None:
        """Become the session's transport."""

    def leave(self) -> None:
        """Close; the session goes on without."""


class Probe:
    """An upgrade under way: the client's ping, our pong, the last poll, its UPGRADE. It owns what the WebSocket
    receives until then; whatever else happens, long-polling goes on as if it had never been.

    The original kept a session from long-polling for ever if its WebSocket died between the two.
    """

    def __init__(self, session: EngineSocket, candidate: Candidate) -> None:
        self._session = session
        self._candidate = candidate
        self._probed = False
        self._over = False
        session.upgrading = True  # polls return at once from now on
        session.probe = self
        runtime.call_later(PROBE_S, self.give_up)

    @property
    def answered(self) -> bool:
        """The client knows that its WebSocket works, and counts on it."""
        return self._probed

    def received(self, message: str | bytes) -> None:
        if message == "2probe" and not self._probed:
            self._probed = True
            self._candidate.say("3probe")
            self._session.end_poll()
        elif message == "5" and self._probed and not self._over:
            self._end()
            self._candidate.win()
        else:
            self.give_up()

    def lost(self) -> None:
        """The WebSocket is gone."""
        if not self._over:
            self._end()

    def give_up(self) -> None:
        """It takes too long, or speaks nonsense, or the session ends."""
        if not self._over:
            self._end()
            self._candidate.leave()

    def last_words(self) -> bytes:
        return frames.closing("slow", SLOW_RETRY_S)

    def _end(self) -> None:
        self._over = True
        self._session.upgrading = False
        self._session.probe = None


class OurWebSocket:
    """Our WebSocket as the candidate of a probe, or as the first transport of a session."""

    def __init__(self, session: EngineSocket, ws: transport.WebSocket) -> None:
        self._session = session
        self.ws = ws

    def say(self, text: str) -> None:
        self._session.server.fanout.push(self.ws, frames.raw_frame(frames.TEXT, text.encode()))

    def win(self) -> None:
        self.ws.hand_to(self._session)
        self._session.use_link(self.ws)

    def leave(self) -> None:
        self.ws.end()


class _WholeSends:
    """A socket whose send() sends all, one sender at a time. The library takes it for granted; under gevent send() may
    be partial, and its reader answers pings while the writer is in the middle of a frame."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._one_at_a_time = threading.Lock()  # green where threads are

    def send(self, data: bytes) -> int:
        with self._one_at_a_time:
            self._sock.sendall(data)
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class LibraryWebSocket:
    """simple-websocket on gevent and threads: the task of its request reads, another writes, as in the original; but
    every way out of both frees the session."""

    def __init__(self, session: EngineSocket, ws: Any) -> None:
        self._session = session
        self._ws = ws
        ws.ws.sock = _WholeSends(ws.ws.sock)

    def run(self) -> list[bytes]:
        """Read until the end, first as a probe if the session has a transport already."""
        session = self._session
        owner: EngineSocket | Probe = session
        if session.connected:
            owner = Probe(session, self)
        else:
            session.connected = True
            self.win()
        try:
            while (message := self._next()) is not None:
                owner.received(message)
                if session.upgraded:
                    owner = session
                session.wait_until_low()
        except OSError:
            pass
        owner.lost()
        # The library wakes its reader before it has sent its last frame, and with this request the connection ends.
        self._ws.ws.thread.join(transport.LINGER_S)
        return []

    def _next(self) -> str | bytes | None:
        # On threads the library may wake its reader before it notes that the connection is closed, and not again.
        connection = self._ws.ws
        try:
            while (message := connection.receive(timeout=_WAKE_S)) is None and connection.connected:
                pass
        except simple_websocket.ConnectionClosed:
            return None
        return message  # type: ignore[no-any-return]

    def say(self, text: str) -> None:
        try:
            self._ws.send(text)
        except OSError:
            self.leave()

    def win(self) -> None:
        self._session.upgraded = True
        self._session.library = self
        runtime.spawn(self._write)

    def leave(self) -> None:
        self.linger()
        try:
            self._ws.close()
        except OSError:
            pass

    def linger(self) -> None:
        """Leave the peer a while to take what is under way and to close: reader and writer would wait for ever."""
        runtime.call_later(transport.LINGER_S, transport.cut, self._ws.ws.sock)

    def _write(self) -> None:
        try:
            while packets := self._session.poll():
                for pkt in packets:
                    if pkt.packet_type not in {packet.NOOP, packet.CLOSE}:
                        self._ws.send(pkt.encode())
        except (OSError, engineio.exceptions.EngineIOError):
            self._session.lost()
        self.leave()
