"""The server under attack, the list of checks, and how a check is written.

    @row(7, off={"sid_belongs_to_its_opener": "was served"})
    def a_foreign_sid(world: World) -> None: …

declares that the check belongs to line 7 of the table, and that it fails, saying so, when that defence is off.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import psutil

from tests.support.client import Client, Payload
from tests.support.server import Server
from tests.transport.wire import Wire

from .lines import POLLING, WEBSOCKET, PollingLine, Talk, WebSocketLine

MB_20 = 20 << 20
CSRF = {"X-Chatapp-Csrf": "1"}

Check = Callable[..., None]


class Row(NamedTuple):
    """A check of one line of the table. `transport`: which one, if it is done on both."""

    number: int
    check: Check
    transport: str | None
    off: dict[str, str]
    fault: str | None
    everywhere: bool

    def run(self, world: World) -> None:
        if self.transport is None:
            self.check(world)
        else:
            self.check(world, self.transport)

    def __str__(self) -> str:
        via = f"-{self.transport}" if self.transport else ""
        return f"{self.number}-{self.check.__name__}{via}"


ROWS: list[Row] = []


def row(
    number: int,
    *,
    both: bool = False,
    off: dict[str, str] | None = None,
    fault: str | None = None,
    everywhere: bool = False,
) -> Callable[[Check], Check]:
    """`both`: on each transport. `off`: by switch of weakened.py, what the failure then says. `fault`: the check needs
    this switch to be on, so it is made on the server with switches only. `everywhere`: on several workers too."""

    def declare(check: Check) -> Check:
        ROWS.extend(
            Row(number, check, transport, off or {}, fault, everywhere)
            for transport in ((WEBSOCKET, POLLING) if both else (None,))
        )
        return check

    return declare


class World:
    """A running server as an attacker sees it. `patience`: seconds until nothing will come any more."""

    def __init__(self, server: Server, patience: float = 20) -> None:
        self.server = server
        self.patience = patience
        self.room = f"room-{uuid.uuid4().hex[:12]}"
        self._lines: list[Any] = []

    @property
    def origin(self) -> str:
        """Of the server's own pages."""
        return f"http://127.0.0.1:{self.server.port}"

    def guest(self, name: str) -> Payload:
        return self.server.guest(name)

    def connect(self, name: str | None = None, *, token: str | None = None, **more: Any) -> Client:
        client = self.server.connect(name, token=token, timeout=self.patience, **more)
        self._lines.append(client)
        return client

    def http(self, method: str, path: str, json: Any = None, **more: Any) -> Any:
        return self.server.http(method, f"/api/v1{path}", json, **more)

    def line(self, transport: str, headers: dict[str, str] | None = None) -> Talk:
        """A transport of one's own, nobody yet."""
        kind = WebSocketLine if transport == WEBSOCKET else PollingLine
        line = kind(self.server.port, self.patience, headers or {})
        self._lines.append(line)
        return Talk(line)

    def talk(self, transport: str, name: str) -> Talk:
        """A new guest of this name over a transport."""
        return self.line(transport).enter(self.guest(name)["token"])

    def wire(self, headers: str = "", sid: str | None = None) -> Wire:
        wire = Wire(self.server.port, headers=headers, sid=sid)
        wire.sock.settimeout(self.patience)
        self._lines.append(wire)
        return wire

    def private_room(self, owner: Payload) -> str:
        """A room that only its owner may know of."""
        slug = f"private-{uuid.uuid4().hex[:12]}"
        made = self.http("POST", "/rooms", {"slug": slug, "private": True}, token=owner["token"])
        assert made.status_code == 201, made.text
        return slug

    def memory(self) -> int:
        """Bytes that the workers hold."""
        return sum(psutil.Process(pid).memory_info().rss for pid in self.server.worker_pids())

    def close(self) -> None:
        while self._lines:
            self._lines.pop().close()


def code(answer: Any) -> str:
    """The code of a refused HTTP request."""
    assert answer.status_code >= 400, f"was answered {answer.status_code}: {answer.text[:200]}"
    found: str = answer.json()["error"]["code"]
    return found
