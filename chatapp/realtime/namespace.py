"""The base class of /chat: parse, check, call the handler, answer. No Flask request context: it is most of the cost."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import flask_socketio
import msgspec

from chatapp.errors import ChatError

from . import frames
from .acks import Acks, Deferred, Fault, Followed, Ticket
from .connection import Connection, Person
from .fanout import Fanout

__all__ = ["Deferred", "Followed", "Identity", "TypedNamespace", "on"]

log = logging.getLogger("chatapp.events")

H = TypeVar("H", bound=Callable[..., Any])

# An ack id is a counter of the client's; JavaScript counts this far exactly.
_DIGITS = re.compile(r"[0-9]{1,15}(?![0-9])")
_USUAL = re.compile(r'([0-9]{1,15})?\["([a-z_]+)",(.*)\]', re.DOTALL)
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# Who goes on after so many refusals for sending too fast is closed. Each event that was allowed takes some back, so that
# only a flood gets there, not a client that is a little too fast.
MAX_STRIKES = 500
FORGIVEN = 4
FLOOD_RETRY_S = 10.0
# Who was refused so often for what no good client does goes on through the gate, until as many events were in order.
MISCONDUCT = frozenset({"bad_request", "unknown_event", "rate_limited"})
DOUBTED, MOST_DOUBT = 10, 50
# An event weighs one for itself, and one more for each so many letters: reading 60 KB takes as long as many small events.
WEIGHT_LETTERS = 4096

# What a refusal repeats of what was sent.
_MAX_ECHO = 200


class Identity(NamedTuple):
    """Who a CONNECT turned out to be. `data` becomes the connection's."""

    user: Person
    session_id: str
    data: Any = None


class _Handler(NamedTuple):
    decode: Callable[[str], Any]
    call: Callable[[Connection, Any], Any]
    reads: bool
    ack: Callable[[Any], Any] | None


def on(
    event: str, payload: type, *, reads: bool = False, ack: Callable[[Any], Any] | None = None
) -> Callable[[H], H]:
    """Declare a handler: `@on("message", PostMessage) def on_message(self, conn, payload)`.

    `reads`: it first waits for this connection's earlier writes, so that it sees them. `ack` makes of what the handler
    returns, or its Deferred brings, what the ack carries. Types of payloads bound their integers and their nesting, and
    forbid unknown fields; all else that JSON can do wrong is refused here.
    """

    def declare(method: H) -> H:
        method.handles = (event, payload, reads, ack)  # type: ignore[attr-defined]
        return method

    return declare


