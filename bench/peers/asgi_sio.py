"""The same chat on python-socketio's own ASGI server: rooms and nothing else, no sign-in, nothing stored."""

import socketio

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
app = socketio.ASGIApp(sio)


@sio.event
async def join(sid, data):
    await sio.enter_room(sid, data["room"])
    return {"ok": True}


@sio.event
async def message(sid, data):
    await sio.emit("message", data, to=data["room"])
    return {"ok": True}
