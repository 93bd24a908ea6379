"""The two transports by hand: WebSocket frames as a client writes them, and long-polling requests."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import struct
from typing import Any

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0


def masked(data: bytes, key: bytes) -> bytes:
    """RFC 6455, 5.3, letter by letter."""
    return bytes(byte ^ key[index % 4] for index, byte in enumerate(data))


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    final: bool = True,
    key: bytes | None = b"\x0a\x0b\x0c\x0d",
    reserved: int = 0,
    length: int | None = None,
) -> bytes:
    """A client's frame. `key` None leaves it unmasked; `length` lies about its size."""
    size = len(payload) if length is None else length
    first = (0x80 if final else 0) | reserved << 4 | opcode
    mask = 0x80 if key is not None else 0
    if size < 126:
        head = bytes((first, mask | size))
    elif size < 65536:
        head = bytes((first, mask | 126)) + struct.pack("!H", size)
    else:
        head = bytes((first, mask | 127)) + struct.pack("!Q", size)
    return head + (key + masked(payload, key) if key is not None else payload)


class Wire:
    """A WebSocket without manners: it sends what it is told, and reads frame by frame."""

    def __init__(
        self,
        port: int,
        *,
        sid: str | None = None,
        headers: str = "",
        path: str = "/socket.io/?EIO=4&transport=websocket",
    ) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        path += f"&sid={sid}" if sid else ""
        self.sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Version: 13\r\n{headers}\r\n".encode()
        )
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        self.head = head.decode()
        self.status = int(self.head.split()[1])

    def send(self, *frames: bytes) -> None:
        self.sock.sendall(b"".join(frames))

    def say(self, *texts: str) -> None:
        """Text frames, all in one segment."""
        self.send(*(frame(TEXT, text.encode()) for text in texts))

    def next_frame(self) -> tuple[int, bytes]:
        """(opcode, payload); EOFError at the end of the connection."""
        while True:
            if len(self._buffer) >= 2:
                head, size = 2, self._buffer[1] & 127
                assert not self._buffer[1] & 128, "a server does not mask"
                if size > 125:
                    wide = 2 if size == 126 else 8
                    head += wide
                    size = int.from_bytes(self._buffer[2:head]) if len(self._buffer) >= head else 0
                if len(self._buffer) >= head + size:
                    first, payload = self._buffer[0], self._buffer[head : head + size]
                    self._buffer = self._buffer[head + size :]
                    assert first & 0xF0 == 0x80, "a server's frame is whole, without extensions"
                    return first & 15, payload
            self._more()

    def next_text(self) -> str:
        """The next text frame that is not an Engine.IO ping, which is answered."""
        while True:
            opcode, payload = self.next_frame()
            if opcode == TEXT and payload != b"2":
                return payload.decode()
            if opcode == TEXT:
                self.say("3")
            elif opcode == CLOSE:
                raise EOFError(f"closed with {struct.unpack('!H', payload[:2])[0]}")

    def until(self, prefix: str) -> str:
        """The next text that begins so."""
        while not (text := self.next_text()).startswith(prefix):
            pass
        return text

    def enter(self, token: str = "alice") -> Wire:
        """Come in to /chat."""
        self.say(f'40/chat,{{"token":"{token}"}}')
        self.until('42/chat,["hello"')
        return self

    def close_code(self) -> int | None:
        """Read on until the server closes; the code, or None for an end without one. Then close as well."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                opcode, payload = self.next_frame()
                if opcode == CLOSE:
                    self.close()
                    code: int = struct.unpack("!H", payload[:2])[0]
                    return code
        return None

    def is_cut(self) -> None:
        """Read on until the TCP connection ends, without ever closing it here."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                self.next_frame()

    def close(self) -> None:
        self.sock.close()

    def _more(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the server closed")
        self._buffer += data


class Polling:
    """A session over long-polling. `headers` go with every request."""

    def __init__(
        self, port: int, headers: dict[str, str] | None = None, path: str = "/socket.io/"
    ) -> None:
        self.port = port
        self.path = path
        self.headers = headers or {}
        status, text = self.request("GET", "")
        assert status == 200, text
        self.offer: dict[str, Any] = json.loads(text[1:])
        self.sid: str = self.offer["sid"]

    def request(
        self,
        method: str,
        more: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, str]:
        """Status and text of an answer."""
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        ) as connection:
            connection.request(
                method,
                f"{self.path}?EIO=4&transport=polling{more}",
                body=body,
                headers={**self.headers, **(headers or {})},
            )
            response = connection.getresponse()
            return response.status, response.read().decode()

    def post(self, *packets: str, headers: dict[str, str] | None = None) -> int:
        """Send packets; the status."""
        body = "\x1e".join(packets).encode()
        return self.request("POST", f"&sid={self.sid}", body, headers)[0]

    def poll(self) -> list[str]:
        """Wait for packets; pings are answered and left out. AssertionError if the session is gone."""
        status, text = self.request("GET", f"&sid={self.sid}")
        assert status == 200, (status, text)
        packets = text.split("\x1e") if text else []
        if "2" in packets:
            self.post("3")
        return [packet for packet in packets if packet != "2"]

    def until(self, prefix: str) -> list[str]:
        """Poll until a packet begins so; all packets up to the end of that poll."""
        packets: list[str] = []
        while not any(packet.startswith(prefix) for packet in packets):
            packets += self.poll()
        return packets

    def enter(self, token: str = "alice") -> Polling:
        """Come in to /chat."""
        assert self.post(f'40/chat,{{"token":"{token}"}}') == 200
        self.until('42/chat,["hello"')
        return self

    def close(self) -> None:
        """Leave."""
        self.post("1")

    def is_gone(self) -> bool:
        """Whether the server has forgotten the session."""
        return self.request("POST", f"&sid={self.sid}", b"6")[0] == 400


def random_key() -> bytes:
    return os.urandom(4)
