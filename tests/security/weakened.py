"""The product with switches: POST /weaken/<defence> turns one defence off, /weaken/none turns all on again.

What a switch leaves is what the libraries do by themselves, or the mistake that the defence is there against. A check
that still passes then would prove nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import re
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any

import engineio
import flask
import msgspec
import socketio.packet
from flask import Flask

import chatapp
from chatapp import events
from chatapp.extensions import socketio as extension
from chatapp.payloads import inbound
from chatapp.realtime import acks, frame_reader, namespace
from chatapp.realtime.acks import Acks
from chatapp.realtime.chatter import Chatter
from chatapp.realtime.namespace import Identity, TypedNamespace
from chatapp.realtime.overrides.engine import EngineServer
from chatapp.realtime.overrides.packets import ChatPacket, Garbage
from chatapp.realtime.overrides.session import EngineSocket
from chatapp.runtime import heads
from chatapp.services import credentials, people
from chatapp.services.limits import Limits
from chatapp.services.messages import Messages
from chatapp.services.rooms import Rooms
from chatapp.store import posting, reading
from chatapp.web import asking, forms

Undo = Callable[[], None]
SWITCHES: dict[str, Callable[[], Undo]] = {}


def replaced(owner: Any, **new: Any) -> Undo:
    """Replace attributes, which must be there; the way back."""
    assert all(hasattr(owner, name) for name in new), f"{owner} has not all of {', '.join(new)}"
    own = vars(owner)
    before = {name: own[name] for name in new if name in own}
    for name, value in new.items():
        setattr(owner, name, value)

    def undo() -> None:
        for name in new:
            if name in before:
                setattr(owner, name, before[name])
            else:
                delattr(owner, name)

    return undo


def switch(make: Callable[[], Undo]) -> Callable[[], Undo]:
    """A defence that can be turned off, by the function's name."""
    SWITCHES[make.__name__] = make
    return make


def _eio() -> EngineServer:
    return extension.server.eio  # type: ignore[no-any-return]


# Who comes in


@switch
def origin_check() -> Undo:
    return replaced(_eio(), cors_allowed_origins=[])


@switch
def forwarded_host_ignored() -> Undo:
    """The default of the library: its own host is what X-Forwarded-Host says."""
    undo = replaced(_eio(), cors_allowed_origins=None)
    back = replaced(
        EngineServer, _cors_allowed_origins=engineio.base_server.BaseServer._cors_allowed_origins
    )

    def both() -> None:
        undo()
        back()

    return both


@switch
def cookie_needs_vouching() -> Undo:
    return replaced(events, vouched=lambda _environ: True)


@switch
def auth_is_an_object() -> Undo:
    """What is no object counts as nothing given, and the cookie lets in."""

    def admit(
        self: TypedNamespace, sid: str, eio_sid: str, environ: dict[str, Any], auth: Any
    ) -> Any:
        user, session_id, data = self.authenticate(environ, auth if type(auth) is dict else None)
        return namespace.Connection(eio_sid, sid, user, session_id, data)

    return replaced(TypedNamespace, admit=admit)


@switch
def connect_is_no_event() -> Undo:
    """An event named connect runs the connect handler, as in the library."""
    receive = TypedNamespace.receive

    def reconnecting(self: TypedNamespace, eio_sid: str, text: str, start: int) -> None:
        found = re.match(r'(\d+)\["connect",(.*)\]$', text[start:])
        if found is None:
            receive(self, eio_sid, text, start)
            return
        conn = self._conns[eio_sid]
        identity: Identity = self.authenticate({}, json.loads(found[2]))
        conn.user = identity.user
        self._acks.answer(acks.Ticket(conn, int(found[1]), "connect"), None)

    return replaced(TypedNamespace, receive=reconnecting)


@switch
def sid_belongs_to_its_opener() -> Undo:
    return replaced(_eio(), same_owner=lambda _first, _now: True)


@switch
def csrf_header() -> Undo:
    return replaced(asking, _check_script=lambda **_safe: None)


@switch
def form_token() -> Undo:
    return replaced(forms, check=lambda _session: None)


@switch
def heads_are_strict() -> Undo:
    """Each server's own parser has the first word, and the last."""

    def read(reader: Any, _first: bytes) -> io.BytesIO:
        return io.BytesIO(b"".join(iter(lambda: reader.readline(65_536), b"\r\n")) + b"\r\n")

    return replaced(heads, read=read)


@switch
def cookies_are_read_apart() -> Undo:
    """By the standard library's reader, which ends at the first that is not to its taste."""

    def cookie_token(environ: Any) -> str | None:
        with contextlib.suppress(CookieError):
            found = SimpleCookie(environ.get("HTTP_COOKIE", "")).get("chatapp")
            return found.value if found is not None else None
        return None

    undo = [replaced(place, cookie_token=cookie_token) for place in (credentials, events)]
    return lambda: [each() for each in undo] and None


# What they send


