"""The Socket.IO server, and its way into a Flask application."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import engineio.packet
import flask
import flask_socketio
import msgspec
import socketio
from socketio import packet

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.realtime.acks import refusal
from chatapp.realtime.connection import Connection
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.frames import NAMESPACE
from chatapp.realtime.namespace import TypedNamespace

from .engine import EngineServer
from .manager import FanoutManager
from .packets import ChatPacket, Garbage, StrictJSON
from .session import EngineSocket

log = logging.getLogger("chatapp.transport")

_CHAT_CONNECT, _CHAT_EVENT = f"0{NAMESPACE},", f"2{NAMESPACE},"


class ChatServer(socketio.Server):  # type: ignore[misc]
    """Every event of /chat answered, nobody's garbage kept, refused clients let go."""

    eio: EngineServer
    manager: FanoutManager

    def __init__(self, fanout: Fanout, manager: FanoutManager, **options: Any) -> None:
        manager.fanout = fanout
        namespaces = options.pop("namespaces", [])
        # Order is the lane's work (lane.py); the original's async_handlers gives every event a task of its own.
        super().__init__(
            client_manager=manager,
            serializer=ChatPacket,
            async_handlers=False,
            fanout=fanout,
            **options,
        )
        # With none given the original accepts everybody on "/": a way to stay connected without an account.
        self.namespaces = namespaces
        self.fanout = fanout
        fanout.stock = self._send_stock
        fanout.closer = self._close_transport

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def _transport(self, eio_sid: str) -> EngineSocket | None:
        # None under flask-socketio's test client, which has no transport
        return self.eio.sockets.get(eio_sid)

    def _send_stock(self, conns: Iterable[Connection], text: bytes, droppable: bool) -> None:
        pkt = engineio.packet.Packet(engineio.packet.MESSAGE, text.decode())
        for conn in conns:
            session = self._transport(conn.eio_sid)
            if not (droppable and session is not None and session.is_behind):
                self._send_eio_packet(conn.eio_sid, pkt)

    def _close_transport(self, conn: Connection) -> None:
        session = self._transport(conn.eio_sid)
        if session is not None:
            session.close()
        else:
            self.disconnect(conn.sid, namespace=NAMESPACE)

    def offended(self, conn: Connection) -> None:
        """Count an act of a connection for which it is closed, by where it came from."""
        session = self._transport(conn.eio_sid)
        if session is not None:
            self.eio.offended(session.environ)

    def distrust(self, conn: Connection, distrusted: bool) -> None:
        """Take what a connection sends through the gate, or as usual."""
        session = self._transport(conn.eio_sid)
        if session is not None:
            session.distrust(distrusted)

    # What comes in

    def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        """Events of /chat go straight to their namespace. The original raises on what it cannot read: the engine then
        logs a traceback, and the client stays, deaf or not."""
        try:
            if type(data) is str and data.startswith(_CHAT_EVENT):
                self._chat().receive(eio_sid, data, len(_CHAT_EVENT))
                return
            handle = self._read(eio_sid, data)
        except Exception as error:  # noqa: BLE001 - garbage has many ways to be unreadable
            session = self._transport(eio_sid)
            if session is not None:
                session.reject(error)
            return
        if handle is not None:
            handle()

    def _chat(self) -> TypedNamespace:
        return self.namespace_handlers[NAMESPACE]  # type: ignore[no-any-return]

    def _read(self, eio_sid: str, data: Any) -> Callable[[], None] | None:
        """What to do about a packet; raises anything when it is garbage."""
        if type(data) is str and data.startswith(_CHAT_CONNECT):
            given = _auth(data[len(_CHAT_CONNECT) :])
            return lambda: self._handle_connect(eio_sid, NAMESPACE, given)
        pkt = self._whole(eio_sid, data)
        if pkt is None:
            return None
        space, kind = pkt.namespace or "/", pkt.packet_type
        if kind == packet.CONNECT:
            # A number as `auth` looks like an ack id, which a CONNECT has not.
            auth = pkt.data if pkt.id is None else pkt.id
            return lambda: self._handle_connect(eio_sid, space, auth)
        if not self.manager.sid_from_eio_sid(eio_sid, space):
            raise Garbage("not connected to that namespace")
        if kind == packet.DISCONNECT:
            return lambda: self._handle_disconnect(eio_sid, space, self.reason.CLIENT_DISCONNECT)
        if kind in {packet.EVENT, packet.BINARY_EVENT}:
            if not (isinstance(pkt.data, list) and pkt.data and isinstance(pkt.data[0], str)):
                raise Garbage("an event is a list that begins with its name")
            return lambda: self._handle_event(eio_sid, space, pkt.id, pkt.data)
        if kind in {packet.ACK, packet.BINARY_ACK} and isinstance(pkt.data, list):
            return lambda: self._handle_ack(eio_sid, space, pkt.id, pkt.data)
        raise Garbage("no such packet")

    def _whole(self, eio_sid: str, data: Any) -> ChatPacket | None:
        """The packet that `data` is or completes; None while attachments are missing."""
        pkt: ChatPacket | None = self._binary_packet.get(eio_sid)
        if pkt is not None:
            if not pkt.add_attachment(data):
                return None
            del self._binary_packet[eio_sid]
            return pkt
        pkt = ChatPacket(encoded_packet=data)
        if not pkt.attachment_count:
            return pkt
        if not self.manager.sid_from_eio_sid(eio_sid, pkt.namespace or "/"):
            raise Garbage("a binary packet from nobody")
        self._binary_packet[eio_sid] = pkt
        return None

    def _handle_event(self, eio_sid: str, namespace: str, id: Any, data: list[Any]) -> None:  # noqa: A002
        """Other namespaces, and /chat in unusual spelling. In the original a client's event named `connect` runs the
        connect handler, with the client's own idea of who it is."""
        if namespace == NAMESPACE:
            raise Garbage("an event of /chat is written as `2/chat,`")
        if data[0] not in self.reserved_events:
            super()._handle_event(eio_sid, namespace, id, data)
        elif id is not None:
            error = ChatError("unknown_event", f"There is no event {data[0]}.")
            answer = {"ok": False, "error": refusal(error)}
            self._send_packet(eio_sid, ChatPacket(packet.ACK, [answer], namespace, id))

    # Who comes and goes

    def _handle_connect(self, eio_sid: str, namespace: str, data: Any) -> None:
        """The original takes any falsy `auth` for none, and keeps the transport of whom it refused."""
        session = self._transport(eio_sid)
        if self.manager.sid_from_eio_sid(eio_sid, namespace):
            if session is not None:
                session.reject(Garbage("a second CONNECT"))
            return
        handler = self.namespace_handlers.get(namespace)
        if isinstance(handler, TypedNamespace):
            self._connect_typed(handler, eio_sid, data)
        elif handler is not None or namespace in self.handlers or namespace in self.namespaces:
            super()._handle_connect(eio_sid, namespace, data)
        else:
            self._refuse(eio_sid, namespace, {"message": "Invalid namespace"})
            return
        if session is not None and not session.closing:
            session.joined = self._is_anywhere(eio_sid)
            if session.joined:
                self.eio.await_no_more(session)
            else:
                session.close()

    def _connect_typed(self, handler: TypedNamespace, eio_sid: str, auth: Any) -> None:
        sid = self.manager.pre_connect(eio_sid, NAMESPACE)
        try:
            conn = handler.admit(sid, eio_sid, self.environ[eio_sid], auth)
        except ChatError as error:
            self._refuse(eio_sid, NAMESPACE, {"message": error.message, "data": refusal(error)})
            self.manager.disconnect(sid, NAMESPACE, ignore_queue=True)
            return
        with runtime.turn:
            session = self._transport(eio_sid)
            conn.inline = session is None
            if session is not None:
                session.conn = conn
                conn.link = session.link
                conn.closed = session.closing
            self._send_packet(eio_sid, ChatPacket(packet.CONNECT, {"sid": sid}, NAMESPACE))
            self.manager.connect(sid, NAMESPACE)
            self.fanout.add(conn)
        handler.start(conn)

    def _refuse(self, eio_sid: str, namespace: str, error: dict[str, Any]) -> None:
        self._send_packet(eio_sid, ChatPacket(packet.CONNECT_ERROR, error, namespace))

    def _handle_disconnect(self, eio_sid: str, namespace: str, reason: Any = None) -> None:
        """A transport that has left its last namespace has as long as a new one to join another."""
        super()._handle_disconnect(eio_sid, namespace, reason)
        session = self._transport(eio_sid)
        if session is not None and not self._is_anywhere(eio_sid):
            session.joined = False
            self.eio.joins.add(session)

    def disconnect(
        self,
        sid: str,
        namespace: str | None = None,
        ignore_queue: bool = False,
    ) -> None:
        """The original keeps the transport of whom it sends away, for as long as that one likes."""
        eio_sid = self.manager.eio_sid_from_sid(sid, namespace or "/")
        super().disconnect(sid, namespace=namespace, ignore_queue=ignore_queue)
        session = self._transport(eio_sid) if eio_sid is not None else None
        if session is not None and not self._is_anywhere(session.sid):
            session.close()

    def _is_anywhere(self, eio_sid: str) -> bool:
        spaces = list(self.manager.get_namespaces())
        return any(self.manager.sid_from_eio_sid(eio_sid, space) for space in spaces)

    def _handle_eio_disconnect(self, eio_sid: str, reason: Any) -> None:
        """The original forgets an unfinished binary packet only of a client that is in a namespace."""
        self._binary_packet.pop(eio_sid, None)
        super()._handle_eio_disconnect(eio_sid, reason)


