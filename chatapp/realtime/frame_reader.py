"""The client's side of a WebSocket (RFC 6455), from bytes as they come to whole messages. Pure: no socket in here."""

from __future__ import annotations

import struct
from typing import NamedTuple

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_OPCODES = frozenset({_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG})
_MAX_CONTROL = 125
# Letter by letter a message would cost a thousand times as much as whole.
MAX_FRAGMENTS = 1_024

NORMAL, PROTOCOL_ERROR, NO_STATUS, INVALID_TEXT, TOO_BIG = 1000, 1002, 1005, 1007, 1009
POLICY_VIOLATION, INTERNAL_ERROR, TRY_AGAIN_LATER = 1008, 1011, 1013


class Ping(NamedTuple):
    """The peer asks for a pong with the same payload."""

    payload: bytes


class Pong(NamedTuple):
    """The peer answers a ping, or says that it is there."""

    payload: bytes


class Close(NamedTuple):
    """The peer ends the connection; `code` is NO_STATUS when it gave none. Nothing follows it."""

    code: int
    reason: str


Message = str | bytes | Ping | Pong | Close


class ProtocolError(Exception):
    """The peer broke the protocol: close with `code`. `messages` were complete before that."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.messages: list[Message] = []


def unmask(data: bytes, key: bytes) -> bytes:
    """`data` with the four bytes of `key` laid over it, as one big number: a byte loop takes 100 times as long."""
    n = len(data)
    pad = (key * (n // 4 + 1))[:n]
    return (int.from_bytes(data, "little") ^ int.from_bytes(pad, "little")).to_bytes(n, "little")


class FrameReader:
    """Cuts what a client sends into messages.

    It holds at most one message of `limit` bytes and one frame of as many: a length over the limit is refused when
    its header is read, before anything of it is kept. permessage-deflate is never negotiated, so no reserved bit may
    be set.
    """

    __slots__ = (
        "_closed",
        "_fragments",
        "_have",
        "_kind",
        "_limit",
        "_need",
        "_parts",
        "_pieces",
        "_size",
    )

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []  # bytes that are not a whole frame yet
        self._have = 0
        self._need = 2  # how many bytes must be there before looking again can help
        self._pieces = 0  # frames of it
        self._kind = 0  # opcode of the fragmented message under way, or 0
        self._fragments: list[bytes] = []
        self._size = 0
        self._closed = False

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes, in order. Raises ProtocolError; after that, or a Close, feed no more."""
        self._have += len(data)
        if self._parts:
            self._parts.append(data)
            if self._have < self._need:
                return []
            data = b"".join(self._parts)
            self._parts.clear()
        messages: list[Message] = []
        try:
            used = self._frames(data, messages)
        except ProtocolError as error:
            self._fragments.clear()
            self._closed = True
            error.messages = messages
            raise
        self._have = len(data) - used
        if self._have and not self._closed:
            self._parts.append(data[used:] if used else data)
        return messages

    def _frames(self, data: bytes, messages: list[Message]) -> int:
        at, end = 0, len(data)
        while not self._closed:
            rest = end - at
            if rest < 2:
                self._need = 2
                break
            head, length = data[at], data[at + 1] & 127
            if not data[at + 1] & 128:
                raise ProtocolError(PROTOCOL_ERROR, "a client masks its frames")
            start = at + 6
            if length > 125:
                wide = 2 if length == 126 else 8
                start += wide
                if rest < 2 + wide:
                    self._check_header(head, length)
                    self._need = 2 + wide
                    break
                length = self._long_length(data[at + 2 : at + 2 + wide])
            if head != 0x81 or self._kind or length > self._limit:
                # 0x81, one whole text, is the common frame; it needs no further check than its size
                self._check_header(head, length)
            stop = start + length
            if end < stop:
                self._need = stop - at
                break
            body = unmask(data[start:stop], data[start - 4 : start]) if length else b""
            at = stop
            if head == 0x81:
                messages.append(_text(body))
            else:
                self._take(head, body, messages)
        return at

    def _long_length(self, field: bytes) -> int:
        length = int.from_bytes(field)
        if length < (126 if len(field) == 2 else 65536):
            raise ProtocolError(PROTOCOL_ERROR, "a length is written in as few bytes as it needs")
        return length

    def _check_header(self, head: int, length: int) -> None:
        opcode, final = head & 15, head & 128
        if head & 0x70:
            raise ProtocolError(PROTOCOL_ERROR, "reserved bits are not in use")
        if opcode not in _OPCODES:
            raise ProtocolError(PROTOCOL_ERROR, "unknown opcode")
        if opcode & 8:
            if not final or length > _MAX_CONTROL:
                raise ProtocolError(
                    PROTOCOL_ERROR, "a control frame is whole and has at most 125 bytes"
                )
            return
        if bool(opcode) == bool(self._kind):
            raise ProtocolError(PROTOCOL_ERROR, "a fragment without its message")
        if self._size + length > self._limit:
            raise ProtocolError(TOO_BIG, f"a message has at most {self._limit} bytes")

    def _take(self, head: int, body: bytes, messages: list[Message]) -> None:
        opcode = head & 15
        if opcode & 8:
            messages.append(self._control(opcode, body))
            return
        if opcode:
            self._kind, self._pieces = opcode, 0
        self._pieces += 1
        if self._pieces > MAX_FRAGMENTS:
            raise ProtocolError(
                POLICY_VIOLATION, f"a message has at most {MAX_FRAGMENTS} fragments"
            )
        if body:  # fragments without content are legal, and must not pile up
            self._fragments.append(body)
            self._size += len(body)
        if head & 128:
            whole, kind = b"".join(self._fragments), self._kind
            self._fragments.clear()
            self._size = self._kind = 0
            messages.append(_text(whole) if kind == _TEXT else whole)

    def _control(self, opcode: int, body: bytes) -> Message:
        if opcode == _PING:
            return Ping(body)
        if opcode == _PONG:
            return Pong(body)
        self._closed = True
        if not body:
            return Close(NO_STATUS, "")
        code = struct.unpack_from("!H", body)[0] if len(body) > 1 else 0
        if not (3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in {1004, 1005, 1006})):
            raise ProtocolError(PROTOCOL_ERROR, "not a close code")
        return Close(code, _text(body[2:]))


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ProtocolError(INVALID_TEXT, "text is UTF-8") from None
