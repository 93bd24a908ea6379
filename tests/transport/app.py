"""A chat of four events without accounts or storage: what the tests of the transport run against.

`/chat` is typed; `/stock` is a plain namespace of the library, with binary events.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import flask_socketio
import msgspec
from flask import Flask
from msgspec import Struct

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.realtime import frames
from chatapp.realtime.connection import Connection
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.namespace import Identity, TypedNamespace, on
from chatapp.realtime.overrides import PING_INTERVAL_S, PING_TIMEOUT_S, install
from chatapp.realtime.transport import MAX_MESSAGE


class User(Struct, frozen=True):
    id: str
    name: str
    kind: str = "guest"


class Room(Struct, forbid_unknown_fields=True):
    room: str


class Say(Struct, forbid_unknown_fields=True):
    room: str
    text: str
    droppable: bool = False
    number: int = 0


class Wait(Struct, forbid_unknown_fields=True):
    seconds: float
    text: str = ""


class Nothing(Struct, forbid_unknown_fields=True):
    pass


class Later:
    """A result that comes after a while."""

    def __init__(self, seconds: float, text: str) -> None:
        self.text = text
        self.callbacks: list[Any] = []
        self.event = runtime.Event()
        runtime.call_later(seconds, self.resolve)

    def resolve(self) -> None:
        with runtime.turn:
            self.event.set()
            callbacks, self.callbacks = self.callbacks, []
        for callback in callbacks:
            callback(*self.outcome())

    def outcome(self) -> tuple[Any, Exception | None]:
        if self.text == "refuse":
            return None, ChatError("conflict", "Refused at the commit.")
        if self.text == "break":
            return None, RuntimeError("the disk is on fire")
        return {"text": self.text}, None

    def on_done(self, callback: Any) -> None:
        with runtime.turn:
            if not self.event.is_set():
                self.callbacks.append(callback)
                return
        callback(*self.outcome())

    def wait(self, timeout: float = 10) -> Any:
        assert self.event.wait(timeout)
        result, error = self.outcome()
        if error is not None:
            raise error
        return result


class Chat(TypedNamespace):
    def __init__(self, fanout: Fanout) -> None:
        super().__init__(fanout)
        self.ended: list[str] = []
        self.order: list[int] = []
        self.held: defaultdict[str, runtime.Event] = defaultdict(runtime.Event)
        self.most_pending = 0  # answers of one connection that waited at the same time

    def authenticate(self, environ: dict[str, Any], auth: dict[str, Any] | None) -> Identity:
        name = (auth or {}).get("token", "nobody")
        if name == "forged":
            raise ChatError("unauthenticated", "That token is not known.")
        if name == "broken":
            raise RuntimeError("the database is on fire")
        return Identity(User(name, name), f"session-{name}")

    def opened(self, conn: Connection) -> None:
        self.enter(conn, f"user:{conn.user.id}")
        hello = msgspec.json.encode({"user": conn.user, "sid": conn.sid})
        self.fanout.send_to(conn, frames.event("hello", hello))

    def closed(self, conn: Connection) -> None:
        self.ended.append(conn.user.id)

    def allow(self, conn: Connection, event: str, weight: int) -> None:
        if conn.user.id == "flooder":
            raise ChatError("rate_limited", "Not so fast.", retry_after=1.5)

    @on("join", Room)
    def on_join(self, conn: Connection, join: Room) -> dict[str, Any]:
        self.enter(conn, f"room:{join.room}")
        return {"room": join.room, "count": self.fanout.count(f"room:{join.room}")}

    @on("leave", Room)
    def on_leave(self, conn: Connection, leave: Room) -> None:
        self.leave(conn, f"room:{leave.room}")

    @on("message", Say)
    def on_message(self, conn: Connection, say: Say) -> Say:
        self.most_pending = max(self.most_pending, len(conn.pending or ()))
        self.fanout.send(
            f"room:{say.room}",
            frames.event("message", msgspec.json.encode(say)),
            droppable=say.droppable,
        )
        return say

    @on("typing", Room)
    def on_typing(self, conn: Connection, typing: Room) -> None:
        packet = frames.event("typing", msgspec.json.encode({"user": conn.user.id}))
        self.fanout.send(f"room:{typing.room}", packet, droppable=True, except_user=conn.user.id)

    @on("write", Wait)
    def on_write(self, conn: Connection, wait: Wait) -> Later:
        return Later(wait.seconds, wait.text)

    @on("look", Nothing, reads=True)
    def on_look(self, conn: Connection, look: Nothing) -> bytes:
        return b'{"looked":true}'

    @on("slow", Wait)
    def on_slow(self, conn: Connection, wait: Wait) -> dict[str, Any]:
        runtime.sleep(wait.seconds)
        return {"text": wait.text}

    @on("hold", Room)
    def on_hold(self, conn: Connection, hold: Room) -> None:
        assert self.held[hold.room].wait(20)

    @on("let_go", Room)
    def on_let_go(self, conn: Connection, let_go: Room) -> None:
        self.held[let_go.room].set()

    @on("fault", Nothing)
    def on_fault(self, conn: Connection, fault: Nothing) -> None:
        raise RuntimeError("a handler on fire")

    @on("flood", Say)
    def on_flood(self, conn: Connection, flood: Say) -> None:
        """`number` messages to the room from one handler, a few in each turn of the loop."""
        for number in range(flood.number):
            say = Say(flood.room, flood.text, flood.droppable, number)
            self.on_message(conn, say)
            if number % 16 == 15:
                runtime.sleep(0)

    @on("send_away", Nothing)
    def on_send_away(self, conn: Connection, nothing: Nothing) -> None:
        self.end(conn)

    @on("close_me", Nothing)
    def on_close_me(self, conn: Connection, nothing: Nothing) -> None:
        self.fanout.close(conn, "restart", 2.5)


class Goodbye:
    """What a worker asks of its application when it stops."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat

    def drain(self, deadline: float) -> None:
        for conn in self.chat.fanout.everyone():
            self.chat.fanout.close(conn, "restart", 0.5)

    def close(self, deadline: float) -> None:
        """Nothing is stored."""


