"""The head of a request, judged before the runtime's own server parses it; and bodies that come in chunks.

Each of the servers is lenient in its own way: lengths given twice or as `+5`, names with a space, lines that end anywhere, a
lone CR. What a proxy in front reads otherwise than we do is a second request that nobody asked for, with somebody else's
connection around it. So there is one reading here, and what has two is refused and the connection ended.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from typing import Protocol

MAX_LINE = 8_192
MAX_HEAD = 32_768
MAX_LINES = 100
MAX_CHUNK_LINE = 256
# Of a body that nobody wants so much is read, so that the client comes to our answer.
MOST_LEFT = 32 << 20
PIECE = 16 << 10

_FIRST = re.compile(rb"[A-Z]{1,20} [!-~\x80-\xff]+ HTTP/1\.([01])\r\n")
# No two parts of an expression may match the same blanks: a line of 8 KB would take it minutes to refuse.
_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)\r\n")
_HOST = re.compile(rb"[0-9A-Za-z._~%!$&'()*+,;=:\[\]-]*")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t -~\x80-\xff]*)?\r\n")
# What decides where a request ends, whom it is for and whose it is.
_ONCE = frozenset({b"host", b"content-length", b"transfer-encoding", b"origin", b"authorization"})

_ANSWER = (
    "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'\r\nContent-Length: {length}\r\n\r\n{body}"
)


class Reader(Protocol):
    """The bytes of a connection."""

    def readline(self, size: int, /) -> bytes: ...
    def read(self, size: int, /) -> bytes: ...


class Refused(ValueError):
    """The head has no reading, or more than one."""

    def __init__(self, why: str, status: str = "400 Bad Request") -> None:
        super().__init__(why)
        self.status = status

    def answer(self) -> bytes:
        """What the client is told; the connection ends behind it."""
        body = f'{{"error":{{"code":"bad_request","message":"{self}"}}}}'
        return _ANSWER.format(status=self.status, length=len(body), body=body).encode()


class BadChunk(ValueError):
    """The body is not in chunks as it should be: nobody knows where the next request begins."""


def read(reader: Reader, first: bytes) -> io.BytesIO:
    """The headers behind the request line `first`, and the empty line, for the server to parse. Raises Refused."""
    request = _FIRST.fullmatch(first)
    if request is None:
        raise Refused("The request line is none.")
    lines: list[bytes] = []
    said: dict[bytes, bytes] = {}
    size = 0
    while (line := reader.readline(MAX_LINE)) != b"\r\n":
        size += len(line)
        if len(line) == MAX_LINE or size > MAX_HEAD or len(lines) == MAX_LINES:
            raise Refused("The headers are too long.", "431 Request Header Fields Too Large")
        header = _LINE.fullmatch(line)
        if header is None:
            raise Refused("A header is none.")
        name = header[1].lower()
        if name in _ONCE:
            if name in said:
                raise Refused("A header comes twice that has one meaning.")
            said[name] = header[2].strip(b" \t")
        lines.append(line)
    _check(said, http_1_1=request[1] == b"1")
    return io.BytesIO(b"".join([*lines, line]))


def _check(said: dict[bytes, bytes], *, http_1_1: bool) -> None:
    host, length, coding = (said.get(n) for n in (b"host", b"content-length", b"transfer-encoding"))
    if (host is None and http_1_1) or not _HOST.fullmatch(host or b""):
        raise Refused("The host is missing, or none.")
    if length is not None and not _LENGTH.fullmatch(length):
        raise Refused("Content-Length is no number.")
    if coding is not None and (length is not None or not http_1_1 or coding.lower() != b"chunked"):
        raise Refused("How long the body is can be read in two ways.")


def discard(read: Callable[[int], bytes]) -> bool:
    """Read what the application left of a body, which read(size) brings. False when it does not come to an end: then the
    next request cannot be found."""
    left = MOST_LEFT
    with contextlib.suppress(BadChunk, OSError):
        while left > 0:
            piece = read(PIECE)
            if not piece:
                return True
            left -= len(piece)
    return False


class Chunks:
    """A body in chunks, to its end and not a byte further."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._left = 0  # of the chunk that is being read
        self._over = self._failed = False

    def read(self, size: int | None = None) -> bytes:
        """So many bytes, fewer only at the end. Raises BadChunk, and from then on always."""
        pieces: list[bytes] = []
        wanted = -1 if size is None or size < 0 else size
        while wanted and not self._over:
            if not self._left and not self._begin():
                break
            piece = self._reader.read(self._left if wanted < 0 else min(self._left, wanted))
            if not piece:
                raise self._fault()
            pieces.append(piece)
            wanted -= len(piece) if wanted > 0 else 0
            self._left -= len(piece)
            if not self._left and self._reader.read(2) != b"\r\n":
                raise self._fault()
        return b"".join(pieces)

    def _begin(self) -> bool:
        """Whether there is another chunk."""
        if self._failed:
            raise self._fault()
        size = _CHUNK.fullmatch(self._reader.readline(MAX_CHUNK_LINE))
        if size is None:
            raise self._fault()
        self._left = int(size[1], 16)
        if self._left:
            return True
        # What may stand behind the last chunk is of no interest, but for its end.
        for _ in range(MAX_LINES):
            line = self._reader.readline(MAX_LINE)
            if line == b"\r\n":
                self._over = True
                return False
            if not _LINE.fullmatch(line):
                break
        raise self._fault()

    def _fault(self) -> BadChunk:
        self._failed, self._left = True, 0
        return BadChunk("the body is not in chunks")
