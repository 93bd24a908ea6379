"""HTTP on gevent: the handler of gevent.pywsgi under our own accept loop.

libev forgets to take a handed-over descriptor out of its epoll set; it notices at the next event of that connection and
builds the set anew, once. That costs a large server about a millisecond for each connection handed over.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any

import gevent.socket
from gevent import pywsgi

from . import heads
from .connection import Connection
from .handover import Handover

log = logging.getLogger("chatapp.http")


class HttpServer:
    """Serves a WSGI application on connections given to it."""

    def __init__(
        self, app: Callable[..., Any], handover: Handover, address: tuple[str, int]
    ) -> None:
        self._handover = handover
        # It is never started: the handlers ask it for the application, the logs and the environment.
        self._server = pywsgi.WSGIServer(
            address,
            app,
            log=None,
            error_log=log,
            environ={"SERVER_NAME": address[0], "SERVER_PORT": str(address[1])},
        )

    def wrap(self, descriptor: int) -> socket.socket:
        """A gevent socket."""
        wrapped: socket.socket = gevent.socket.socket(fileno=descriptor)
        return wrapped

    def serve(self, connection: Connection) -> None:
        """Answer the requests of a connection until it ends or is handed over; the caller closes it."""
        _Handler(connection, self._server, self._handover).handle()


class _Body(pywsgi.Input):  # type: ignore[misc]
    """What follows the head. The original goes on with a connection on which it has lost its place, and reads for ever."""

    def __init__(self, handler: _Handler, original: pywsgi.Input) -> None:
        super().__init__(
            original.rfile, original.content_length, original.socket, original.chunked_input
        )
        self._handler = handler
        self._chunks = heads.Chunks(self.rfile)
        self._lost = False  # the place in the connection

    def _chunked_read(self, length: int | None = None, use_readline: bool = False) -> bytes:
        del use_readline  # nobody here reads a body by its lines
        self._send_100_continue()
        try:
            return self._chunks.read(length)
        except heads.BadChunk:
            self._lost = self._handler.close_connection = True
            raise

    def _discard(self) -> None:
        if not self._lost:
            self.send_100_continue_enabled = False
            if not heads.discard(self.read):
                self._handler.close_connection = True


class _Handler(pywsgi.WSGIHandler):  # type: ignore[misc]
    close_connection: bool
    rfile: Any
    wsgi_input: Any

    def __init__(
        self, connection: Connection, server: pywsgi.WSGIServer, handover: Handover
    ) -> None:
        self._mine, self._handover = connection, handover
        super().__init__(connection.sock, connection.address, server, rfile=connection.reader)

    def handle_one_request(self) -> Any:
        result = super().handle_one_request()
        self._mine.next_request()
        return result

    def read_requestline(self) -> str:
        """The request line, or nothing when the request went to a sibling."""
        line: str = super().read_requestline()
        if self._handover.pass_on(self._mine, line.encode("latin-1")):
            self.socket = None  # else handle() would read from it before it lets go
            return ""
        return line

    def read_request(self, raw_requestline: str) -> bool:
        rfile = self.rfile
        try:
            self.rfile = heads.read(rfile, raw_requestline.encode("latin-1"))
            read: bool = super().read_request(raw_requestline)
        except TimeoutError:
            raise ValueError("the headers took too long") from None
        finally:
            self.rfile = rfile
        self._mine.intake.head_complete()
        if self._connection_upgrade_requested():
            self.close_connection = True  # what follows a WebSocket is no HTTP request
        return read

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        if environ["wsgi.input"] is self.wsgi_input:
            environ["wsgi.input"] = self.wsgi_input = _Body(self, self.wsgi_input)
        return environ

    def _handle_client_error(self, ex: Exception) -> Any:
        if isinstance(ex, heads.Refused):
            return ex.status, ex.answer()
        return super()._handle_client_error(ex)
