"""Socket.IO 5 over Engine.IO 4 over WebSocket, by hand: what a connection is told is seen exactly as it was sent."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

NAMESPACE = "/chat"
OPEN_SECONDS = 10.0
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x1, 0x2, 0x8, 0x9, 0xA

Payload = dict[str, Any]


class LostError(Exception):
    """The connection is gone, or never came to be; whatever was under way may have arrived."""


class RefusedError(Exception):
    """CONNECT was refused: `data` is the error that the server gave."""

    def __init__(self, data: Payload) -> None:
        super().__init__(f"{data.get('code')}: {data.get('message')}")
        self.data = data


@dataclass(frozen=True)
class Address:
    """Where a connection goes: `http(s)://…`, or `unix:/path` of one worker's own socket.

    `dial` makes the TCP socket, where it has to come from somewhere special (another network namespace).
    """

    url: str
    dial: Callable[[], socket.socket] | None = None


class Wire(asyncio.Protocol):
    """One connection. `heard(frame)` is called with each Socket.IO EVENT, in order; `lost(why)` once, at its end."""

    def __init__(self, heard: Callable[[str], None], lost: Callable[[str], None]) -> None:
        self.sid = ""  # of Engine.IO; begins with the worker's name
        self.why = ""  # why it was lost
        self._heard, self._lost = heard, lost
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._upgraded = False
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[Payload] = self._loop.create_future()
        self._acks: dict[int, tuple[asyncio.Future[Any], Callable[[Any], object] | None]] = {}
        self._last = 0
        self._auth = ""
        self._patience = OPEN_SECONDS
        self._watch: asyncio.TimerHandle | None = None
        self._heard_at = self._loop.time()
        self._transport: asyncio.Transport

    @classmethod
    async def open(
        cls,
        address: Address,
        auth: Payload,
        heard: Callable[[str], None],
        lost: Callable[[str], None],
    ) -> Wire:
        """Connect to the namespace. Raises LostError or RefusedError; `lost` is then not called."""
        loop = asyncio.get_running_loop()
        wire = cls(heard, lambda _why: None)
        wire._auth = json.dumps(auth)
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                host = await wire._dial(loop, address)
                key = base64.b64encode(os.urandom(16)).decode()
                wire._transport.write(
                    f"GET {host[1]}/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host[0]}\r\n"
                    f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                    "Sec-WebSocket-Version: 13\r\n\r\n".encode()
                )
                answer = await wire._opened
        except (OSError, TimeoutError) as error:
            wire.abort(str(error) or "time-out")
            raise LostError(str(error) or "the server does not answer") from None
        if "sid" not in answer:
            wire.abort("refused")
            raise RefusedError(answer.get("data") or {"code": "", "message": answer.get("message")})
        wire._lost = lost
        if wire.why:  # between the answer and here
            raise LostError(wire.why)
        return wire

    async def _dial(self, loop: asyncio.AbstractEventLoop, address: Address) -> tuple[str, str]:
        """Make the transport; the Host and the path's beginning."""
        if address.url.startswith("unix:"):
            await loop.create_unix_connection(lambda: self, address.url.removeprefix("unix:"))
            return "localhost", ""
        target = urlsplit(address.url)
        secure = target.scheme == "https"
        if address.dial is not None:
            dialled = await asyncio.to_thread(address.dial)
            await loop.create_connection(lambda: self, sock=dialled)
        else:
            await loop.create_connection(
                lambda: self,
                target.hostname or "localhost",
                target.port or (443 if secure else 80),
                ssl=ssl.create_default_context() if secure else None,
            )
        return target.netloc, target.path.rstrip("/")

    @property
    def worker(self) -> str:
        """The name of the worker that serves it, as the session's id says."""
        return self.sid.partition("-")[0]

    async def call(
        self,
        event: str,
        payload: Payload,
        patience: float,
        then: Callable[[Any], object] | None = None,
    ) -> Any:
        """Send an event; its ack. Raises LostError when none came.

        `then(ack)` is called as it arrives, before what comes right behind it is heard.
        """
        if self.why:
            raise LostError(self.why)
        self._last += 1
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._acks[self._last] = answer, then
        self._send(f"42{NAMESPACE},{self._last}{json.dumps([event, payload])}")
        try:
            async with asyncio.timeout(patience):
                return await answer
        except TimeoutError:
            raise LostError(f"no answer to {event} within {patience:g} s") from None

    def hold(self) -> None:
        """Read no more, as a phone that sleeps; it does not end by itself then."""
        if self._watch is not None:
            self._watch.cancel()
        self._transport.pause_reading()

    def abort(self, why: str) -> None:
        """End it without a word."""
        if not self.why:
            self.why = why
            if hasattr(self, "_transport"):
                self._transport.abort()
            self._end()

    # What comes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.why:
            self.why = str(exc) if exc else "closed by the server"
            self._end()

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._buffer += data
        if not self._upgraded and not self._upgrade():
            return
        while not self.why and (frame := self._frame()) is not None:
            self._take(*frame)

    def _upgrade(self) -> bool:
        head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not end:
            return False
        if b" 101 " not in head.split(b"\r\n")[0] + b" ":
            self.abort(head.split(b"\r\n")[0].decode(errors="replace"))
            return False
        self._upgraded, self._buffer = True, bytearray(rest)
        return True

    def _frame(self) -> tuple[int, bool, bytes] | None:
        """(opcode, last of its message, payload) of the next whole frame."""
        data = self._buffer
        if len(data) < 2:
            return None
        length, start = data[1] & 0x7F, 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + length:
            return None
        frame = data[0] & 0x0F, bool(data[0] & 0x80), bytes(data[start : start + length])
        del data[: start + length]
        return frame

    def _take(self, opcode: int, last: bool, payload: bytes) -> None:
        if opcode == _PING:
            self._write(_PONG, payload)
        elif opcode == _CLOSE:
            self.abort("closed by the server")
        elif opcode in (0, _TEXT):
            self._parts.append(payload)
            if last:
                text = b"".join(self._parts).decode()
                self._parts.clear()
                self._packet(text)

    def _packet(self, text: str) -> None:
        kind = text[:1]
        if kind == "2":
            self._send("3")
        elif kind == "0":
            opened = json.loads(text[1:])
            self.sid = opened["sid"]
            self._patience = (opened["pingInterval"] + opened["pingTimeout"]) / 1000
            self._look()
            self._send(f"40{NAMESPACE},{self._auth}")
        elif text.startswith(f"42{NAMESPACE},"):
            self._heard(text)
        elif text.startswith(f"43{NAMESPACE},"):
            number, bracket, rest = text[len(NAMESPACE) + 3 :].partition("[")
            waiting, then = self._acks.pop(int(number), (None, None))
            if waiting is not None and not waiting.done():
                reply = json.loads(bracket + rest)[0]
                if then is not None:
                    then(reply)
                waiting.set_result(reply)
        elif text.startswith((f"40{NAMESPACE}", f"44{NAMESPACE}")):
            if not self._opened.done():
                self._opened.set_result(json.loads(text.partition(",")[2] or "{}"))
        elif text.startswith("41") or kind == "1":
            self.abort("disconnected by the server")

    def _look(self) -> None:
        """A server that says nothing for a ping and its time-out is gone."""
        silent = self._loop.time() - self._heard_at
        if silent >= self._patience:
            self.abort(f"silent for {silent:.0f} s")
        elif not self.why:
            self._watch = self._loop.call_later(self._patience - silent + 0.01, self._look)

    # What goes

    def _send(self, text: str) -> None:
        self._write(_TEXT, text.encode())

    def _write(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = bytes((0x80 | opcode, 0x80 | size))
        elif size < 65536:
            head = bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big")
        else:
            head = bytes((0x80 | opcode, 0xFF)) + size.to_bytes(8, "big")
        mask = os.urandom(4)
        repeated = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(
            size, "big"
        )
        self._transport.write(head + mask + masked)

    def _end(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        error = LostError(self.why)
        for waiting in [self._opened, *(waiting for waiting, _ in self._acks.values())]:
            if not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # nobody may be waiting any more
        self._acks.clear()
        self._lost(self.why)
