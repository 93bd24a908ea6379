"""HTTP on plain threads: the handler of werkzeug.serving under our own accept loop, a thread for each connection.

It answers one request on a connection and closes it.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any

from werkzeug.serving import WSGIRequestHandler

from . import heads
from .connection import Connection
from .handover import Handover

log = logging.getLogger("chatapp.http")


class HttpServer:
    """Serves a WSGI application on connections given to it; also what werkzeug's handler asks about its server."""

    ssl_context = None
    multithread = True
    multiprocess = False
    passthrough_errors = False
    _server_version = "chatapp"

    def __init__(
        self, app: Callable[..., Any], handover: Handover, address: tuple[str, int]
    ) -> None:
        self.app, self.server_address = app, address
        self._handover = handover

    def log(self, kind: str, message: str, *args: object) -> None:
        """What the handler has to say."""
        log.log(logging.ERROR if kind == "error" else logging.INFO, message, *args)

    def wrap(self, descriptor: int) -> socket.socket:
        """A blocking socket, also if the sibling from which it comes had set it otherwise."""
        wrapped = socket.socket(fileno=descriptor)
        wrapped.setblocking(True)
        return wrapped

    def serve(self, connection: Connection) -> None:
        """Answer a request, or hand the connection over; the caller closes it."""
        _Handler(connection, self, self._handover)


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, connection: Connection, server: HttpServer, handover: Handover) -> None:
        self._mine, self._handover = connection, handover
        super().__init__(connection.sock, connection.address, server)  # type: ignore[arg-type]

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.rfile = self._mine.reader

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self._mine.next_request()

    def parse_request(self) -> bool:
        """The request line has been read: if the request is ours, go on with its headers."""
        if self._handover.pass_on(self._mine, self.raw_requestline):
            self.close_connection = True
            return False
        try:
            head = heads.read(self._mine.reader, self.raw_requestline)
        except heads.Refused as refusal:
            self.wfile.write(refusal.answer())
            self.close_connection = True
            return False
        self.rfile = head
        try:
            parsed = super().parse_request()
        finally:
            self.rfile = self._mine.reader
        self._mine.intake.head_complete()
        if parsed and "Upgrade" in self.headers:
            self.close_connection = True  # what follows a WebSocket is no HTTP request
            # simple-websocket sends with send(), which is whole only on a socket without a time limit.
            self.connection.settimeout(None)
        return parsed

    def make_environ(self) -> dict[str, Any]:
        """The original's reader of chunks knows neither what may stand behind a size, nor what behind the last chunk."""
        environ: dict[str, Any] = super().make_environ()
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = heads.Chunks(self._mine.reader)
        return environ

    def finish(self) -> None:
        """Let go of the buffers; the connection is ended by who accepted it."""
        with contextlib.suppress(OSError):
            super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No access log."""

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 (werkzeug's name)
        """Malformed requests and clients that are too slow are answered, not logged."""
