"""One way to drive three clients that have nothing in common: a raw WebSocket, python-socketio, socket.io-client in Node."""

from __future__ import annotations

import json
from typing import Any, Protocol
from urllib.request import Request, urlopen

import socketio

from tests.support.client import NAMESPACE, Client, Payload
from tests.support.node import FRONTEND, Node

PATIENCE_S = 20


class Caller(Protocol):
    """A client without any memory of rooms: what it resumes from is kept by the test."""

    def connect(self, url: str, token: str) -> None: ...

    def call(self, event: str, payload: Payload) -> Payload:
        """The ack."""

    def fire(self, event: str, payload: Payload) -> None:
        """Send and do not look at the ack."""

    def cut(self) -> None:
        """The connection goes without a word to the application."""

    def events(self) -> list[tuple[str, Payload]]:
        """What came over the present connection."""


class Raw:
    """The protocol by hand, over a WebSocket."""

    _client: Client

    def connect(self, url: str, token: str) -> None:
        self._client = Client(url, {"token": token}, timeout=PATIENCE_S)

    def call(self, event: str, payload: Payload) -> Payload:
        ack: Payload = self._client.call(event, payload)
        return ack

    def fire(self, event: str, payload: Payload) -> None:
        self._client.request(event, payload)

    def cut(self) -> None:
        self._client.cut()

    def events(self) -> list[tuple[str, Payload]]:
        return list(self._client.received)


class PythonSocketIO:
    """python-socketio with its default options, but for reconnecting by itself."""

    _client: socketio.Client

    def connect(self, url: str, token: str) -> None:
        self._events: list[tuple[str, Payload]] = []
        self._client = socketio.Client(reconnection=False)
        self._client.on("*", self._heard, namespace=NAMESPACE)
        self._client.connect(
            url, auth={"token": token}, namespaces=[NAMESPACE], wait_timeout=PATIENCE_S
        )

    def _heard(self, event: str, payload: Payload) -> None:
        self._events.append((event, payload))

    def call(self, event: str, payload: Payload) -> Payload:
        ack: Payload = self._client.call(event, payload, namespace=NAMESPACE, timeout=PATIENCE_S)
        return ack

    def fire(self, event: str, payload: Payload) -> None:
        self._client.emit(event, payload, namespace=NAMESPACE, callback=lambda _: None)

    def cut(self) -> None:
        engine = self._client.eio
        if engine.ws is not None:
            engine.ws.shutdown()
        engine.disconnect(abort=True)
        if engine.http is not None:
            engine.http.close()

    def events(self) -> list[tuple[str, Payload]]:
        return list(self._events)


class NodeSocketIO:
    """socket.io-client with its default options, but for reconnecting by itself."""

    def __init__(self, node: Node) -> None:
        script = node.start(FRONTEND / "test" / "live" / "driven.mjs")
        self._url = f"http://127.0.0.1:{script.says(within=PATIENCE_S)['port']}"

    def _do(self, act: str, **fields: Any) -> Any:
        request = Request(f"{self._url}/{act}", json.dumps(fields).encode(), method="POST")
        with urlopen(request, timeout=2 * PATIENCE_S) as answer:
            return json.load(answer)

    def connect(self, url: str, token: str) -> None:
        self._do("connect", url=url, token=token)

    def call(self, event: str, payload: Payload) -> Payload:
        ack: Payload = self._do("call", event=event, payload=payload)
        return ack

    def fire(self, event: str, payload: Payload) -> None:
        self._do("fire", event=event, payload=payload)

    def cut(self) -> None:
        self._do("cut")

    def events(self) -> list[tuple[str, Payload]]:
        return [(name, payload) for name, payload in self._do("events")]
