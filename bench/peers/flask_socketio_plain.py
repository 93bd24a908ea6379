"""The same chat on Flask-SocketIO with eventlet, as its documentation shows it. Nothing is stored."""

import sys

import eventlet

eventlet.monkey_patch()

from flask import Flask  # noqa: E402
from flask_socketio import SocketIO, emit, join_room  # noqa: E402

app = Flask(__name__)
app.config["SECRET_KEY"] = "bench"
sio = SocketIO(app, async_mode="eventlet", cors_allowed_origins="*")


@sio.on("join")
def join(data):
    join_room(data["room"])
    return {"ok": True}


@sio.on("message")
def message(data):
    emit("message", data, to=data["room"])
    return {"ok": True}


if __name__ == "__main__":
    sio.run(app, host="127.0.0.1", port=int(sys.argv[1]))