class TypedNamespace(flask_socketio.Namespace):  # type: ignore[misc]
    """Handlers of /chat. A subclass declares them with @on and overrides the hooks.

    A handler returns what its ack adds to `{ok: true}`: a dict, a msgspec Struct, a JSON object as bytes, None, or one
    of these in Followed; or a Deferred of one of these. A ChatError becomes `{ok: false, error}`. A Deferred's ack is
    sent when it is done, and meanwhile the connection's next events are handled; the acks of a connection come in the
    order of its events all the same.
    """

    def __init__(self, fanout: Fanout) -> None:
        super().__init__(frames.NAMESPACE)
        self.fanout = fanout
        self._acks = Acks(fanout)
        self._conns: dict[str, Connection] = {}  # by Engine.IO sid
        self._handlers: dict[str, _Handler] = {}
        for name in dir(type(self)):
            method = getattr(self, name)
            if hasattr(method, "handles"):
                event, payload, reads, ack = method.handles
                decoder = msgspec.json.Decoder(payload)
                self._handlers[event] = _Handler(decoder.decode, method, reads, ack)

    # Hooks

    def authenticate(self, environ: dict[str, Any], auth: dict[str, Any] | None) -> Identity:
        """Who is this? `auth` is what the CONNECT carried. May wait. Raises ChatError to refuse."""
        raise NotImplementedError

    def opened(self, conn: Connection) -> None:
        """The CONNECT was answered; packets sent from here on arrive after that answer."""

    def closed(self, conn: Connection) -> None:
        """The connection has ended, once for each that was opened. May only enqueue, never wait."""

    def allow(self, conn: Connection, event: str, weight: int) -> None:
        """Rate limits, before anything is parsed: raises ChatError `rate_limited`. `event` is "" for unknown ones; `weight`: as
        how many it counts."""

    # For handlers

    def enter(self, conn: Connection, channel: str) -> None:
        """Put the connection in a channel (a Socket.IO room)."""
        if not conn.closed:
            self.server.enter_room(conn.sid, channel, namespace=self.namespace)

    def leave(self, conn: Connection, channel: str) -> None:
        """Take the connection out of a channel."""
        self.server.leave_room(conn.sid, channel, namespace=self.namespace)

    def end(self, conn: Connection) -> None:
        """Send the connection away for good: after a Socket.IO DISCONNECT its client does not come back by itself."""
        self.server.disconnect(conn.sid, namespace=self.namespace)

    # For the server

    def admit(self, sid: str, eio_sid: str, environ: dict[str, Any], auth: Any) -> Connection:
        """The connection of an accepted CONNECT; raises ChatError when it is refused."""
        if auth is not None and not isinstance(auth, dict):
            raise ChatError("unauthenticated", "auth is an object, or nothing.")
        try:
            user, session_id, data = self.authenticate(environ, auth)
        except ChatError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the client is answered
            raise Fault("connect", "somebody", error) from None
        return Connection(eio_sid, sid, user, session_id, data)

    def start(self, conn: Connection) -> None:
        """The connection's CONNECT was answered. One that the application cannot greet is closed."""
        self._conns[conn.eio_sid] = conn
        try:
            self.opened(conn)
        except Exception:
            log.exception("the connection of %s could not be opened", conn.user.id)
            self.fanout.closer(conn)

    def trigger_event(self, event: str, *args: Any) -> Any:
        """The server's own events. Only the end of a connection comes this way; a client's events never do."""
        conn = self.fanout.find(args[0]) if event == "disconnect" else None
        if conn is None or self._conns.pop(conn.eio_sid, None) is not conn:
            return
        conn.closed = True
        try:
            self.closed(conn)
        except Exception:
            log.exception("the end of the connection of %s was not told", conn.user.id)

    def receive(self, eio_sid: str, text: str, start: int) -> None:
        """Handle an EVENT packet; its ack id, if any, begins at `start`. Raises when there is no such connection."""
        conn = self._conns[eio_sid]
        ack_id, name, payload = self._split(text, start)
        ticket = Ticket(conn, ack_id, name)
        if conn.pending:
            self._acks.make_room(conn)
        try:
            self._check_rate(conn, name, 1 + (len(text) - start) // WEIGHT_LETTERS)
            if payload is None:
                ticket.event, payload = self._split_slowly(text, start)
            handler = self._handlers[ticket.event]
            ticket.ack = handler.ack
            argument = _parse(handler, ticket.event, payload)
            if handler.reads and conn.pending:
                self._acks.settle(conn)
            self._acks.answer(ticket, handler.call(conn, argument))
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is answered
            self._doubt(conn, error)
            self._acks.refuse(ticket, error)
        else:
            if conn.doubt:
                self._trust(conn)

    def _doubt(self, conn: Connection, error: Exception) -> None:
        if isinstance(error, ChatError) and error.code in MISCONDUCT and conn.doubt < MOST_DOUBT:
            conn.doubt += 1
            if conn.doubt == DOUBTED:
                self.server.distrust(conn, True)

    def _trust(self, conn: Connection) -> None:
        conn.doubt -= 1
        if not conn.doubt:
            self.server.distrust(conn, False)

    def _check_rate(self, conn: Connection, name: str, weight: int) -> None:
        try:
            self.allow(conn, name, weight)
        except ChatError:
            before, conn.strikes = conn.strikes, conn.strikes + weight
            if before < MAX_STRIKES <= conn.strikes:
                self.server.offended(conn)
                self.fanout.close(conn, "overloaded", FLOOD_RETRY_S)
            raise
        if conn.strikes:
            conn.strikes = max(0, conn.strikes - FORGIVEN)

    def _split(self, text: str, start: int) -> tuple[int | None, str, str | None]:
        """(ack id, event, its payload's JSON) of `ID["event",{…}]`; the payload is None unless all is as expected."""
        usual = _USUAL.fullmatch(text, start)
        if usual is not None:
            digits, name, payload = usual.groups()
            if name in self._handlers:
                return int(digits) if digits else None, name, payload
        unusual = _DIGITS.match(text, start)
        return int(unusual[0]) if unusual else None, "", None

    def _split_slowly(self, text: str, start: int) -> tuple[str, str]:
        """(event, its payload's JSON) of what is unusual but legal; raises ChatError for all else."""
        digits = _DIGITS.match(text, start)
        try:
            event = msgspec.json.decode(
                text[digits.end() if digits else start :], type=list[msgspec.Raw]
            )
            name = msgspec.json.decode(event[0], type=str)
        except (msgspec.MsgspecError, ValueError, IndexError, RecursionError) as error:
            raise ChatError(
                "bad_request", f"An event is a list of its name and its payload: {_echo(error)}"
            ) from None
        if name not in self._handlers:
            raise ChatError("unknown_event", f"There is no event {_echo(name)}.")
        if len(event) != 2:
            raise ChatError("bad_request", f"{name} takes one payload.")
        return name, bytes(event[1]).decode()


def _parse(handler: _Handler, name: str, payload: str) -> Any:
    try:
        argument = handler.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ChatError("bad_request", f"{name}: {_echo(error)}") from None
    if "\\u0000" in payload and _NUL.search(payload):
        # PostgreSQL cannot store it.
        raise ChatError("bad_request", f"{name}: text has no NUL characters.")
    return argument


def _echo(what: object) -> str:
    return str(what)[:_MAX_ECHO]
