"""Who stands between people and a server: every text of their WebSockets passes through a function of the test's."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, NamedTuple, Protocol

PATIENCE_S = 60
MASKED, LENGTH = 0x80, 0x7F
WHOLE_TEXT = 0x81


class Line(Protocol):
    """One connection: what the client says is only read, what the server says may become anything."""

    def goes(self, text: str) -> None:
        """The client says this, and it goes on."""

    def comes(self, text: str) -> None:
        """The server says this; what the client is to hear is given to the line's `tell(text)`."""


class Between:
    """Passes connections on to `port`, by a thread of its own. `line(tell)` makes the line of each new connection."""

    def __init__(self, port: int, line: Callable[[Callable[[str], None]], Line]) -> None:
        self._target, self._line = port, line
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="between", daemon=True)
        self._thread.start()
        self._server: asyncio.Server = self._do(asyncio.start_server(self._pass, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def close(self) -> None:
        """End it; who is connected is cut off."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pass(self, heard: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        writers = [client]
        try:
            said, server = await asyncio.open_connection("127.0.0.1", self._target)
            writers.append(server)
            for source, sink in ((heard, server), (said, client)):  # the handshake
                sink.write(await source.readuntil(b"\r\n\r\n"))
            line = self._line(lambda text: client.write(framed(text)))
            async with asyncio.TaskGroup() as both:
                both.create_task(_up(line, heard, server))
                both.create_task(_down(line, said, client))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for writer in writers:
                writer.transport.abort()


async def _up(line: Line, heard: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
    async for frame in frames(heard):
        line.goes(frame.body.decode(errors="replace"))
        server.write(frame.raw)


async def _down(line: Line, said: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
    async for frame in frames(said):
        if frame.head == WHOLE_TEXT:
            line.comes(frame.body.decode())
        else:
            client.write(frame.raw)


class Frame(NamedTuple):
    """Of WebSocket: its first byte, what it says, and how it came."""

    head: int
    body: bytes
    raw: bytes


async def frames(stream: asyncio.StreamReader) -> AsyncIterator[Frame]:
    """Each that comes; raises IncompleteReadError at the end."""
    while True:
        start = await stream.readexactly(2)
        size = start[1] & LENGTH
        if size > 125:
            more = await stream.readexactly(2 if size == 126 else 8)
            start, size = start + more, int.from_bytes(more, "big")
        mask = await stream.readexactly(4) if start[1] & MASKED else b""
        body = await stream.readexactly(size)
        yield Frame(start[0], unmasked(body, mask), start + mask + body)


def unmasked(body: bytes, mask: bytes) -> bytes:
    """What was said; an empty mask is none."""
    if not mask:
        return body
    repeated = (mask * (len(body) // 4 + 1))[: len(body)]
    plain = int.from_bytes(body, "big") ^ int.from_bytes(repeated, "big")
    return plain.to_bytes(len(body), "big")


def framed(text: str) -> bytes:
    """As a server sends it."""
    body = text.encode()
    size = len(body)
    if size < 126:
        return bytes((WHOLE_TEXT, size)) + body
    if size < 65536:
        return bytes((WHOLE_TEXT, 126)) + size.to_bytes(2, "big") + body
    return bytes((WHOLE_TEXT, 127)) + size.to_bytes(8, "big") + body


@contextlib.contextmanager
def between(port: int, line: Callable[[Callable[[str], None]], Line]) -> Iterator[Between]:
    """Somebody between people and the server on `port`."""
    made = Between(port, line)
    try:
        yield made
    finally:
        made.close()
