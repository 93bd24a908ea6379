"""One client by hand, the same over both transports: it says packets and waits for answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any, Protocol

from tests.transport.wire import CLOSE, TEXT, Polling, Wire, frame

WEBSOCKET, POLLING = "websocket", "polling"


class Line(Protocol):
    """A transport that has just been opened."""

    def say(self, *packets: str) -> None:
        """Send Engine.IO packets."""

    def packets(self) -> Iterator[str]:
        """What comes, until the end; AssertionError when nothing comes for too long."""

    def close(self) -> None: ...


class WebSocketLine:
    """Over a WebSocket."""

    def __init__(self, port: int, patience: float, headers: dict[str, str]) -> None:
        text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.wire = Wire(port, headers=text)
        assert self.wire.status == 101, f"the handshake was answered {self.wire.status}"
        self.wire.sock.settimeout(patience)

    def say(self, *packets: str) -> None:
        with contextlib.suppress(ConnectionError):
            self.wire.send(*(frame(TEXT, packet.encode()) for packet in packets))

    def packets(self) -> Iterator[str]:
        try:
            while True:
                opcode, payload = self.wire.next_frame()
                if opcode == CLOSE:
                    return
                if payload == b"2":
                    self.say("3")
                elif opcode == TEXT:
                    yield payload.decode()
        except TimeoutError:
            raise AssertionError("nothing came, and it was not closed") from None
        except (EOFError, ConnectionError):
            return

    def close(self) -> None:
        self.wire.close()


class PollingLine:
    """Over long-polling."""

    def __init__(self, port: int, patience: float, headers: dict[str, str]) -> None:
        self.session = Polling(port, headers)
        self.patience = patience
        self.refused = False

    def say(self, *packets: str) -> None:
        self.refused = self.session.post(*packets) != 200

    def packets(self) -> Iterator[str]:
        while True:
            try:
                status, text = self._poll()
            except TimeoutError:
                raise AssertionError("nothing came, and it was not closed") from None
            if status != 200:
                return
            for packet in text.split("\x1e"):
                if packet == "2":
                    self.session.post("3")
                elif packet == "1":
                    return
                elif packet != "6":
                    yield packet

    def _poll(self) -> tuple[int, str]:
        import http.client

        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.session.port, timeout=self.patience)
        ) as connection:
            path = f"/socket.io/?EIO=4&transport=polling&sid={self.session.sid}"
            connection.request("GET", path, headers=self.session.headers)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.session.close()


class Talk:
    """A client of /chat on a line: comes in, calls events by their raw text."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._came = line.packets()
        self.user: dict[str, Any] = {}

    def connect(self, auth: str = "") -> str:
        """CONNECT with this text as `auth`; the answer's packet."""
        self.line.say(f"40/chat,{auth}")
        return self.until("40/chat,", "44/chat,")

    def enter(self, token: str) -> Talk:
        answer = self.connect(json.dumps({"token": token}))
        assert answer.startswith("40"), f"was not let in: {answer}"
        hello = self.until('42/chat,["hello"')
        self.user = json.loads(hello[8:])[1]["user"]
        return self

    def until(self, *beginnings: str) -> str:
        """The next packet that begins with one of these."""
        for packet in self._came:
            if packet.startswith(beginnings):
                return packet
        raise AssertionError(f"the connection ended before {beginnings}")

    def ack(self, number: int) -> Any:
        packet = self.until(f"43/chat,{number}[")
        return json.loads(packet[len(f"43/chat,{number}") :])[0]

    def ack_or_end(self, number: int) -> Any:
        """The answer, or None if the connection ends first. AssertionError when neither comes."""
        beginning = f"43/chat,{number}["
        for packet in self._came:
            if packet.startswith(beginning):
                return json.loads(packet[len(beginning) - 1 :])[0]
        return None

    def call(self, event: str, payload: Any, number: int = 1) -> Any:
        return self.raw(number, json.dumps([event, payload]))

    def raw(self, number: int, text: str) -> Any:
        """The ack of an event written by hand: the text behind the ack id."""
        self.line.say(f"42/chat,{number}{text}")
        return self.ack(number)

    def code(self, number: int, text: str) -> str:
        """As raw(), which must be refused; the code."""
        answer = self.raw(number, text)
        assert answer["ok"] is False, f"was taken: {text[:100]}"
        code: str = answer["error"]["code"]
        return code

    def is_kept(self) -> None:
        """It still answers."""
        answer = self.call("leave", {"room": "nowhere-at-all"}, 999)
        assert answer["error"]["code"] == "not_found", answer

    def is_closed(self) -> None:
        """It ends, whatever else comes."""
        if getattr(self.line, "refused", False):
            return
        for _packet in self._came:
            pass
