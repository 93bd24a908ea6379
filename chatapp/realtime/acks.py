"""Answers to events: how they look, and that they come in the order of the events."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.ids import new_id
from chatapp.runtime.logs import fields

from . import frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from .connection import Connection
    from .fanout import Fanout

log = logging.getLogger("chatapp.events")

# Answers of one connection that may wait for the database. At that many its next events wait too, and soon it is not read any
# further. All of them may go out at once then, so it is fewer than make a client a slow one (backlog.DROP_PACKETS).
PENDING_LIMIT = 100

_encode = msgspec.json.encode


class Deferred(Protocol):
    """A result that comes later; store.Pending is one."""

    def on_done(self, callback: Callable[[Any, Exception | None], None], /) -> None:
        """Have callback(result, error) called once it is there."""

    def wait(self) -> Any:
        """The result, once it is there; raises the error."""


class Followed(NamedTuple):
    """A handler's result, and packets that go out right behind its ack, before anything else."""

    reply: Any
    packets: list[bytes]


class Fault(ChatError):
    """`internal`: not the client's fault. The log has the rest under `request_id`."""

    def __init__(self, event: str, who: str, error: Exception) -> None:
        super().__init__("internal", "Something went wrong on the server.")
        self.request_id = new_id()
        about = fields(event=event, person=who, request_id=self.request_id)
        log.error("an event failed", exc_info=error, extra=about)


def refusal(error: ChatError) -> dict[str, Any]:
    """The `error` of an ack, or the `data` of a refused CONNECT."""
    shape: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.retry_after is not None:
        shape["retry_after"] = error.retry_after
    if error.budget is not None:
        shape["budget"] = error.budget
    shape["request_id"] = error.request_id if isinstance(error, Fault) else new_id()
    return shape


def _refused(error: ChatError) -> bytes:
    return b'{"ok":false,"error":%b}' % _encode(refusal(error))


def _accepted(ticket: Ticket, result: Any) -> bytes:
    if ticket.ack is not None:
        result = ticket.ack(result)
    if result is None:
        return b'{"ok":true}'
    body = result if isinstance(result, bytes) else _encode(result)
    return b'{"ok":true}' if body == b"{}" else b'{"ok":true,' + body[1:]


def _wait_for(deferred: Deferred) -> None:
    with contextlib.suppress(Exception):  # its own answer says how it ended
        deferred.wait()


class Ticket:
    """The place of one event's answer among those of its connection."""

    __slots__ = ("ack", "ack_id", "conn", "deferred", "event", "packets", "reply")

    def __init__(self, conn: Connection, ack_id: int | None, event: str) -> None:
        self.conn = conn
        self.ack_id = ack_id  # None: the client wants no answer
        self.event = event
        self.ack: Callable[[Any], Any] | None = None  # makes of the result what the answer carries
        self.deferred: Deferred | None = None
        self.reply: bytes | None = None
        self.packets: list[bytes] | None = None  # behind the answer


class Acks:
    """Sends the answers of all connections.

    A connection's tickets queue up in `conn.pending` only while one of them is deferred; so nearly always an answer
    goes out at once.
    """

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout

    def answer(self, ticket: Ticket, result: Any) -> None:
        """Answer with what a handler returned: now, or when it is there."""
        if hasattr(result, "on_done"):
            self._defer(ticket, result)
            return
        if isinstance(result, Followed):
            result, ticket.packets = result
        self._finish(ticket, _accepted(ticket, result))

    def refuse(self, ticket: Ticket, error: Exception) -> None:
        """Answer with an error; one that is no ChatError is logged and answered `internal`."""
        if not isinstance(error, ChatError):
            error = Fault(ticket.event, ticket.conn.user.id, error)
        self._finish(ticket, _refused(error))

    def make_room(self, conn: Connection) -> None:
        """Wait until fewer than PENDING_LIMIT answers of the connection wait. For between two of its events."""
        while conn.pending and len(conn.pending) >= PENDING_LIMIT and not conn.closed:
            with runtime.turn:
                oldest = conn.pending[0].deferred if conn.pending else None
            if oldest is not None:
                _wait_for(oldest)

    def settle(self, conn: Connection) -> None:
        """Wait for what is deferred; its own answer says how it ended."""
        for ticket in tuple(conn.pending or ()):
            if ticket.deferred is not None and ticket.reply is None:
                _wait_for(ticket.deferred)

    def _defer(self, ticket: Ticket, deferred: Deferred) -> None:
        conn = ticket.conn
        if conn.inline:
            try:
                self.answer(ticket, deferred.wait())
            except Exception as error:  # noqa: BLE001 - refuse() tells them apart
                self.refuse(ticket, error)
            return
        ticket.deferred = deferred
        with runtime.turn:
            if conn.pending is None:
                conn.pending = deque()
            conn.pending.append(ticket)
        deferred.on_done(partial(self._done, ticket))

    def _done(self, ticket: Ticket, result: Any, error: Exception | None) -> None:
        # Called from where the result was made: it must not raise, others' results come next.
        if error is not None:
            self.refuse(ticket, error)
            return
        try:
            reply = _accepted(ticket, result)
        except Exception as fault:  # noqa: BLE001 - refuse() tells them apart
            self.refuse(ticket, fault)
        else:
            self._finish(ticket, reply)

    def _finish(self, ticket: Ticket, reply: bytes) -> None:
        ticket.reply = reply
        pending = ticket.conn.pending
        with runtime.turn:
            if not pending:
                self._send(ticket)
                return
            if ticket.deferred is None:
                pending.append(ticket)
            while pending and pending[0].reply is not None:
                self._send(pending.popleft())

    def _send(self, ticket: Ticket) -> None:
        conn = ticket.conn
        if conn.closed:
            return
        if ticket.ack_id is not None and ticket.reply is not None:
            self._fanout.send_to(conn, frames.ack(ticket.ack_id, ticket.reply))
        for packet in ticket.packets or ():
            self._fanout.send_to(conn, packet)
