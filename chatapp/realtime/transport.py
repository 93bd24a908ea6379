"""The WebSocket transport on eventlet: no task and no frame stack for a connection that says nothing.

A connection is a socket that the loop watches. When bytes arrive they are cut into messages and handed to the owner;
what is to be sent goes straight to the socket, and only what the kernel does not take is kept. The WSGI request that
asked for the upgrade ends at once: its socket is taken out of it.

On gevent and threads Engine.IO's own WebSocket is used; then this module is not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from socket import SHUT_RDWR, SHUT_WR, socket
from typing import Any, Protocol

from chatapp import runtime
from chatapp.runtime.crew import soon

from . import frames
from .backlog import Backlog
from .chatter import Chatter
from .fanout import Batch, Fanout, Out
from .frame_reader import (
    INTERNAL_ERROR,
    NO_STATUS,
    NORMAL,
    POLICY_VIOLATION,
    TRY_AGAIN_LATER,
    Close,
    FrameReader,
    Ping,
    ProtocolError,
)

log = logging.getLogger("chatapp.transport")

# The longest message of a client, in bytes of its text.
MAX_MESSAGE = 64 * 1024

# How long a closed connection may take to swallow the last words and to close its side, in seconds.
LINGER_S = 3.0

_READ_BYTES = 64 * 1024
# Of one whose reads are put off: that much of the shortest frames takes about half a millisecond.
_READ_LATE_BYTES = 8 * 1024


class Owner(Protocol):
    """Who gets what a WebSocket receives. Called in the loop: it must not wait."""

    def received(self, message: str | bytes) -> None:
        """A whole message. An exception closes the connection."""

    def lost(self) -> None:
        """The connection has ended or is about to; called once, unless the owner ended it."""

    def last_words(self) -> bytes:
        """The packet to leave with a client that is too slow."""


def take(environ: Mapping[str, Any], answer: bytes) -> socket:
    """Send the answer to a handshake and take the socket out of its HTTP request, which then ends."""
    from eventlet import wsgi

    green = environ["eventlet.input"].get_socket()
    green.sendall(answer)
    # The HTTP server closes its socket object when the request ends; it no longer holds the descriptor then.
    taken = type(green.fd)(fileno=green.fd.detach())
    taken.setblocking(False)
    wsgi.WSGI_LOCAL.already_handled = True
    return taken  # type: ignore[no-any-return]


class WebSocket:
    """One accepted WebSocket; a fan-out link. Everything here runs in the loop or in a task that does not wait."""

    __slots__ = (
        "_backlog",
        "_chatter",
        "_closed",
        "_ending",
        "_fanout",
        "_owner",
        "_read",
        "_reader",
        "_sock",
        "_through",
        "_write",
        "out",
    )

    def __init__(
        self, sock: socket, fanout: Fanout, owner: Owner, limit: int = MAX_MESSAGE
    ) -> None:
        self._sock = sock
        self._fanout = fanout
        self._owner: Owner | None = owner
        self._reader = FrameReader(limit)
        self._read: Any = None
        self._write: Any = None
        self._backlog: Backlog | None = None
        self._chatter = Chatter()
        self._ending = False
        self._closed = False
        self._through: Callable[[Callable[[], None]], None] | None = None
        self.out: Out = []
        # A listener remembers the task that made it; made in the loop, it keeps no finished request alive.
        soon(self.resume)

    def hand_to(self, owner: Owner) -> None:
        """Tell another owner from now on."""
        self._owner = owner

    # Reading

    def pause(self) -> None:
        """Read no more until resume(): the handlers are behind, and the sender shall feel it."""
        _unwatch(self._read)
        self._read = None

    def resume(self) -> None:
        """Read (again)."""
        if self._read is None and not self._closed:
            self._read = self._watch("read", self._readable)

    @property
    def paused(self) -> bool:
        """Whether reading is held back, so that nothing can be heard from the client."""
        return self._read is None

    def read_through(self, way: Callable[[Callable[[], None]], None] | None) -> None:
        """Have each read done by way(read), which does it when it likes; None: at once, as usual."""
        self._through = way

    def _readable(self, _fileno: int) -> None:
        if self._through is None or self._ending:
            self._receive()
        else:
            self.pause()
            self._through(self._receive_late)

    def _receive_late(self) -> None:
        self.resume()
        self._receive(_READ_LATE_BYTES)

    def _receive(self, most: int = _READ_BYTES) -> None:
        if self._closed:
            return
        try:
            data = self._sock.recv(most)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._gone()
        elif not self._ending:  # else it is only emptied, so that the close is clean
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        broken = None
        try:
            messages = self._reader.feed(data)
        except ProtocolError as error:
            messages, broken = error.messages, error
        for message in messages:
            if type(message) is str or type(message) is bytes:
                self._hand_over(message)
            elif type(message) is not Close and self._chatter.too_much():
                self._fail(POLICY_VIOLATION, "too many control frames")
            elif type(message) is Ping:
                self._fanout.push(self, frames.raw_frame(frames.PONG, message.payload))
            elif type(message) is Close:
                self._fail(NORMAL if message.code == NO_STATUS else message.code)
            if self._ending:
                return
        if broken is not None:
            self._fail(broken.code, broken.reason)

    def _hand_over(self, message: str | bytes) -> None:
        if self._owner is None:
            return
        try:
            self._owner.received(message)
        except Exception:
            log.exception("a message could not be taken")
            self._fail(INTERNAL_ERROR)

    # Writing

    def write(self, out: Out) -> None:
        """Send frames now, as far as the socket takes them; the rest when it can. Never waits, never raises."""
        if self._ending or not out:
            return
        if self._backlog is not None:
            self._keep(self._backlog, out, 0)
            return
        data = _bytes(out[0]) if len(out) == 1 else b"".join(map(_bytes, out))
        sent = self._send(data)
        if sent < len(data):
            self._backlog = Backlog()
            self._write = self._watch("write", self._writable)
            self._keep(self._backlog, out, sent)

    def _send(self, data: bytes) -> int:
        try:
            return self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            # Whoever broadcasts shall not run this client's farewell: that is for the next turn.
            soon(self._gone)
            return len(data)

    def _keep(self, backlog: Backlog, out: Out, sent: int) -> None:
        backlog.add(out, sent)
        if not backlog.overflows:
            return
        backlog.keep_first()
        owner, self._owner = self._owner, None
        if owner is not None:
            backlog.add([frames.frame(owner.last_words())], 0)
            soon(owner.lost)
        self.end(TRY_AGAIN_LATER, "slow")

    def _writable(self, _fileno: int) -> None:
        backlog = self._backlog
        if backlog is None:
            return
        backlog.write(self._send)
        if not len(backlog):
            self._backlog = None
            _unwatch(self._write)
            self._write = None
            if self._ending:
                self._shut()

    # The end

    def end(self, code: int = NORMAL, reason: str = "") -> None:
        """Say goodbye behind all that was sent before, then close. Nothing after this is sent, heard or told."""
        self._owner = None
        if self._ending:
            return
        out, self.out = self.out, []
        out.append(frames.close_frame(code, reason))
        self.write(out)
        self._ending = True
        if self._backlog is None:
            self._shut()
        runtime.call_later(LINGER_S, self.abort)

    def abort(self) -> None:
        """Close now, whatever is still under way."""
        self._owner = None
        self._ending = True
        if self._closed:
            return
        self._closed = True
        _unwatch(self._read)
        _unwatch(self._write)
        self._read = self._write = None
        self._backlog = None
        self._sock.close()

    def _shut(self) -> None:
        # A close() with unread bytes in the socket would reset the connection, and the peer might lose our last words.
        # So only our side is shut; the rest happens when the peer closes, or LINGER_S have passed.
        try:
            self._sock.shutdown(SHUT_WR)
        except OSError:
            self.abort()
        else:
            self.resume()

    def _fail(self, code: int, reason: str = "") -> None:
        owner = self._owner
        self.end(code, reason)
        if owner is not None:
            owner.lost()

    def _gone(self, *_: object) -> None:
        owner = self._owner
        self.abort()
        if owner is not None:
            owner.lost()

    def _watch(self, what: str, callback: Callable[[int], None]) -> Any:
        hub = hubs().get_hub()
        return hub.add(what, self._sock.fileno(), callback, self._gone, _nothing)


def _bytes(item: Batch | bytes) -> bytes:
    return item if type(item) is bytes else item.joined()  # type: ignore[union-attr]


def _unwatch(listener: Any) -> None:
    if listener is not None:
        try:
            hubs().get_hub().remove(listener)
        except KeyError:  # the loop found the descriptor invalid and forgot it by itself
            pass


def cut(sock: socket) -> None:
    """Close the connection of a socket that somebody else still reads."""
    try:
        sock.shutdown(SHUT_RDWR)
    except OSError:
        pass


def hubs() -> Any:
    """eventlet's loops; imported when first used, since other runtimes do without eventlet."""
    from eventlet import hubs as eventlet_hubs

    return eventlet_hubs


def _nothing() -> None:
    """The loop tells that a descriptor was closed under a listener; abort() has removed ours before."""
