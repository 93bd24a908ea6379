"""A connection without manners, for many at a time in one task loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

PATIENCE_S = 60


class Refused(Exception):
    """The server would not have it."""


class Line:
    """A TCP connection to the server from an address of the attacker's choice."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int, address: str) -> Line:
        return cls(
            *await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(address, 0), limit=1 << 20
            )
        )

    async def request(
        self, method: str, path: str, body: bytes = b"", headers: str = ""
    ) -> tuple[int, bytes]:
        """Status and body of an answer."""
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
            f"{headers}\r\n".encode()
            + body
        )
        head = await self._within(self.reader.readuntil(b"\r\n\r\n"))
        status = int(head.split(None, 2)[1])
        length = [
            line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        ]
        size = int(length[0].partition(b":")[2]) if length else 0
        return status, await self._within(self.reader.readexactly(size))

    async def websocket(self, headers: str = "") -> Line:
        """Open a WebSocket; Refused unless it is let in."""
        self.writer.write(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + headers.encode() + b"\r\n"
        )
        head = await self._within(self.reader.readuntil(b"\r\n\r\n"))
        if not head.startswith(b"HTTP/1.1 101"):
            raise Refused(head.split(b"\r\n", 1)[0].decode())
        return self

    def say(self, *texts: str) -> None:
        """Text frames."""
        self.writer.write(b"".join(masked_text(text) for text in texts))

    async def sent(self) -> None:
        """Wait until the network has taken what was said."""
        await self._within(self.writer.drain())

    async def hear(self) -> str:
        """The next text; pings are answered. Refused at the end."""
        while True:
            head = await self._within(self.reader.readexactly(2))
            size = head[1] & 127
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
            payload = await self._within(self.reader.readexactly(size))
            if head[0] & 15 == 8:
                raise Refused("closed")
            if payload == b"2":
                self.say("3")
            elif head[0] & 15 == 1:
                return payload.decode()

    async def until(self, beginning: str) -> str:
        while not (text := await self.hear()).startswith(beginning):
            if text.startswith("44"):
                raise Refused(text)
        return text

    async def enter(self, token: str) -> None:
        self.say(f'40/chat,{{"token":"{token}"}}')
        await self.until("40/chat,")

    async def call(self, number: int, event: str, payload: Any) -> str:
        self.say(f"42/chat,{number}{json.dumps([event, payload])}")
        return await self.until(f"43/chat,{number}[")

    async def end(self) -> None:
        """Read on until the server closes."""
        with contextlib.suppress(Refused):
            while True:
                await self.hear()

    async def _within(self, waiting: Any) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await waiting

    def close(self) -> None:
        self.writer.transport.abort()


def masked_text(text: str) -> bytes:
    """A client's text frame whose mask is zero: the server unmasks it all the same, and we need not."""
    data = text.encode()
    size = len(data)
    if size < 126:
        head = bytes((0x81, 0x80 | size))
    else:
        head = b"\x81\xfe" + size.to_bytes(2) if size < 65536 else b"\x81\xff" + size.to_bytes(8)
    return head + bytes(4) + data