def _auth(text: str) -> Any:
    """What a CONNECT carries. The original takes a number for an ack id, and closes without a word what is no JSON: that is no
    object either, whatever it is, and refused as such."""
    try:
        return StrictJSON.loads(text) if text else None
    except (msgspec.MsgspecError, ValueError, RecursionError, Garbage):
        return text


def install(
    extension: flask_socketio.SocketIO,
    app: flask.Flask,
    *,
    fanout: Fanout,
    manager: FanoutManager | None = None,
    **options: Any,
) -> ChatServer:
    """What extension.init_app(app, **options) does, with our server in place of socketio.Server, which it names.

    `manager` as for one process if none is given. Options of EngineServer (`worker`, `same_owner`, `admit`) and of the
    original (`cors_allowed_origins`, …). Register namespaces on the extension as usual, before or after.
    """
    server = ChatServer(fanout, manager or FanoutManager(), async_mode=runtime.name(), **options)
    extension.server = server
    extension.async_mode = server.async_mode
    for event, handler, namespace in extension.handlers:
        server.on(event, handler, namespace=namespace)
    for handler in extension.namespace_handlers:
        server.register_namespace(handler)
    app.extensions["socketio"] = extension
    extension.sockio_mw = flask_socketio._SocketIOMiddleware(server, app)  # noqa: SLF001 - as init_app does
    app.wsgi_app = extension.sockio_mw  # type: ignore[method-assign]
    return server
