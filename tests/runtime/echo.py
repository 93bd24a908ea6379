"""A small Flask-SocketIO application whose sids carry the worker's name, for tests of all that lies below the real one."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request
from flask_socketio import SocketIO

from chatapp import runtime
from chatapp.config import Settings, SettingsError
from chatapp.runtime import connection, status, watchdog


class Chat:
    """What a worker asks of an application when it stops."""

    def __init__(self, worker: str, engine: Any) -> None:
        self.worker, self.engine = worker, engine

    def drain(self, deadline: float) -> None:
        print(f"{self.worker} drains, {deadline - time.monotonic():.0f} s left", flush=True)
        for each in list(self.engine.sockets.values()):
            each.close(wait=False)

    def close(self, deadline: float) -> None:
        print(f"{self.worker} closes", flush=True)


def create_app(settings: Settings, *, worker: str) -> Flask:
    # The process is the test's own: its patience may be shorter.
    if "FILES" in os.environ:
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(os.environ["FILES"]),) * 2)
    connection.HEAD_SECONDS = float(os.environ.get("HEAD_SECONDS", connection.HEAD_SECONDS))
    if "IMPATIENT" in os.environ:
        watchdog.STACKS_AFTER_SECONDS = 1.5
        watchdog.DEATH_AFTER_SECONDS = 3.0

    app = Flask(__name__)
    socketio = SocketIO(app, async_mode=settings.runtime)
    engine = socketio.server.eio
    random_id = engine.generate_id
    engine.generate_id = lambda: f"{worker}-{random_id()}"

    @socketio.on("echo")
    def echo(text: str) -> dict[str, str]:
        return {"text": text, "worker": worker}

    @app.get("/who")
    def who() -> dict[str, Any]:
        return {
            "worker": worker,
            "pid": os.getpid(),
            "address": request.remote_addr,
            "scheme": request.scheme,
            "passed": app.extensions["chatapp.handover"].passed,
        }

    @app.get("/readyz")
    def readyz() -> tuple[Any, int]:
        ready = status.all_ready()
        return jsonify(all=ready, any=status.any_ready()), 200 if ready else 503

    @app.post("/size")
    def size() -> str:
        return str(len(request.get_data()))

    @app.get("/slow/<float:seconds>")
    def slow(seconds: float) -> str:
        print("a slow request begins", flush=True)
        runtime.sleep(seconds)
        return "finished"

    @app.get("/stand-still/<float:seconds>")
    def stand_still(seconds: float) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
        return "moving again"

    app.extensions["chatapp"] = Chat(worker, engine)
    return app


def broken(settings: Settings, *, worker: str) -> Flask:
    raise RuntimeError("this application never starts")


def dawdling(settings: Settings, *, worker: str) -> Flask:
    print("begins", flush=True)
    time.sleep(60)
    return create_app(settings, worker=worker)


def dependent(settings: Settings, *, worker: str) -> Flask:
    if Path(os.environ["OBSTACLE"]).exists():
        raise RuntimeError("what this application needs is away")
    return create_app(settings, worker=worker)


def refused(settings: Settings, *, worker: str) -> Flask:
    raise SettingsError("SOME_SETTING is of no use.")
