"""Somebody who goes on sending through every fault, as the product's own client does, and keeps a record of it."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from websocket import WebSocketException

from .client import Client, RefusedError
from .server import Server

MESSAGES = {"message", "message_changed"}
RETRYABLE = {"overloaded", "unavailable", "rate_limited"}
PAUSE_S = 0.2


@dataclass
class Sent:
    """What became of one message: `acked` is what the server answered, None while that is unknown."""

    client_id: str
    body: str
    acked: dict[str, Any] | None = None


@dataclass
class Sender:
    """A person in a room. `run()` sends until `stop` is set, each message until it is acknowledged."""

    server: Server
    room: str
    name: str
    stop: threading.Event
    sent: list[Sent] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(
        default_factory=list
    )  # refusals that a client may not repeat
    reconnections: int = 0
    client: Client | None = None
    epoch: str = ""
    number: int = 0  # all up to here is in the state
    state: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # the timeline, folded: id -> message

    def __post_init__(self) -> None:
        self._followed = 0
        self.token: str = self.server.guest(self.name)["token"]
        self._thread = threading.Thread(target=self.run, name=self.name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self, timeout: float) -> None:
        """Wait until everything that was begun is acknowledged."""
        self._thread.join(timeout)
        assert not self._thread.is_alive(), f"{self.name} still waits for an ack"

    def run(self) -> None:
        while not self.stop.is_set():
            message = Sent(uuid.uuid4().hex, f"{self.name} {len(self.sent)}")
            self.sent.append(message)
            self.deliver(message)

    def deliver(self, message: Sent) -> None:
        """Send until there is an answer, over as many connections as it takes."""
        payload = {"room": self.room, "client_id": message.client_id, "body": message.body}
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                ack = self.connected().call("message", payload, timeout=5)
            except (AssertionError, OSError, RefusedError, WebSocketException) as error:
                if not self._lost(error):
                    raise
                continue
            if ack["ok"]:
                message.acked = ack["message"]
                return
            if ack["error"]["code"] not in RETRYABLE:
                self.failed.append(ack["error"])
                return
            time.sleep(ack["error"].get("retry_after") or PAUSE_S)

    def connected(self) -> Client:
        """The connection, joined; a new one if the last is gone, which asks for what it missed."""
        if self.client is not None and self.client.is_open:
            return self.client
        self._follow()
        self.reconnections += self.client is not None
        self.client = client = Client(self.server.url, {"token": self.token}, timeout=5)
        self._followed = 0
        reply = client.join(
            self.room, **({"since": self.number, "epoch": self.epoch} if self.epoch else {})
        )
        assert "refetch" not in reply, "what was missed fits into one answer"
        self.epoch, self.number = reply["room"]["epoch"], reply["room"]["seq"]
        for message in reply["messages"]:
            self.state[message["id"]] = message
        return client

    def _follow(self) -> None:
        """Apply the events that came, by the rule of `prev`."""
        if self.client is None:
            return
        events = [payload for name, payload in self.client.received if name in MESSAGES]
        for message in events[self._followed :]:
            if message["changed_seq"] > self.number:
                assert message["prev"] <= self.number, f"{self.name}: a hole before {message}"
                self.state[message["id"]] = message
                self.number = message["changed_seq"]
        self._followed = len(events)

    def timeline(self) -> list[tuple[int, str]]:
        """(place, text) of every message that this person has on the screen."""
        self._follow()
        return sorted((message["seq"], message["body"]) for message in self.state.values())

    def _lost(self, error: Exception) -> bool:
        if self.client is not None:
            self.client.cut()
        time.sleep(PAUSE_S)
        return not isinstance(error, RefusedError) or error.data.get("code") in RETRYABLE
