"""How the SDK's requests travel: urllib3 keeps the connections, the standard library reads the answers.

Over httpx's own transport a chunk costs three times the processor time (docs/decisions has the figures).
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from urllib.request import getproxies, proxy_bypass

import httpx2
import urllib3

from . import unchunked
from .wire import BUFFER, Watched, WatchedTLS

MAX_CONNECTIONS = 512  # that are kept for the next request


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = Watched


class _PoolTLS(urllib3.HTTPSConnectionPool):
    ConnectionCls = WatchedTLS


class _Body(httpx2.SyncByteStream):
    """An answer's body. Ends as it should, or the connection is closed with it."""

    def __init__(self, reply: urllib3.BaseHTTPResponse, connection: Watched) -> None:
        self._reply, self._connection = reply, connection
        assert connection.answer is not None
        self._answer: http.client.HTTPResponse = connection.answer

    def __iter__(self) -> Iterator[bytes]:
        answer = self._answer
        if answer.chunked and answer.fp is not None:
            yield from unchunked.read(answer.fp)
            answer.close()
        else:
            while data := answer.read1(BUFFER):
                yield data

    def close(self) -> None:
        if not self._answer.isclosed():
            self._reply.close()
        self._connection.idle_since = time.monotonic()
        self._reply.release_conn()


class Transport(httpx2.BaseTransport):
    """Sends the SDK's requests. Failures of the connection reach the caller as they are: one of wire.FAULTS."""

    def __init__(self, base_url: str) -> None:
        """For `base_url`, through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name for it."""
        self._pools = _pools(_proxy_for(httpx2.URL(base_url)))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._pools is None:
            raise urllib3.exceptions.ProxySchemeUnknown(None)
        limits = request.extensions.get("timeout", {})
        reply = self._pools.urlopen(
            request.method,
            str(request.url),
            body=request.read() or None,
            headers=urllib3.HTTPHeaderDict(request.headers.multi_items()),
            timeout=urllib3.Timeout(connect=limits.get("connect"), read=limits.get("read")),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        connection = reply.connection
        assert isinstance(connection, Watched)
        return httpx2.Response(
            reply.status,
            headers=[
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in reply.headers.items()
            ],
            stream=_Body(reply, connection),
        )

    def close(self) -> None:
        if self._pools is not None:
            self._pools.clear()


def _pools(proxy: str | None) -> urllib3.PoolManager | None:
    """Where connections are kept. None for a proxy of a kind that is not known (SOCKS): only who asks is told."""
    context = httpx2.create_ssl_context()
    options: dict[str, Any] = {"maxsize": MAX_CONNECTIONS, "ssl_context": context}
    if proxy is None:
        pools = urllib3.PoolManager(**options)
    elif proxy.lower().startswith(("http://", "https://")):
        options |= {"proxy_headers": _proxy_headers(proxy), "proxy_ssl_context": context}
        pools = urllib3.ProxyManager(proxy, **options)
    else:
        return None
    pools.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}
    return pools


def _proxy_for(url: httpx2.URL) -> str | None:
    proxies = getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    if not address or proxy_bypass(url.host):
        return None
    return address if "://" in address else f"http://{address}"


def _proxy_headers(address: str) -> dict[str, str]:
    name_and_key = urllib3.util.parse_url(address).auth
    return urllib3.make_headers(proxy_basic_auth=unquote(name_and_key)) if name_and_key else {}
