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


class _Handler(pywsgi.WSGIHandler):  # type: ignore[misc]
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
        try:
            read: bool = super().read_request(raw_requestline)
        except TimeoutError:
            raise ValueError("the headers took too long") from None
        self._mine.intake.head_complete()
        if self._connection_upgrade_requested():
            self.close_connection = True  # what follows a WebSocket is no HTTP request
        return read
