"""A model that only writes, as a process of its own: so its time is not the server's, and two hundred streams keep their pace.

    python -m bench.pen --every 0.02 --seconds 60 [--marks]

One thread, no locks: each stream has its next moment in a heap, and what it writes is made by adding two strings. With
`--marks` each piece carries the time at which it was written, on the same clock and in the same form as the generator's.
`GET /stats` tells what was asked and written so far.
"""

from __future__ import annotations

import argparse
import heapq
import json
import selectors
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .processes import LOAD_CPUS, ROOT, cpu_seconds, pin

WORD = "word "


@dataclass(eq=False)
class _Stream:
    """A connection, and the answer that it is given at present."""

    socket: socket.socket
    heard: bytes = b""
    until: float = 0.0
    next_at: float = 0.0
    asked_us: list[int] = field(default_factory=list)
    pieces: int = 0
    late: float = 0.0  # seconds, of the piece that came latest


class _Pen:
    def __init__(self, every: float, seconds: float, marks: bool) -> None:
        self._every, self._seconds, self._marks = every, seconds, marks
        self._due: list[tuple[float, int, _Stream]] = []
        self._streams: list[_Stream] = []
        self._order = 0
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        while True:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                self._write(heapq.heappop(self._due)[2])
                now = time.monotonic()
            wait = max(0.0, self._due[0][0] - now) if self._due else None
            for key, _ in self._selector.select(wait):
                if key.data is None:
                    self._accept()
                else:
                    self._read(key.data)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        # A write that the reader does not take is waited for: it is the reader who is measured, and it shows in `late`.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = _Stream(connection)
        self._streams.append(stream)
        self._selector.register(connection, selectors.EVENT_READ, stream)

    def _read(self, stream: _Stream) -> None:
        try:
            data = stream.socket.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self._gone(stream)
            return
        stream.heard += data
        head, end, body = stream.heard.partition(b"\r\n\r\n")
        length = next(
            (
                int(line[15:])
                for line in head.split(b"\r\n")
                if line[:15].lower() == b"content-length:"
            ),
            0,
        )
        if not end or len(body) < length:
            return
        stream.heard = body[length:]
        if head.startswith(b"POST"):
            self._begin(stream)
        elif b"/stats" in head.partition(b"\r\n")[0]:
            self._say(stream, self._stats())
        else:
            self._say(stream, {"object": "list", "data": [{"id": "bench", "object": "model"}]})

    def _begin(self, stream: _Stream) -> None:
        now = time.monotonic()
        stream.asked_us.append(int(now * 1e6))
        stream.until, stream.next_at = now + self._seconds, now
        self._send(
            stream,
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        )
        self._write(stream)

    def _write(self, stream: _Stream) -> None:
        if stream.socket.fileno() < 0:
            return
        now = time.monotonic()
        stream.late = max(stream.late, now - stream.next_at)
        if now >= stream.until:
            end = _event({}, "stop") + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
            self._send(stream, end)
            return
        mark = f"@{int(now * 1e6):016x}@ " if self._marks else ""
        self._send(stream, _event({"content": mark + WORD}, None))
        stream.pieces += 1
        stream.next_at += self._every
        self._order += 1
        heapq.heappush(self._due, (stream.next_at, self._order, stream))

    def _send(self, stream: _Stream, data: bytes) -> None:
        try:
            stream.socket.sendall(data)
        except OSError:
            self._gone(stream)

    def _say(self, stream: _Stream, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self._send(stream, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    def _stats(self) -> dict[str, Any]:
        writing = [stream for stream in self._streams if stream.asked_us]
        return {
            "asked_us": sorted(at for stream in writing for at in stream.asked_us),
            "pieces": [stream.pieces for stream in writing],
            "late_ms": max((1000 * stream.late for stream in writing), default=0.0),
        }

    def _gone(self, stream: _Stream) -> None:
        if stream.socket.fileno() >= 0:
            self._selector.unregister(stream.socket)
            stream.socket.close()


def _event(delta: dict[str, str], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    event = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "bench"}
    return _chunk(b"data: " + json.dumps({**event, "choices": [choice]}).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Model:
    """A pen that runs: its address, and what it has done so far."""

    def __init__(self, port: int, pid: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.env = {"OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": "bench", "OPENAI_MODEL": "bench"}
        self._pid = pid

    def stats(self) -> dict[str, Any]:
        """`asked_us` (of the monotonic clock), `pieces` of each stream, `late_ms` of the piece that came latest."""
        with urllib.request.urlopen(f"{self.url}/stats", timeout=30) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def cpu_seconds(self) -> float:
        """Its processor time."""
        return cpu_seconds(self._pid)


@contextmanager
def model(seconds: float, every: float, *, marks: bool = False) -> Iterator[Model]:
    """A model that writes for so long, a piece every so many seconds, on the generator's processor."""
    command = [sys.executable, "-m", "bench.pen", "--every", str(every), "--seconds", str(seconds)]
    command += ["--marks"] * marks
    process = subprocess.Popen(
        pin(command, LOAD_CPUS), cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        yield Model(int(process.stdout.readline()), process.pid)
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Serve until it is ended; the port is the first line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--marks", action="store_true")
    wanted = parser.parse_args()
    pen = _Pen(wanted.every, wanted.seconds, wanted.marks)
    print(pen.port, flush=True)
    pen.run()


if __name__ == "__main__":
    main()
