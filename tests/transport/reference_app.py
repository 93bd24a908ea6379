"""The server that the protocol's reference suites expect, on the product's own server classes.

Engine.IO alone under /engine.io/: every message comes back. Socket.IO under /socket.io/, with the namespaces `/` and
`/custom`: who connects is told its `auth`, `message` comes back as `message-back`, `message-with-ack` in its ack.
REFERENCE_PING and REFERENCE_PONG: pingInterval and pingTimeout in seconds.
"""

from __future__ import annotations

import os
from typing import Any

import engineio
import flask_socketio
from flask import Flask

from chatapp import runtime
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.overrides import install
from chatapp.realtime.overrides.engine import EngineServer

MAX_PAYLOAD = 1_000_000
FOR_EVER_S = 3600.0


class Echo(flask_socketio.Namespace):
    def on_connect(self, auth: Any = None) -> None:
        self.emit("auth", auth or {})

    def on_message(self, *args: Any) -> None:
        self.emit("message-back", args)

    def trigger_event(self, event: str, *args: Any) -> Any:
        # A method cannot be named after the event.
        return super().trigger_event(event.replace("message-with-ack", "message_with_ack"), *args)

    def on_message_with_ack(self, *args: Any) -> Any:
        return args


class Nothing:
    """What a worker asks of its application when it stops."""

    def drain(self, deadline: float) -> None:
        """Nobody is told."""

    def close(self, deadline: float) -> None:
        """Nothing is stored."""


def create_app(settings: Any = None, worker: str = "") -> Flask:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "reference"
    terms: dict[str, Any] = {
        "ping_interval": float(os.environ["REFERENCE_PING"]),
        "ping_timeout": float(os.environ["REFERENCE_PONG"]),
        "max_http_buffer_size": MAX_PAYLOAD,
    }
    extension = flask_socketio.SocketIO()
    # The handlers of the suite speak while they connect; python-socketio answers the CONNECT before that only if told to.
    # (/chat needs no telling: its answer always comes first.)
    chat = install(
        extension,
        app,
        fanout=Fanout(),
        worker=worker,
        connect_timeout=60,
        always_connect=True,
        **terms,
    )
    extension.on_namespace(Echo("/"))
    extension.on_namespace(Echo("/custom"))
    app.extensions["chatapp"] = Nothing()

    # Engine.IO knows no namespaces: nobody joins one.
    echo = EngineServer(
        fanout=Fanout(), async_mode=runtime.name(), connect_timeout=FOR_EVER_S, **terms
    )
    echo.on("connect", lambda sid, environ: None)
    echo.on("message", echo.send)
    echo.on("disconnect", lambda sid, reason: None)
    app.wsgi_app = engineio.WSGIApp(echo, app.wsgi_app, engineio_path="engine.io")  # type: ignore[method-assign]

    @app.get("/state")
    def state() -> dict[str, Any]:
        """How many sessions there are, and how many of them wait in a poll."""
        sessions = [*chat.eio.sockets.values(), *echo.sockets.values()]
        return {
            "sessions": len(sessions),
            "polling": sum(session._polling for session in sessions),
        }

    return app
