"""HTTP on eventlet: the protocol of eventlet.wsgi under our own accept loop.

Its own server() serves at most 1,024 connections unless told otherwise, tells connections apart by their address, which
those over a unix socket lack, and ends every connection with shutdown(), also one that a sibling has taken over.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any

from eventlet import greenio, hubs, patcher, wsgi

from . import heads
from .connection import BUFFER_BYTES, TRANSFER_SECONDS, Connection
from .handover import Handover

log = logging.getLogger("chatapp.http")

_os_socket = patcher.original("socket").socket


class HttpServer:
    """Serves a WSGI application on connections given to it."""

    def __init__(
        self, app: Callable[..., Any], handover: Handover, address: tuple[str, int]
    ) -> None:
        self._handover = handover
        # debug=False: no traceback goes to a client.
        self._server = wsgi.Server(
            None, address, app, log=_Log(), debug=False, socket_timeout=TRANSFER_SECONDS
        )
        # Turns off the access log only. As an argument it would silence the application's tracebacks as well.
        self._server.log_output = False

    def wrap(self, descriptor: int) -> socket.socket:
        """A green socket; the hub is told that this number stands for something new."""
        hubs.notify_opened(descriptor)
        wrapped: socket.socket = greenio.GreenSocket(_os_socket(fileno=descriptor))
        return wrapped

    def serve(self, connection: Connection) -> None:
        """Answer the requests of a connection until it ends or is handed over; the caller closes it."""
        _Protocol(connection, self._server, self._handover)


class _Log:
    """eventlet reports what the application raised at the level `info`."""

    def info(self, message: str, *args: object) -> None:
        log.error(message, *args)

    error = info

    def debug(self, message: str, *args: object) -> None:
        """Connections that come and go are of no interest."""


class _Body(wsgi.Input):  # type: ignore[misc]
    """What follows the head. The original takes for chunks what has other readings, and reads on for ever what nobody wants."""

    def __init__(self, protocol: _Protocol, original: wsgi.Input) -> None:
        self.__dict__.update(original.__dict__)
        self._protocol = protocol
        self._chunks = heads.Chunks(self.rfile)

    def _chunked_read(
        self, rfile: Any, length: int | None = None, use_readline: bool = False
    ) -> bytes:
        # Nobody here reads a body by its lines; a piece of it is a line that is not whole.
        del rfile, use_readline
        if self.should_send_hundred_continue:
            self.send_hundred_continue_response()
            self.is_hundred_continue_response_sent = True
        return self._chunks.read(length)

    def discard(self, buffer_size: int = 0) -> None:
        del buffer_size
        if not heads.discard(self.read):
            self._protocol.cut()


class _Protocol(wsgi.HttpProtocol):  # type: ignore[misc]
    # What a response yields goes out at once: the original gathers 4 KiB first, and an event would wait for the next.
    minimum_chunk_size = 0

    def __init__(self, connection: Connection, server: wsgi.Server, handover: Handover) -> None:
        self._mine, self._handover = connection, handover
        super().__init__([connection.address, connection.sock, wsgi.STATE_IDLE], server)

    def setup(self) -> None:
        self.connection = self.request
        self.rfile: Any = self._mine.reader
        self.wfile = self.connection.makefile("wb", BUFFER_BYTES)

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self._mine.next_request()

    def parse_request(self) -> bool:
        """The request line has been read: if the request is ours, go on with its headers."""
        if self._handover.pass_on(self._mine, self.raw_requestline):
            self.close_connection = True
            return False
        try:
            # handle_one_request() puts the connection's own reader back behind the headers.
            self.rfile = heads.read(self._mine.reader, self.raw_requestline)
        except heads.Refused as refusal:
            self.wfile.write(refusal.answer())
            self.close_connection = True
            return False
        parsed: bool = super().parse_request()
        self._mine.intake.head_complete()
        return parsed

    def get_environ(self) -> dict[str, Any]:
        """Says also that the input ends by itself; without that Flask reads nothing of a chunked body."""
        environ: dict[str, Any] = super().get_environ()
        environ["wsgi.input_terminated"] = True
        environ["wsgi.input"] = environ["eventlet.input"] = _Body(self, environ["eventlet.input"])
        return environ

    def cut(self) -> None:
        """This was the last request of the connection."""
        self.close_connection = True

    def finish(self) -> None:
        """Let go of the buffers; the connection is ended by who accepted it."""
        with contextlib.suppress(OSError):
            wsgi.BaseHTTPServer.BaseHTTPRequestHandler.finish(self)
        # Its body and a function in it know this object: together they would stay until the collector comes.
        self.environ: dict[str, Any] = {}
