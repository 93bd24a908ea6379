"""A room as server-sent events: what a socket hears there, for programs that have none."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from flask import Blueprint, Response, request

from chatapp.payloads import Closing
from chatapp.realtime.listener import Heard
from chatapp.services.listening import Hearing, Place
from chatapp.services.people import Session
from chatapp.web.asking import address, chat, signed_in

HEARTBEAT_S = 15.0
RETRY_MS = 2_000

_ID = re.compile(r"([a-z2-7]{1,16}):([0-9]{1,16})")

blueprint = Blueprint("stream", __name__, url_prefix="/api/v1")


@blueprint.get("/rooms/<slug>/stream")
@signed_in
def stream(session: Session, slug: str) -> Response:
    """The room's events as they come. After `Last-Event-ID` exactly what was missed comes first."""
    chat().limits.check("connection", address())
    hearing = Hearing(chat(), session)
    first = hearing.open(slug, _since(request.headers.get("Last-Event-ID", "")))
    response = Response(_lines(hearing, first), mimetype="text/event-stream")
    # The generator's own `finally` is not reached when nobody asks it for a first line.
    response.call_on_close(hearing.close)
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _since(last_event_id: str) -> Place | None:
    """What the client heard last; an id that was never ours is one of a room that was restored since."""
    if not last_event_id:
        return None
    match = _ID.fullmatch(last_event_id)
    return Place(match[1], int(match[2])) if match else Place("", 0)


def _lines(hearing: Hearing, first: list[Heard]) -> Iterator[bytes]:
    yield b"retry: %d\n\n" % RETRY_MS
    events: list[Heard] | None = first
    while events is not None:
        # Something is said now and then: it keeps proxies from closing, and shows when the client is gone.
        yield b"".join(_event(hearing, event) for event in events) or b": \n\n"
        events = hearing.next(HEARTBEAT_S)


def _event(hearing: Hearing, event: Heard) -> bytes:
    """One event of the stream; without a name it only says the place."""
    place = hearing.place(event.number) if event.number is not None else None
    lines = [f"id: {place.epoch}:{place.number}\n".encode()] if place else []
    if event.name == "closing":
        wait = msgspec.json.decode(event.payload, type=Closing).retry_after
        lines.append(b"retry: %d\n" % (wait * 1000))
    if event.name:
        lines += [b"event: %b\n" % event.name.encode(), b"data: %b\n" % event.payload]
    return b"".join([*lines, b"\n"])
