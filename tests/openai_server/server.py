"""The server process: `/v1/…` for the client under test, `/control/…` for the test."""

from __future__ import annotations

import json
import select
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .behaviours import Behaviour, Step, answer

MODELS = {"object": "list", "data": [{"id": "test", "object": "model", "owned_by": "tests"}]}


class _Gone(Exception):
    """The client closed its side, or a step closed ours."""


class Control:
    """What the tests ordered and what was seen; shared by the threads of the server."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.queue: list[Behaviour] = []
        self.requests: list[dict[str, Any]] = []
        self.releases = 0
        self.resets = 0

    def begin(self, body: Any, **facts: Any) -> tuple[dict[str, Any], Behaviour]:
        with self.changed:
            behaviour = self.queue.pop(0) if self.queue else answer("I am the test model.")
            record = {"body": body, "state": "open", "sent": 0, "reset": self.resets, **facts}
            self.requests.append(record)
            self.changed.notify_all()
            return record, behaviour

    def mark(self, record: dict[str, Any], **facts: Any) -> None:
        with self.changed:
            record.update(facts)
            self.changed.notify_all()

    def order(self, what: str, data: Any) -> Any:
        """One command of the test; the answer is JSON."""
        with self.changed:
            if what == "will":
                self.queue.extend(data)
            elif what == "release":
                self.releases += 1
            elif what == "reset":
                self.queue.clear()
                self.requests.clear()
                self.releases = 0
                self.resets += 1
            elif what == "wait":
                return self._wait(data["request"], data["state"], data["timeout"])
            self.changed.notify_all()
            return self.requests

    def _wait(self, number: int, state: str, timeout: float) -> bool:
        def reached() -> bool:
            return len(self.requests) > number and (
                state == "open" or self.requests[number]["state"] == state
            )

        return self.changed.wait_for(reached, timeout)

    def take_release(self, record: dict[str, Any]) -> bool:
        """Whether a request may go on; after a reset those before it may."""
        with self.changed:
            if record["reset"] != self.resets:
                return True
            if self.releases:
                self.releases -= 1
                return True
            return False


class Handler(BaseHTTPRequestHandler):
    """One connection. Keep-alive, as the real providers do it."""

    protocol_version = "HTTP/1.1"
    control: Control

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:
        """The test reads what happened from the records."""

    def do_GET(self) -> None:
        self._json(MODELS if self.path == "/v1/models" else {"error": {"message": "no such path"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
        if self.path.startswith("/control/"):
            self._json(self.control.order(self.path.removeprefix("/control/"), body))
            return
        record, behaviour = self.control.begin(
            body, authorization=self.headers.get("Authorization"), peer=self.client_address[1]
        )
        try:
            self._perform(behaviour, record)
            self.control.mark(record, state="finished")
        except (_Gone, OSError) as end:
            self.close_connection = True
            ours = bool(end.args) and end.args[0] == "ours"
            self.control.mark(record, state="finished" if ours else "closed")

    def _perform(self, behaviour: Behaviour, record: dict[str, Any]) -> None:
        for step in behaviour["before"]:
            self._step(step, record)
        self.send_response(behaviour["status"])
        for name, value in behaviour["headers"].items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            for step in behaviour["steps"]:
                self._step(step, record)
            if not behaviour.get("repeat"):
                break
        self.wfile.write(b"0\r\n\r\n")

    def _step(self, step: Step, record: dict[str, Any]) -> None:
        match step:
            case ["send", text]:
                self._chunk(text.encode(), record)
            case ["raw", text]:
                self._chunk(bytes.fromhex(text), record)
            case ["wait", seconds]:
                self._idle(time.monotonic() + seconds)
            case ["gate"]:
                while not self.control.take_release(record):
                    self._idle(time.monotonic() + 0.005)
            case ["hold"]:
                self._idle(None)
            case ["drop"]:
                self.connection.shutdown(socket.SHUT_RDWR)
                raise _Gone("ours")
            case ["reset"]:
                self.connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                # The handler's own files keep the socket open: the reset goes out with the last of them.
                self.rfile.close()
                self.connection.close()
                raise _Gone("ours")

    def _chunk(self, data: bytes, record: dict[str, Any]) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        record["sent"] += 1

    def _idle(self, until: float | None) -> None:
        """Wait, and notice at once when the client closes."""
        left = None if until is None else max(0.0, until - time.monotonic())
        if select.select([self.connection], [], [], left)[0]:
            # A client that waits for its answer sends nothing: readable means the end.
            raise _Gone("theirs")

    def _json(self, data: Any) -> None:
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """A thread for each connection; errors of a client that went away are no news."""

    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: the record of the request says how it ended."""


def serve(pem: str | None = None) -> tuple[Server, Server]:
    """(for orders, for clients): two servers on free ports of this machine, not yet running."""
    handler = type("BoundHandler", (Handler,), {"control": Control()})
    control, clients = Server(("127.0.0.1", 0), handler), Server(("127.0.0.1", 0), handler)
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        clients.socket = context.wrap_socket(clients.socket, server_side=True)
    return control, clients
