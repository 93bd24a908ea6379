"""The listening sockets: one TCP socket that all workers share, and unix sockets of each worker's own."""

from __future__ import annotations

import _socket
import errno
import os
import socket
from pathlib import Path

BACKLOG = 1024


class ListenError(Exception):
    """One sentence for the person who starts the server."""


def bind(host: str, port: int) -> socket.socket:
    """A TCP socket bound to `host` and `port` (0: any free one) that does not yet listen; raises ListenError.

    What is set here is inherited by every connection accepted from it. Without TCP_NODELAY an emit and its ack take
    44 ms. SO_REUSEPORT stays off: it would give each worker a queue of its own, and what waits in the queue of a
    worker that dies is lost.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise ListenError(f"The host {host!r} is not an address of this machine.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise ListenError(_why(error, host, port)) from None
    return listener


def listen(listener: socket.socket) -> None:
    """Begin to queue connections; raises ListenError when somebody else began first."""
    host, port = listener.getsockname()[:2]
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        raise ListenError(_why(error, host, port)) from None
    listener.setblocking(False)


def _why(error: OSError, host: str, port: int) -> str:
    if isinstance(error, PermissionError):
        return f"Port {port} is reserved for root; choose one above 1023."
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program; choose another with --port or PORT."
    return f"Cannot listen on {host}, port {port}: {error.strerror}."


def bind_unix(path: Path, kind: socket.SocketKind, mode: int) -> _socket.socket:
    """A non-blocking unix socket at `path`, in place of what a killed process left there.

    It is of the C type, which no runtime patches.
    """
    path.unlink(missing_ok=True)
    listener = _socket.socket(socket.AF_UNIX, kind)
    listener.bind(os.fspath(path))
    path.chmod(mode)
    if kind == socket.SOCK_STREAM:
        listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def url(listener: socket.socket) -> str:
    """The address for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
