"""A network between a person and the server that a test can cut and mend: a TCP proxy on a port of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

CHUNK = 64 * 1024


class Network:
    """Passes connections on to `port` until cut(), and again after mend()."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._lock = threading.Lock()
        self._up = True
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, name="network", daemon=True).start()

    def cut(self) -> None:
        """Every connection breaks, new ones are refused at once."""
        with self._lock:
            self._up = False
            ends, self._open = self._open, set()
        for end in ends:
            _break(end)

    def mend(self) -> None:
        """Connections pass again."""
        with self._lock:
            self._up = True

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                up = self._up
            if not up:
                _break(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                _break(client)
                continue
            with self._lock:
                self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
            return
        for end in (source, sink):
            _break(end)
        with self._lock:
            self._open -= {source, sink}


def _break(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextlib.contextmanager
def network(port: int) -> Iterator[Network]:
    """A network to the server on `port`."""
    made = Network(port)
    try:
        yield made
    finally:
        made.close()
