"""The HTTP connection to a provider, with its socket within reach.

Closing a response from another task leaves its reader blocked in recv on eventlet and on threads. What ends the read at
once, on every runtime, is shutting the socket down. So urllib3's connections are given a line: it knows which socket
serves which request, also before the first byte of the answer, and is asked before each read.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from chatapp import runtime

KEEP_IDLE_S = (
    60  # long enough that a conversation does not pay for a TLS handshake with each answer
)
SEND_S = 300.0
BUFFER = 1 << 16  # bytes that one read takes at most


class Cut(Exception):
    """The request was ended from this side."""


class Broken(Exception):
    """The connection failed while it was read."""


class Silent(Broken):
    """Nothing came in time."""


# How a connection fails, whatever stage it was in.
FAULTS = (Broken, http.client.HTTPException, urllib3.exceptions.HTTPError)


class Line:
    """The connection that serves one request, for as long as it serves it."""

    def __init__(self, before_read: Callable[[], float]) -> None:
        """`before_read()` runs each time before the socket is read; it answers the time-out to use, in seconds."""
        self.before_read = before_read
        self.is_cut = False
        self._connection: Watched | None = None

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """What the calling task sends inside belongs to this line."""
        token = _line.set(self)
        try:
            yield
        finally:
            _line.reset(token)

    def attach(self, connection: Watched) -> None:
        """Called by the connection that is about to serve the request. Raises Cut."""
        with runtime.turn:
            self._connection = connection
            connection.line = self
            if self.is_cut:
                raise Cut

    def cut(self) -> None:
        """End the request at once, from any task. The reader sees the end of the stream."""
        with runtime.turn:
            self.is_cut = True
            connection = self._connection
            # A connection that went back to the pool may serve somebody else's request by now.
            if connection is not None and connection.line is self:
                _shut_down(connection.watched)


_line: ContextVar[Line | None] = ContextVar("line", default=None)


def _shut_down(sock: Any) -> None:
    # Through a descriptor of its own: a TLS socket's shutdown() would first throw its session away under the reader.
    try:
        twin = socket.socket(fileno=os.dup(sock.fileno()))
    except (OSError, AttributeError):
        return  # closed, or not yet open
    try:
        twin.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the peer was faster
    finally:
        twin.close()


class Watched(HTTPConnection):
    """A connection that tells the line of the calling task what it does."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.line: Line | None = None
        #: what cut() shuts down; kept also where the answer alone keeps the socket open
        self.watched: Any = None
        #: the latest answer, in the standard library's form
        self.answer: http.client.HTTPResponse | None = None
        self.idle_since: float | None = None

    @property
    def response_class(self) -> Any:  # type: ignore[override]
        """How the standard library makes an answer."""
        return self._answer

    def _announce(self) -> None:
        self.line = None
        line = _line.get()
        if line is not None:
            line.attach(self)

    def connect(self) -> None:
        super().connect()
        self.watched = self.sock
        self.sock.settimeout(SEND_S)  # connecting had a time-out of its own
        self._announce()

    def putrequest(self, *args: Any, **options: Any) -> None:
        self.idle_since = None
        if self.sock is not None:  # a pooled connection comes to its next request here
            self.sock.settimeout(SEND_S)
        self._announce()
        super().putrequest(*args, **options)

    @property
    def is_connected(self) -> bool:
        idle = time.monotonic() - self.idle_since if self.idle_since is not None else 0.0
        return idle < KEEP_IDLE_S and super().is_connected

    def _new_conn(self) -> socket.socket:
        self.watched = sock = super()._new_conn()
        try:
            self._announce()
        except Cut:
            sock.close()
            raise
        return sock

    def _answer(
        self, sock: Any, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> http.client.HTTPResponse:
        intake = _Intake(self, sock)
        self.answer = http.client.HTTPResponse(intake, debuglevel, method, url)  # type: ignore[arg-type]
        return self.answer


class WatchedTLS(Watched, HTTPSConnection):
    """The same over TLS."""


class _Intake(io.RawIOBase):
    """What an answer is read from: the socket, with its line asked before each read."""

    def __init__(self, connection: Watched, sock: Any) -> None:
        self._connection, self._sock = connection, sock
        self._file = sock.makefile("rb", buffering=0)
        self._records = isinstance(sock, ssl.SSLSocket)
        self._descriptor = sock.fileno()

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As of a socket: this is how an answer takes hold of it."""
        return io.BufferedReader(self, BUFFER)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        line = self._connection.line
        wait = line.before_read() if line is not None else None
        try:
            if not self._records and (found := self._at_hand(buffer)) is not None:
                return found
            if wait is not None:
                self._sock.settimeout(wait)
            got: int = self._file.readinto(buffer)
            if got and self._records:
                got += self._more(memoryview(buffer)[got:])
        except TimeoutError as error:
            raise Silent from error
        except OSError as error:
            raise Broken from error
        return got

    def _at_hand(self, buffer: Any) -> int | None:
        """What has come already, by one call; None if that is nothing. After a pause it is the rule."""
        try:
            return os.readv(self._descriptor, [buffer])
        except BlockingIOError:
            return None

    def _more(self, rest: memoryview) -> int:
        """A read of TLS ends with its record, which is a word or two: take what else has come."""
        got = 0
        self._sock.setblocking(False)
        try:
            while got < len(rest) and (more := self._file.readinto(rest[got:])):
                got += more
        except OSError:
            pass  # nothing more is there; of what is worse the next read tells
        finally:
            self._sock.setblocking(True)
        return got

    def close(self) -> None:
        self._file.close()
        super().close()
