"""Hand-over: a request whose sid names another worker goes to that worker, together with its connection.

All workers accept from one listener, so a long-polling client's requests land anywhere, while its session lives in one
process. The request line has been read when this is seen; the connection itself is then passed through the sibling's
unix socket (SCM_RIGHTS) with the bytes already received, and the sibling goes on as if it had accepted it. Nothing is
proxied: after the WebSocket upgrade no byte passes through a second process.

If the sibling is gone the request is served here; it gets "invalid session", and the client connects anew.
"""

from __future__ import annotations

import _socket
import array
import re
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import loop
from .assignment import handover_socket
from .connection import Connection
from .listener import bind_unix

LONGEST_MESSAGE = 64 * 1024
# How long a sibling is waited for whose queue is full; the kernel's default is ten connections.
PATIENCE_SECONDS = 1.0
RETRY_SECONDS = 0.005

_SID = re.compile(rb"[A-Z]+ /socket\.io/\?(?:[^ ]*&)?sid=([a-z0-9.]+)-")


class Handover:
    """The border between one worker and its siblings.

    The sockets are of the C type, which no runtime patches, and never wait inside the kernel.
    """

    def __init__(self, folder: Path, own: str, names: Iterable[str]) -> None:
        """From now on siblings can pass connections to the worker `own`."""
        self._path = handover_socket(folder, own)
        self._receiver = bind_unix(self._path, socket.SOCK_DGRAM, 0o600)
        self._sender = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
        self._sender.setblocking(False)
        self._siblings = {
            name.encode(): str(handover_socket(folder, name)) for name in names if name != own
        }
        self.passed = 0  # connections passed to siblings since the start

    def fileno(self) -> int:
        """Readable when a sibling has passed a connection."""
        return self._receiver.fileno()

    def pass_on(self, connection: Connection, request_line: bytes) -> bool:
        """Pass the connection to the sibling that `request_line` names. False: serve the request here."""
        named = _SID.match(request_line)
        path = self._siblings.get(named[1]) if named else None
        if path is None:
            return False
        message = request_line + connection.unread()
        if len(message) > LONGEST_MESSAGE or not self._send(path, message, connection.sock):
            return False
        connection.ours = False
        self.passed += 1
        return True

    def _send(self, path: str, message: bytes, sock: socket.socket) -> bool:
        descriptor = array.array("i", [sock.fileno()])
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptor)]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._sender.sendmsg([message], rights, 0, path)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                loop.sleep(RETRY_SECONDS)
            except OSError:  # nobody is bound there: the sibling is gone
                return False
            else:
                return True

    def receive(self) -> Iterator[tuple[int, bytes]]:
        """Descriptor and first bytes of each connection that siblings have passed; never waits."""
        space = _socket.CMSG_SPACE(array.array("i").itemsize)
        while True:
            try:
                message, rights, _, _ = self._receiver.recvmsg(
                    LONGEST_MESSAGE, space, _socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                return
            # Without a free descriptor here the kernel has dropped it: that client sees the end and connects anew.
            for _, _, data in rights:
                yield array.array("i", data)[0], message

    def close(self) -> None:
        """Take over no more. What siblings have passed and nobody received ends."""
        self._path.unlink(missing_ok=True)
        self._receiver.close()
