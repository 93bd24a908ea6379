"""`python -m tests.faults.python_clients`: python-socketio clients that come back by themselves, as docs/mobile.md says.

Speaks as frontend/test/live/spread.live.ts does: CHAT_URL, TOKENS (with commas) and ROUNDS; prints {"stand": n} when all are there, and
when each was lost and is back {"back": n, "waits": ms from each one's loss to its attempts}.
"""

from __future__ import annotations

import json
import os
import threading
import time

import socketio

NAMESPACE = "/chat"
PATIENCE_S = 120


class Patient(socketio.Client):  # type: ignore[misc]
    """Notes when it tries."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(reconnection_delay=2.5, randomization_factor=1.5)
        self.begin()
        self.on("disconnect", self._lost, namespace=NAMESPACE)
        self.on("connect", self._came, namespace=NAMESPACE)
        self.connect(url, auth={"token": token}, namespaces=[NAMESPACE], wait_timeout=30)

    def begin(self) -> None:
        self.lost_at = 0.0
        self.waits: list[float] = []
        self.back = threading.Event()

    def connect(self, *args: object, **more: object) -> None:
        if self.lost_at:
            self.waits.append((time.monotonic() - self.lost_at) * 1000)
        super().connect(*args, **more)

    def _lost(self, *_: object) -> None:
        self.lost_at = self.lost_at or time.monotonic()

    def _came(self) -> None:
        if self.lost_at:
            self.back.set()


def main() -> None:
    """Be there, and come back as often as ROUNDS says."""
    url, tokens = os.environ["CHAT_URL"], os.environ["TOKENS"].split(",")
    everybody = [Patient(url, token) for token in tokens]
    for number in range(1, int(os.environ["ROUNDS"]) + 1):
        for each in everybody:
            each.begin()
        print(json.dumps({"stand": number}), flush=True)
        assert all(each.back.wait(PATIENCE_S) for each in everybody)
        print(json.dumps({"back": number, "waits": [each.waits for each in everybody]}), flush=True)
    os._exit(0)  # its threads would reconnect for ever


if __name__ == "__main__":
    main()
