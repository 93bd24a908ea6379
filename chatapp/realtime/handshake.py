"""The opening handshake of a WebSocket (RFC 6455). Pure: no socket in here."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(Exception):
    """The request is no handshake that we take; `status` and `headers` of the HTTP answer."""

    def __init__(self, status: str, *headers: tuple[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = list(headers)


def answer(environ: Mapping[str, Any]) -> bytes:
    """The answer to the handshake in a WSGI environ. Raises Refused.

    No extension is accepted: permessage-deflate would cost a compression for every receiver of a broadcast, and a
    context in memory for every connection.
    """
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        raise Refused("426 Upgrade Required", ("Sec-WebSocket-Version", "13"))
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    try:
        if len(base64.b64decode(key, validate=True)) != 16:
            raise Refused("400 Bad Request")
    except (ValueError, binascii.Error):
        raise Refused("400 Bad Request") from None
    digest = hashlib.sha1(key.encode() + _MAGIC, usedforsecurity=False).digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % base64.b64encode(digest)
    )
