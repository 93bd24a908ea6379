"""A Socket.IO client for tests that says what it sends and shows what it got, frame by frame.

    alice = server.connect("Alice")
    alice.join("tea")
    alice.send("tea", "hello")
    bob.sees("message", body="hello")

It speaks Engine.IO 4 and Socket.IO 5 over WebSocket on a plain thread, and does nothing by itself but answer pings.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import websocket

Payload = dict[str, Any]
T = TypeVar("T")

NAMESPACE = "/chat"
TIMEOUT = 20.0


class RefusedError(Exception):
    """The server refused the connection: the data of its CONNECT_ERROR, and whether it then closed the transport."""

    def __init__(self, message: str, data: Payload, *, closed: bool) -> None:
        super().__init__(message)
        self.data = data
        self.closed = closed


class Client:
    """One connection of a person. Made by `Server.connect(name)`, or with an address and `auth`.

    `through` is a worker's own unix socket, as a proxy uses it. With `connect=False` only the Engine.IO session is opened; `raw()` says the rest.
    """

    def __init__(
        self,
        url: str,
        auth: Payload | None = None,
        *,
        cookie: str | None = None,
        namespace: str = NAMESPACE,
        connect: bool = True,
        timeout: float = TIMEOUT,
        through: str | None = None,
    ) -> None:
        self.url = url
        self.timeout = timeout
        self.namespace = namespace
        self.received: list[tuple[str, Payload]] = []  # events in the order of their arrival
        self.frames: list[str | bytes] = []  # everything as it came, pings too
        self.token = str((auth or {}).get("token", ""))
        self.user: Payload = {}
        self.close_code: int | None = None
        self._seen: set[int] = set()
        self._acks: dict[int, Any] = {}
        self._ids = itertools.count(1)
        self._answer: Payload | None = None  # to CONNECT
        self._disconnected = False  # by a Socket.IO DISCONNECT
        self._open = True
        self._news = threading.Condition()
        self._reading = threading.Event()
        self._reading.set()
        target = urlsplit(url)
        self._socket = websocket.create_connection(
            f"{'wss' if target.scheme == 'https' else 'ws'}://{target.netloc}/socket.io/?EIO=4&transport=websocket",
            timeout=timeout,
            enable_multithread=True,
            cookie=cookie,
            socket=_unix_socket(through) if through else None,
        )
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, name="test-client", daemon=True)
        self._reader.start()
        if connect:
            try:
                self._connect(auth)
            except BaseException:
                self.cut()
                raise

    # What a person does

    def join(self, room: str, **more: Any) -> Payload:
        """Join a room; the ack."""
        return self.ok("join", {"room": room, **more})

    def send(self, room: str, body: str, **more: Any) -> Payload:
        """Send a message; the message as it was stored."""
        payload = {"room": room, "client_id": str(uuid.uuid4()), "body": body, **more}
        message: Payload = self.ok("message", payload)["message"]
        return message

    # Events and their acks

    def emit(self, event: str, payload: Any = None) -> None:
        """Send an event without asking for an ack."""
        self.raw(f"42{self.namespace},{json.dumps([event, payload])}")

    def request(self, event: str, payload: Any = None) -> int:
        """Send an event and go on; `ack(number)` waits for its answer."""
        number = next(self._ids)
        self.raw(f"42{self.namespace},{number}{json.dumps([event, payload])}")
        return number

    def ack(self, number: int, timeout: float | None = None) -> Any:
        """The answer to a request."""
        self._until(lambda: number in self._acks, f"ack {number}", timeout)
        return self._acks[number]

    def call(self, event: str, payload: Any = None, timeout: float | None = None) -> Any:
        """Send an event and wait for its ack, whatever it says."""
        return self.ack(self.request(event, payload), timeout)

    def ok(self, event: str, payload: Any = None) -> Payload:
        """`call`, and the ack must be a success."""
        ack: Payload = self.call(event, payload)
        assert ack.get("ok") is True, f"{event} {payload!r} was answered {ack!r}"
        return ack

    def refused(self, event: str, payload: Any = None) -> Payload:
        """`call`, and the ack must be a refusal; its error `{code, message, …}`."""
        ack = self.call(event, payload)
        assert ack.get("ok") is False, f"{event} {payload!r} was answered {ack!r}"
        error: Payload = ack["error"]
        return error

    def acked(self, number: int) -> bool:
        """Whether a request has been answered by now."""
        with self._news:
            return number in self._acks

    # What it sees

    def sees(self, event: str, timeout: float | None = None, **fields: Any) -> Payload:
        """Wait for an event with these fields; each one that came is found once, the oldest first."""

        def look() -> list[Payload]:
            for index, (name, payload) in enumerate(self.received):
                if index not in self._seen and name == event and _has(payload, fields):
                    self._seen.add(index)
                    return [payload]
            return []

        return self._until(look, f"{event} {fields!r}", timeout)[0]

    def events(self, event: str, **fields: Any) -> list[Payload]:
        """The payloads of all events of this name with these fields so far."""
        with self._news:
            return [
                payload
                for name, payload in self.received
                if name == event and _has(payload, fields)
            ]

    def has_not_seen(self, event: str, **fields: Any) -> None:
        """Nothing of the kind came so far. Have it see a later event first, else this proves nothing."""
        found = self.events(event, **fields)
        assert not found, f"saw {found!r}"

    # The connection

    def raw(self, frame: str | bytes) -> None:
        """Send one WebSocket message as it is, an Engine.IO packet for instance."""
        if isinstance(frame, bytes):
            self._socket.send_binary(frame)
        else:
            self._socket.send(frame)

    def hold(self) -> None:
        """Stop reading, as a phone that sleeps does; the server's frames pile up in the network."""
        self._reading.clear()

    def go_on(self) -> None:
        """Read again after hold()."""
        self._reading.set()

    @property
    def is_open(self) -> bool:
        """Whether the transport is open and the namespace has not been left."""
        with self._news:
            return self._open and not self._disconnected

    def is_closed_by_server(self, timeout: float | None = None) -> int | None:
        """Wait for the transport's end; the WebSocket close code, if one was said."""
        self._until(lambda: not self._open, "the end of the connection", timeout, alive=False)
        return self.close_code

    def is_disconnected(self, timeout: float | None = None) -> None:
        """Wait for a Socket.IO DISCONNECT (after which clients do not reconnect by themselves)."""
        self._until(lambda: self._disconnected, "a DISCONNECT", timeout, alive=False)

    def close(self) -> None:
        """Leave politely."""
        self.go_on()
        with contextlib.suppress(OSError, websocket.WebSocketException):
            self.raw(f"41{self.namespace},")
            self._socket.send_close()
        self.cut()

    def cut(self) -> None:
        """The network is gone: a reset, without any word of closing."""
        self.go_on()
        with contextlib.suppress(OSError, AttributeError):
            raw: Any = self._socket.sock
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.shutdown(socket.SHUT_RD)
            raw.close()
        self._reader.join(timeout=5)

    # Underneath

    def _connect(self, auth: Payload | None) -> None:
        self.raw(f"40{self.namespace},{json.dumps(auth or {})}")
        self._until(lambda: self._answer is not None, "an answer to CONNECT", None)
        assert self._answer is not None
        if "sid" not in self._answer:
            with contextlib.suppress(AssertionError):
                self.is_closed_by_server(timeout=min(self.timeout, 2.0))
            message, data = self._answer.get("message", ""), self._answer.get("data") or {}
            raise RefusedError(message, data, closed=not self._open)
        self.user = self.sees("hello")["user"]

    def _until(
        self, check: Callable[[], T], what: str, timeout: float | None, *, alive: bool = True
    ) -> T:
        """Wait until `check` (called with the lock held) is true, and return its answer."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        with self._news:
            while not (answer := check()):
                left = deadline - time.monotonic()
                if left > 0 and not (alive and not self._open):
                    self._news.wait(left)
                    continue
                why = "time is up" if left <= 0 else "the connection ended first"
                latest = [f"{name} {payload!r}"[:300] for name, payload in self.received[-8:]]
                raise AssertionError(f"no {what}: {why}. The latest events: {latest}")
            return answer

    def _read(self) -> None:
        try:
            while True:
                self._reading.wait()
                opcode, data = self._socket.recv_data()
                self._reading.wait()
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    self.close_code = struct.unpack("!H", data[:2])[0] if len(data) >= 2 else None
                    break
                self._take(data if opcode == websocket.ABNF.OPCODE_BINARY else data.decode())
        except (OSError, websocket.WebSocketException, ValueError):
            pass  # the connection ended without a close frame
        finally:
            with contextlib.suppress(OSError):
                self._socket.shutdown()  # type: ignore[no-untyped-call]
            with self._news:
                self._open = False
                self._news.notify_all()

    def _take(self, frame: str | bytes) -> None:
        if frame == "2":
            self._socket.send("3")
        with self._news:
            self.frames.append(frame)
            prefix = self.namespace + ","
            if isinstance(frame, str) and frame[:1] == "4" and frame[2:].startswith(prefix):
                self._take_packet(frame[1], frame[2 + len(prefix) :])
            self._news.notify_all()

    def _take_packet(self, kind: str, rest: str) -> None:
        digits = "".join(itertools.takewhile(str.isdigit, rest))
        data = json.loads(rest[len(digits) :] or "null")
        if kind in "04":
            self._answer = data
        elif kind == "1":
            self._disconnected = True
        elif kind == "2":
            self.received.append((data[0], data[1] if len(data) > 1 else {}))
        elif kind == "3":
            self._acks[int(digits)] = data[0] if data else None


def _has(payload: Payload, fields: Payload) -> bool:
    """Whether the payload has all these fields with these values; a dict as a value is looked into likewise."""
    return all(
        _has(payload[name], value)
        if isinstance(value, dict) and isinstance(payload.get(name), dict)
        else name in payload and payload[name] == value
        for name, value in fields.items()
    )


def _unix_socket(path: str) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX)
    opened.connect(path)
    return opened