@switch
def frame_size() -> Undo:
    make = frame_reader.FrameReader.__init__

    def init(self: Any, limit: int) -> None:
        make(self, 1 << 30)

    return replaced(frame_reader.FrameReader, __init__=init)


@switch
def request_size() -> Undo:
    return replaced(EngineServer, _refusal_of_size=lambda _self, _environ: None)


@switch
def body_size() -> Undo:
    """Forms of any size and number of parts are read."""
    return replaced(
        flask.Request, max_content_length=None, max_form_parts=None, max_form_memory_size=None
    )


@switch
def attachments_are_bounded() -> Undo:
    return replaced(ChatPacket, decode=socketio.packet.Packet.decode)


@switch
def garbage_closes() -> Undo:
    """The session lives on, deaf to what it could not read."""

    def received(self: EngineSocket, message: str | bytes) -> None:
        try:
            self._take(message)
        except Garbage:
            pass

    def post(self: EngineSocket, environ: Any) -> None:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        for part in body.split("\x1e"):
            received(self, part)

    return replaced(
        EngineSocket,
        received=received,
        handle_post_request=post,
        reject=lambda _self, _error: None,
    )


@switch
def refusals_are_answered() -> Undo:
    """Silence: what a handler cannot do, the client never hears of."""
    return replaced(Acks, refuse=lambda _self, _ticket, _error: None)


@switch
def strict_json() -> Undo:
    """JSON as Python reads it: NaN, 1e999, any depth, any type in any field."""

    def parse(handler: Any, name: str, payload: str) -> Any:
        fields = json.loads(payload)
        kind = {"typing": inbound.Typing, "read": inbound.Read}.get(name)
        if kind is None:
            return handler.decode(payload)
        return kind(**{key: fields[key] for key in kind.__struct_fields__ if key in fields})

    return replaced(namespace, _parse=parse)


@switch
def unknown_fields_are_refused() -> Undo:
    """What the struct does not know is thrown away."""

    def parse(handler: Any, name: str, payload: str) -> Any:
        try:
            fields = msgspec.json.decode(payload)
            kind = handler.call.__func__.handles[1]
            known = {key: fields[key] for key in kind.__struct_fields__ if key in fields}
            return handler.decode(json.dumps(known))
        except msgspec.MsgspecError as error:
            raise chatapp.errors.ChatError("bad_request", str(error)) from None

    return replaced(namespace, _parse=parse)


@switch
def nul_is_refused() -> Undo:
    return replaced(namespace, _NUL=re.compile(r"(?!)"))


@switch
def chatter_is_counted() -> Undo:
    undo = [
        replaced(Chatter, too_much=lambda _self: False),
        replaced(frame_reader, MAX_FRAGMENTS=1 << 30),
    ]
    return lambda: [each() for each in undo] and None


@switch
def rates() -> Undo:
    return replaced(Limits, check=lambda _self, _kind, _key, _count=1: None)


# What they may


@switch
def rooms_are_found_through_members() -> Undo:
    """Whoever knows a room's name is given its owner's place."""
    seat = Rooms.seat

    def anybodys(self: Rooms, user: Any, slug: str) -> Any:
        with self._db.snapshot() as db:
            row = db.one(
                reading.Statement(
                    "SELECT m.user_id FROM memberships m JOIN rooms r ON r.id = m.room_id"
                    " WHERE r.slug = :slug AND m.role = 'owner'"
                ),
                slug=slug,
            )
        if row is None:
            return seat(self, user, slug)
        with self._db.snapshot() as db:
            return reading.seat(db, row[0], slug)

    return replaced(Rooms, seat=anybodys)


@switch
def who_may_write() -> Undo:
    return replaced(posting, _may_write=lambda _role: None)


@switch
def lifetimes_are_whole() -> Undo:
    """A token lasts a twentieth of its time, so that a test can wait for its end."""
    make = people._new_session

    def brief(entrance: people.Entrance) -> Any:
        session, token = make(entrance)
        if session.lifetime is None:
            return session, token
        return dataclasses.replace(session, lifetime=session.lifetime // 20), token

    return replaced(people, _new_session=brief)


# A fault, for the check that faults are answered: it is no defence.


@switch
def fault_in_history() -> Undo:
    def fail(_self: Messages, *_arguments: Any) -> None:
        raise RuntimeError("canary-of-a-traceback")

    return replaced(Messages, history=fail)


@switch
def faults_are_answered() -> Undo:
    undo = [fault_in_history(), refusals_are_answered()]
    return lambda: [each() for each in undo] and None


def create_app(settings: Any = None, worker: str = "w1") -> Flask:
    """The product, and its switches."""
    app = chatapp.create_app(settings, worker=worker)
    off: list[Undo] = []

    def weaken(name: str) -> tuple[str, int]:
        while off:
            off.pop()()
        if name != "none":
            off.append(SWITCHES[name]())
        return name, 200

    app.add_url_rule("/weaken/<name>", view_func=weaken, methods=["POST"])
    return app
