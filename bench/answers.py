"""An assistant's answer, piece by piece, to a thousand members. Only the words are made up; they carry the time."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import product
from .session import Session, say
from .talking import Talker

MEMBERS = 1_000
DELTA = '["message_delta"'
CHUNK_EVERY_S = 0.02


def measure(session: Session, section: str) -> None:
    """One answer of a model that writes fifty times a second, and its way to every member."""
    members = min(MEMBERS, session.most)
    seconds = max(session.seconds, 2.0)
    for number in range(1, session.rounds + 1):
        say(f"{section}, round {number} of {session.rounds}")
        with session.trying("chatapp", []), model(seconds) as url:
            env = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "bench", "OPENAI_MODEL": "bench"}
            place = session.place()
            with product.chatapp(place, session.people, env=env) as server:
                assert server.tokens is not None
                with session.generator.holding(server, members, DELTA) as held:
                    token = server.tokens.read_text().split()[0]
                    pieces = _ask(server.port, token, held.room, seconds)
                    result = held.finish()
        expected = pieces * held.ready["conns"]
        session.book.add(
            section,
            str(MEMBERS),
            "chatapp",
            **{
                "pieces/s": pieces / seconds,
                "deliveries/s": result["received"] / seconds,
                "% heard": 100 * result["received"] / expected if expected else 0,
                "p50 ms": result["p50_ms"],
                "p99 ms": result["p99_ms"],
            },
        )
        say(
            f"  {pieces} pieces to {held.ready['conns']:,} members: {result['received']:,} of {expected:,}"
            f" deliveries, p99 {result['p99_ms']:.0f} ms from the model's pen"
        )


def _ask(port: int, token: str, room: str, seconds: float) -> int:
    """Ask, and read the answer to its end as a member; how many deltas there were."""
    talker = Talker(port, token)
    talker.ask("join", room=room)
    talker.ask("message", room=room, client_id=uuid.uuid4().hex, body="@assistant tell me")
    pieces = talker.count_deltas(within=seconds + 30)
    talker.close()
    return pieces


class _Words(BaseHTTPRequestHandler):
    """A model that knows what time it is: the same clock as the generator's, in microseconds, as it marks messages."""

    protocol_version = "HTTP/1.1"
    seconds: float

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        body = json.dumps({"object": "list", "data": [{"id": "bench", "object": "model"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            self._event({"content": f"@{now:016x}@ words of an answer "}, None)
            time.sleep(CHUNK_EVERY_S)
        self._event({}, "stop")
        self._chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, delta: dict[str, str], reason: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        event = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "bench"}
        self._chunk(b"data: " + json.dumps({**event, "choices": [choice]}).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that went away is no news: servers are killed when they were measured."""


@contextmanager
def model(seconds: float) -> Iterator[str]:
    """The address of a model that writes for so long, fifty times a second."""
    handler = type("Words", (_Words,), {"seconds": seconds})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
