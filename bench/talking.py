"""A client of the product by hand, that times what it asks: for what the generator cannot say."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from itertools import count
from typing import Any

import websocket

_TIMEOUT_S = 60


class Talker:
    """Somebody on /chat. `token` is of a session."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._ids = count(1)
        self._socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket", timeout=_TIMEOUT_S
        )
        self._socket.send(f'40/chat,{{"token":"{token}"}}')
        self._until("40/chat")

    def ask(self, event: str, **payload: Any) -> tuple[dict[str, Any], float]:
        """An event's ack, and how long it took in ms. RuntimeError for a refusal."""
        number = next(self._ids)
        text = f"42/chat,{number}{json.dumps([event, payload])}"
        started = time.perf_counter()
        self._socket.send(text)
        answer = self._until(f"43/chat,{number}[")
        took = (time.perf_counter() - started) * 1000
        (ack,) = json.loads(answer[answer.index("[") :])
        if not ack["ok"]:
            raise RuntimeError(str(ack["error"]))
        return ack, took

    def search(self, words: str, room: str) -> tuple[dict[str, Any], float]:
        """What is found, and how long it took in ms."""
        query = urllib.parse.urlencode({"q": words, "room": room})
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/api/v1/search?{query}",
            headers={"Authorization": f"Bearer {self._token}"},
        )
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            text = answer.read()
        return json.loads(text), (time.perf_counter() - started) * 1000

    def count_deltas(self, within: float) -> int:
        """Read an assistant's answer to its end; how many pieces came."""
        pieces = 0
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            text = self._next()
            if text.startswith('42/chat,["message_delta"'):
                pieces += 1
            elif '"status":"done"' in text:
                return pieces
        raise TimeoutError("the answer did not end")

    def until(self, event: str) -> None:
        """Wait for an event by the beginning of its frame, such as `["message_delta"`."""
        self._until(f"42/chat,{event}")

    def until_done(self) -> None:
        """Wait for the end of an answer."""
        while '"status":"done"' not in self._next():
            pass

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _until(self, beginning: str) -> str:
        while not (text := self._next()).startswith(beginning):
            pass
        return text

    def _next(self) -> str:
        while (text := self._socket.recv()) == "2":
            self._socket.send("3")
        if not isinstance(text, str) or not text:
            raise ConnectionError("the server closed")
        return text