def same_owner(first: Any, now: Any) -> bool:
    return first.get("HTTP_COOKIE") == now.get("HTTP_COOKIE")


def admit(environ: Any, unjoined: int) -> None:
    if environ.get("HTTP_X_FLOOD"):
        raise ChatError("rate_limited", "Too many connections from your address.")


class Stock(flask_socketio.Namespace):
    def on_connect(self, auth: Any) -> None:
        self.auth = auth

    def on_echo(self, *args: Any) -> Any:
        self.emit("echoed", args[0])
        return args


def create_app(settings: Any = None, worker: str = "") -> Flask:
    """TEST_PING, TEST_PONG, TEST_CONNECT: the time limits of a session, in seconds."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "test"
    fanout = Fanout()
    extension = flask_socketio.SocketIO()
    server = install(
        extension,
        app,
        fanout=fanout,
        worker=worker,
        same_owner=same_owner,
        admit=admit,
        ping_interval=float(os.environ.get("TEST_PING", PING_INTERVAL_S)),
        ping_timeout=float(os.environ.get("TEST_PONG", PING_TIMEOUT_S)),
        connect_timeout=float(os.environ.get("TEST_CONNECT", "10")),
    )
    chat = Chat(fanout)
    extension.on_namespace(chat)
    extension.on_namespace(Stock("/stock"))
    app.extensions["test"] = (chat, server, fanout)
    app.extensions["chatapp"] = Goodbye(chat)

    @app.get("/state")
    def state() -> dict[str, Any]:
        """What a leak would show in: every table that holds something for a client."""
        manager = server.manager
        return {
            "sessions": len(server.eio.sockets),
            "environs": len(server.environ),
            "binary": len(server._binary_packet),
            "connections": len(fanout.everyone()),
            "conns": len(chat._conns),
            "rooms": sorted(str(room) for room in manager.rooms.get("/chat", {}) if room),
            "ended": chat.ended,
            "most_pending": chat.most_pending,
            "distrusted": sum(session._distrusted for session in server.eio.sockets.values()),
            "rss": _rss(),
            "limit": MAX_MESSAGE,
        }

    return app


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
