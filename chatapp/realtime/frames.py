"""What goes over the wire: texts of Socket.IO packets, and the WebSocket frames that carry them.

A packet here is the UTF-8 text of a Socket.IO packet without the Engine.IO digit before it, ready for a frame or for
long-polling. Server frames are unmasked (RFC 6455), so all receivers of a packet get the same bytes.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec

from chatapp import payloads

ClosingReason = Literal["restart", "slow", "overloaded"]

NAMESPACE = "/chat"

CLOSE = 0x88
PING = 0x89
PONG = 0x8A
TEXT = 0x81
BINARY = 0x82

_encode = msgspec.json.encode
_names: dict[str, bytes] = {}


def event(name: str, payload_json: bytes) -> bytes:
    """The packet of an event on /chat: `2/chat,["name",{…}]`. `payload_json` is one JSON value."""
    head = _names.get(name)
    if head is None:
        # Names of outbound events are a fixed few in the code, so this grows no further than they do.
        head = _names[name] = b"2/chat,[" + _encode(name) + b","
    return b"%b%b]" % (head, payload_json)


def ack(ack_id: int, payload_json: bytes) -> bytes:
    """The packet that answers the event with this ack id: `3/chat,ID[{…}]`."""
    return b"3/chat,%d[%b]" % (ack_id, payload_json)


def connected(sid: str) -> bytes:
    """The packet that accepts a CONNECT."""
    return b'0/chat,{"sid":%b}' % _encode(sid)


def closing(reason: ClosingReason, retry_after: float) -> bytes:
    """The packet that says why the transport is about to close; seconds after which to come back."""
    return event("closing", _encode(payloads.Closing(reason, retry_after)))


def frame(packet: bytes) -> bytes:
    """The finished WebSocket text frame of an Engine.IO message that carries `packet`."""
    n = len(packet) + 1
    if n < 126:
        return b"\x81%c4%b" % (n, packet)
    if n < 65536:
        return b"\x81\x7e%b4%b" % (n.to_bytes(2), packet)
    return b"\x81\x7f%b4%b" % (n.to_bytes(8), packet)


def packet_of(framed: bytes) -> bytes:
    """The packet that frame() was made of."""
    head = {126: 4, 127: 10}.get(framed[1], 2)
    return framed[head + 1 :]


def event_of(packet: bytes) -> tuple[str, bytes]:
    """Name and payload that event() was made of."""
    name, _, payload = packet[len(b'2/chat,["') : -1].partition(b'",')
    return name.decode(), payload


def raw_frame(first_byte: int, payload: bytes) -> bytes:
    """One finished, unmasked frame; `first_byte` is FIN with the opcode: TEXT, BINARY, CLOSE, PING or PONG."""
    n = len(payload)
    if n < 126:
        return bytes((first_byte, n)) + payload
    if n < 65536:
        return bytes((first_byte, 126)) + n.to_bytes(2) + payload
    return bytes((first_byte, 127)) + n.to_bytes(8) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; `reason` is cut to the 123 bytes that a control frame can carry."""
    text = reason.encode()[:123].decode(errors="ignore").encode()
    return raw_frame(CLOSE, struct.pack("!H", code) + text)
