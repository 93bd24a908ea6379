"""The front of a worker: accepts connections, gives each a task, and ends them gracefully."""

from __future__ import annotations

import _socket
import contextlib
import logging
import os
import resource
import select
import socket
import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from . import loop
from .connection import Connection
from .forwarded import place
from .gate import gate
from .handover import Handover

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

log = logging.getLogger("chatapp.runtime")

# Kept free for what is no connection of a client: the database, Redis, models' servers, uploads.
SPARE_FILES = 200
PAUSE_SECONDS = 0.1
FINISH_POLL_SECONDS = 0.02
# Connections taken in one turn of the gate.
NARROW_TAKES = 4
FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Server(Protocol):
    """HTTP on one runtime."""

    def wrap(self, descriptor: int) -> socket.socket:
        """The runtime's own kind of socket around an open descriptor."""

    def serve(self, connection: Connection) -> None:
        """Answer the requests of a connection until it ends or is handed over; the caller closes it."""


class Front:
    """One loop over all that brings connections, and a task for each connection."""

    def __init__(
        self, server: Server, listeners: Iterable[_socket.socket], handover: Handover
    ) -> None:
        self._server, self._handover = server, handover
        self._listeners = list(listeners)
        self._open: set[Connection] = set()
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._limit = max(files - SPARE_FILES, files // 2)
        self._is_full = False

    def run(self, *until: FileDescriptorLike) -> None:
        """Take connections until one of `until` is readable.

        One connection a turn and listener: whoever takes the whole queue at once leaves nothing to its idle siblings.
        """
        while True:
            ready, _, _ = select.select([*until, self._handover, *self._listeners], [], [])
            if any(source in ready for source in until):
                return
            gate.wait_at_door()
            for listener in self._listeners:
                if listener in ready:
                    for _ in range(NARROW_TAKES if gate.narrow else 1):
                        self._accept(listener)
            if self._handover in ready:
                for descriptor, received in self._handover.receive():
                    self._start(descriptor, received)

    def _accept(self, listener: _socket.socket) -> None:
        try:
            descriptor, _ = listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001
        except (BlockingIOError, ConnectionAbortedError):
            return  # a sibling was faster, or the client went away
        except OSError as error:
            log.warning("cannot accept connections at the moment: %s", error)
            loop.sleep(PAUSE_SECONDS)
            return
        self._start(descriptor, b"")

    def _start(self, descriptor: int, received: bytes) -> None:
        # The kernel gives out the lowest free number, so it tells how many are in use, also by WebSockets, which have
        # left their HTTP request and are not among our open connections any more.
        was_full, self._is_full = self._is_full, descriptor >= self._limit
        if self._is_full:
            if not was_full:
                log.error(
                    "no room for more than %d open files: clients are turned away", self._limit
                )
            with contextlib.suppress(OSError):
                os.write(descriptor, FULL)
            os.close(descriptor)
            return
        connection = Connection(self._server.wrap(descriptor), received)
        self._open.add(connection)
        if gate.narrow:
            # Whoever offends waits before a byte of theirs is read.
            wait = gate.penance(place(connection.address[0]))
            loop.call_later(wait, self._admit, connection)
        else:
            loop.spawn(self._serve, connection)

    def _admit(self, connection: Connection) -> None:
        connection.intake.restart()
        gate.submit(place(connection.address[0]), partial(self._serve, connection))

    def _serve(self, connection: Connection) -> None:
        try:
            self._server.serve(connection)
        except (TimeoutError, ConnectionError):
            pass  # its client was too slow, or went away
        finally:
            self._open.discard(connection)
            connection.close()

    def stop_accepting(self) -> None:
        """Leave new connections to the siblings. Requests of sessions that live here are still handed over to us."""
        while self._listeners:
            self._listeners.pop().close()

    def finish(self, deadline: float) -> bool:
        """End idle connections and wait for busy ones. False if some are busy still at `deadline` (monotonic)."""
        while self._open:
            if time.monotonic() > deadline:
                return False
            for connection in list(self._open):
                if connection.intake.idle:
                    connection.wake()
            loop.sleep(FINISH_POLL_SECONDS)
        return True
