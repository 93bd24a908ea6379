"""The Engine.IO server."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import engineio
import msgspec
from engineio import packet

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.patience import Patience
from chatapp.realtime.transport import MAX_MESSAGE
from chatapp.runtime.forwarded import place

from .session import EngineSocket, Environ
from .upgrade import open_websocket

PING_INTERVAL_S = 15
PING_TIMEOUT_S = 15

# How long a transport may stay without a namespace, in seconds.
CONNECT_S = 10.0

Refusal = tuple[str, bytes, list[tuple[str, str]]]


class EngineServer(engineio.Server):  # type: ignore[misc]
    """Sessions named after their worker, bound to who opened them, one clock for all pings."""

    sockets: dict[str, EngineSocket]

    def __init__(
        self,
        *,
        fanout: Fanout,
        worker: str = "",
        same_owner: Callable[[Environ, Environ], bool] = lambda _first, _now: True,
        admit: Callable[[Environ, int], None] = lambda _environ, _unjoined: None,
        offended: Callable[[Environ], None] = lambda _environ: None,
        connect_timeout: float = CONNECT_S,
        **options: Any,
    ) -> None:
        """`worker` is the name that a proxy or a sibling finds in a sid (without "-").

        `same_owner(environ of the handshake, environ)`: whether a request comes with the same credentials.
        `admit(environ, unjoined)` raises ChatError to refuse a new session: its address opens too many, or has so many
        open by which nobody came in. `offended(environ of the handshake)` is told of a session that was closed for what came
        by it, or by which nobody came in.
        """
        options.setdefault("ping_interval", PING_INTERVAL_S)
        options.setdefault("ping_timeout", PING_TIMEOUT_S)
        options.setdefault("max_http_buffer_size", MAX_MESSAGE)
        super().__init__(**options, monitor_clients=False)
        self.fanout = fanout
        self.same_owner = same_owner
        self.admit = admit
        self.offended = offended
        self._unjoined: dict[str, int] = {}  # sessions by which nobody came in yet, by address
        self._prefix = f"{worker}-" if worker else ""
        self.pings: Patience[EngineSocket] = Patience(self.ping_interval, EngineSocket.ping)
        self.pongs: Patience[EngineSocket] = Patience(self.ping_timeout, EngineSocket.check_pong)
        self.joins: Patience[EngineSocket] = Patience(connect_timeout, EngineSocket.check_joined)

    def generate_id(self) -> str:
        """A secret name that says which worker holds the session: a request that lands on another is handed over."""
        return self._prefix + secrets.token_urlsafe(16)

    def handle_request(self, environ: Any, start_response: Any) -> Any:
        """Refuse first what the original lets through, or answers only after it has read it all."""
        query = parse_qs(environ.get("QUERY_STRING", ""))
        session = self.sockets.get(query["sid"][0]) if "sid" in query else None
        refusal = self._refusal(environ, query, session)
        if refusal is not None:
            status, body, headers = refusal
            start_response(status, [("Content-Type", "application/json"), *headers])
            return [body]
        if (session is None or session.closing) and _is_goodbye(environ, query):
            # socket.io-client says it whenever it was refused, as a rule when the session has just ended. An error would
            # stand in the console of every browser whose session was signed out.
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"ok"]
        if session is not None and session.upgraded and query["transport"] == ["websocket"]:
            # The original refuses it over HTTP; open_websocket() says why we do not.
            answer = open_websocket(session, environ, start_response)
            if isinstance(answer, dict):
                start_response(answer["status"], answer["headers"])
                return [answer["response"]]
            return answer
        return super().handle_request(environ, start_response)

    def knows(self, environ: Environ) -> bool:
        """Whether a request belongs to a session by which somebody came in who behaves."""
        query = parse_qs(environ.get("QUERY_STRING", ""))
        session = self.sockets.get(query["sid"][0]) if "sid" in query else None
        return session is not None and session.trusted

    def _refusal(
        self, environ: Environ, query: dict[str, list[str]], session: EngineSocket | None
    ) -> Refusal | None:
        method = environ["REQUEST_METHOD"]
        if method not in {"GET", "POST", "OPTIONS"}:
            return _refuse("400 Bad Request", "bad_request", "GET or POST.")
        # The original takes a request without a transport for long-polling. JSONP lets any page read the answers, and
        # no client of this version of the protocol uses it.
        if "transport" not in query or "j" in query:
            return _refuse("400 Bad Request", "bad_request", "Name a transport, and not JSONP.")
        if "sid" not in query:
            try:
                self.admit(environ, self._unjoined.get(place(environ.get("REMOTE_ADDR", "")), 0))
            except ChatError as error:
                return _refuse(f"{error.status} Refused", error.code, error.message)
        elif session is not None and not self.same_owner(session.environ, environ):
            # A sid is no password: it stands in URLs.
            return _refuse("403 Forbidden", "forbidden", "This session is not yours.")
        return self._refusal_of_size(environ) if method == "POST" else None

    def _refusal_of_size(self, environ: Environ) -> Refusal | None:
        if "HTTP_TRANSFER_ENCODING" in environ:
            return _refuse("411 Length Required", "bad_request", "Say how long the body is.")
        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return _refuse("400 Bad Request", "bad_request", "Content-Length is a number.")
        if int(length) > self.max_http_buffer_size:
            # The original closed the session and waited for a queue that nobody read: the request hung for ever.
            text = f"A request has at most {self.max_http_buffer_size} bytes."
            return _refuse("413 Content Too Large", "too_long", text, ("Connection", "close"))
        return None

    def _ok(self, packets: Any = None, headers: Any = None, jsonp_index: Any = None) -> Any:
        """The original says "OK" where the protocol says "ok"."""
        answer = super()._ok(packets, headers, jsonp_index)
        if packets is None:
            answer["response"] = b"ok"
        return answer

    def _cors_allowed_origins(self, environ: Any) -> Any:
        """The original also takes for its own origin what anybody writes in X-Forwarded-Host. The scheme and the
        address are the proxy's only where the proxy is trusted, and then they stand in their own places."""
        own = {k: v for k, v in environ.items() if not k.startswith("HTTP_X_FORWARDED_")}
        return super()._cors_allowed_origins(own)

    def _handle_connect(
        self, environ: Any, start_response: Any, kind: str, jsonp_index: Any = None
    ) -> Any:
        """Open a session, of our class; pingInterval is not cut to whole seconds."""
        opened = _slim(environ)
        session = EngineSocket(self, self.generate_id(), opened)
        self.sockets[session.sid] = session
        offer = {
            "sid": session.sid,
            "upgrades": self._upgrades(session.sid, kind),
            "pingTimeout": round(self.ping_timeout * 1000),
            "pingInterval": round(self.ping_interval * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        session.send(packet.Packet(packet.OPEN, offer))
        self.handlers["connect"](session.sid, opened)
        self.joins.add(session)
        self._await_join(session)
        session.schedule_ping()
        try:
            if kind == "websocket":
                answer = session.handle_get_request(environ, start_response)
                if isinstance(answer, dict):  # the handshake was refused
                    session.close(abort=True)
                return answer
            session.connected = True
            return self._ok(session.poll(), jsonp_index=jsonp_index)
        except Exception:
            session.close(abort=True)
            raise

    def _await_join(self, session: EngineSocket) -> None:
        address = session.unjoined_at = place(session.environ.get("REMOTE_ADDR", ""))
        with runtime.turn:
            self._unjoined[address] = self._unjoined.get(address, 0) + 1

    def await_no_more(self, session: EngineSocket) -> None:
        """Somebody came in by the session, or it has ended."""
        with runtime.turn:
            address, session.unjoined_at = session.unjoined_at, None
            if address is None:
                return
            left = self._unjoined[address] - 1
            if left:
                self._unjoined[address] = left
            else:
                del self._unjoined[address]

    def disconnect(self, sid: str | None = None) -> None:
        """Close one session, or all. The original waited until somebody had taken what was queued."""
        for session in list(self.sockets.values()) if sid is None else [self.sockets.get(sid)]:
            if session is not None:
                session.close()


def _is_goodbye(environ: Environ, query: dict[str, list[str]]) -> bool:
    """A client's packet CLOSE, alone. Reads the body only if it is as long."""
    alone = environ["REQUEST_METHOD"] == "POST" and environ.get("CONTENT_LENGTH") == "1"
    return "sid" in query and alone and environ["wsgi.input"].read(1) == b"1"


def _slim(environ: Environ) -> dict[str, Any]:
    """What is worth keeping of a request while its session lasts: all but its buffers and its socket."""
    kept: dict[str, Any] = {key: value for key, value in environ.items() if isinstance(value, str)}
    for key in ("flask.app", "wsgi.version", "wsgi.errors"):
        if key in environ:
            kept[key] = environ[key]
    kept["wsgi.input"] = io.BytesIO()
    return kept


def _refuse(status: str, code: str, message: str, *headers: tuple[str, str]) -> Refusal:
    body = msgspec.json.encode({"error": {"code": code, "message": message}})
    return status, body, list(headers)
