"""A stock Socket.IO server to try the test client against: `python -m tests.house.echo_server PORT`."""

from __future__ import annotations

import sys
from typing import Any

import socketio
from werkzeug.serving import run_simple

server = socketio.Server(async_mode="threading", cors_allowed_origins="*")


@server.on("connect", namespace="/chat")
def connect(sid: str, environ: dict[str, Any], auth: dict[str, Any]) -> None:
    if auth.get("token") != "good":
        raise socketio.exceptions.ConnectionRefusedError("no", {"code": "unauthenticated"})
    server.emit("hello", {"user": {"name": "Alice"}}, to=sid, namespace="/chat")


@server.on("echo", namespace="/chat")
def echo(sid: str, payload: Any) -> dict[str, Any]:
    server.emit("echoed", payload, namespace="/chat")
    return {"ok": True, "payload": payload}


@server.on("fail", namespace="/chat")
def fail(sid: str, payload: Any) -> dict[str, Any]:
    return {"ok": False, "error": {"code": "forbidden"}}


@server.on("leave", namespace="/chat")
def leave(sid: str, payload: Any) -> None:
    server.disconnect(sid, namespace="/chat")


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), socketio.WSGIApp(server), threaded=True)
