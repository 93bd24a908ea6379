"""The HTTP connection to a provider, with its socket within reach.

Closing a response from another task leaves its reader blocked in recv on eventlet and on threads. What ends the read at
once, on every runtime, is shutting the socket down. So requests go through a transport of ours: httpcore2's pool with a
network backend that notes which socket serves which request, also before the first byte of the answer.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from chatapp import runtime

KEEP_IDLE_S = (
    60  # long enough that a conversation does not pay for a TLS handshake with each answer
)
MAX_CONNECTIONS = 512

# How a connection fails, whatever stage it was in.
FAULTS = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, ssl.SSLError)


class Cut(Exception):
    """The request was ended from this side."""


class Line:
    """The connection that serves one request, for as long as it serves it."""

    def __init__(self, before_read: Callable[[], float]) -> None:
        """`before_read()` runs each time before the socket is read; it answers the time-out to use, in seconds."""
        self.before_read = before_read
        self.is_cut = False
        self._stream: _WatchedStream | None = None

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """What the calling task sends inside belongs to this line."""
        token = _line.set(self)
        try:
            yield
        finally:
            _line.reset(token)

    def attach(self, stream: _WatchedStream) -> None:
        """Called by the stream that is about to serve the request. Raises Cut."""
        with runtime.turn:
            self._stream = stream
            stream.line = self
            if self.is_cut:
                raise Cut

    def cut(self) -> None:
        """End the request at once, from any task. The reader sees the end of the stream."""
        with runtime.turn:
            self.is_cut = True
            # A connection that went back to the pool may serve somebody else's request by now.
            if self._stream is not None and self._stream.line is self:
                _shut_down(self._stream.get_extra_info("socket"))


_line: ContextVar[Line | None] = ContextVar("line", default=None)


def _shut_down(sock: socket.socket) -> None:
    # Through a descriptor of its own: a TLS socket's shutdown() would first throw its session away under the reader.
    try:
        twin = socket.socket(fileno=os.dup(sock.fileno()))
    except OSError:
        return
    try:
        twin.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the peer was faster
    finally:
        twin.close()


class _WatchedStream(httpcore2.NetworkStream):
    """A network stream that tells the line of the calling task what it does."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self.line: Line | None = None
        self._stream = stream
        try:
            self._announce()
        except Cut:
            stream.close()  # the pool has not heard of it yet
            raise

    def _announce(self) -> None:
        line = _line.get()
        if line is not None:
            line.attach(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        line = _line.get()
        if line is not None:
            timeout = line.before_read()
        return self._stream.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._announce()  # a pooled connection comes to its next request here
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return _WatchedStream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _WatchedBackend(httpcore2.NetworkBackend):
    """Opens watched streams."""

    def __init__(self) -> None:
        self._backend = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        return _WatchedStream(
            self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        )


class _Body(httpx2.SyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class Transport(httpx2.BaseTransport):
    """Sends the SDK's requests. Failures of the connection reach the caller as they are: one of FAULTS."""

    def __init__(self, base_url: str) -> None:
        """A pool for `base_url`, through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name for it."""
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            proxy=_proxy_for(httpx2.URL(base_url)),
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEP_IDLE_S,
            network_backend=_WatchedBackend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        response = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._pool.close()


def _proxy_for(url: httpx2.URL) -> httpcore2.Proxy | None:
    proxies = getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    if not address or proxy_bypass(url.host):
        return None
    proxy = httpx2.Proxy(address)
    return httpcore2.Proxy(url=str(proxy.url), auth=proxy.raw_auth, headers=proxy.headers.raw)
