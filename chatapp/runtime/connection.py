"""One accepted connection as all three servers see it: how long to wait for its bytes, and whose it is."""

from __future__ import annotations

import contextlib
import io
import socket
import time
from typing import Any

# A new connection has so long to begin a request, and a request so long to bring its headers: what a slow-loris holds
# open is worth nothing to it after that.
HEAD_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 75.0
# Between two reads of a body, and for one write of an answer. More than a ping cycle of Engine.IO (30 s), so that a
# WebSocket that speaks through this socket is never cut by it.
TRANSFER_SECONDS = 60.0
# Of the buffers of one connection, which it keeps for life: a WebSocket needs none of them.
BUFFER_BYTES = 4096


class Intake(io.RawIOBase):
    """The bytes of a connection as they come, each stage with its own patience; too late raises TimeoutError."""

    def __init__(self, sock: socket.socket, replay: bytes) -> None:
        super().__init__()
        self._sock = sock  # by this name simple-websocket finds the socket under gevent
        self._deadline: float | None = time.monotonic() + HEAD_SECONDS
        self.replay = replay  # comes before what the socket brings
        self.sealed = False  # while set, nothing is received
        self.idle = not replay  # nothing of a next request has come

    def restart(self) -> None:
        """The first request has its whole time from now on."""
        self._deadline = time.monotonic() + HEAD_SECONDS

    def expect_request(self) -> None:
        """The last answer is out; the next request may take its time to begin."""
        self.idle, self._deadline = True, time.monotonic() + KEEP_ALIVE_SECONDS

    def head_complete(self) -> None:
        """The headers have come; what follows is paced by each read alone."""
        self.idle, self._deadline = False, None
        self._sock.settimeout(TRANSFER_SECONDS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.replay:
            size = min(len(buffer), len(self.replay))
            buffer[:size], self.replay = self.replay[:size], self.replay[size:]
            return size
        if self.sealed:
            return None
        if self._deadline is not None:
            self._sock.settimeout(max(self._deadline - time.monotonic(), 0.001))
        size = self._sock.recv_into(buffer)
        if self.idle and size:
            self.idle, self._deadline = False, time.monotonic() + HEAD_SECONDS
        return size


class Connection:
    """A socket, the other end's address, and the buffered reader that the HTTP server uses."""

    def __init__(self, sock: socket.socket, replay: bytes = b"") -> None:
        """`replay`: bytes that a sibling had received before it handed the connection over."""
        self.sock = sock
        self.address = _peer(sock)
        self.intake = Intake(sock, replay)
        self.reader = io.BufferedReader(self.intake, BUFFER_BYTES)
        # False once a sibling has it: then our descriptor ends, and the connection lives on.
        self.ours = True

    def unread(self) -> bytes:
        """What has been received and not been used. Takes nothing away and waits for nothing."""
        if self.reader.closed:
            return b""
        self.intake.sealed = True
        try:
            return self.reader.peek() + self.intake.replay
        finally:
            self.intake.sealed = False

    def next_request(self) -> None:
        """The last answer is out; the next request may take its time to begin, if it has not begun yet."""
        self.intake.expect_request()
        self.intake.idle = not self.unread()

    def wake(self) -> None:
        """End the connection under whoever reads from it."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection, or only our hold of it when a sibling has it. May be called twice."""
        if self.ours:
            self.wake()
        with contextlib.suppress(OSError):
            self.sock.close()


def _peer(sock: socket.socket) -> tuple[str, int]:
    """Host and port of the other end. A unix socket has neither; nor has a peer that is gone."""
    try:
        name = sock.getpeername()
    except OSError:
        return "", 0
    return (name[0], name[1]) if isinstance(name, tuple) else ("", 0)
