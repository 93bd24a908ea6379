"""HTTP's chunked encoding, taken off all that is at hand at once: a model sends each word as a chunk of its own."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import IncompleteRead, LineTooLong
from io import BufferedReader

from .wire import BUFFER

MAX_LINE = 1 << 16  # of a chunk's head, or of a trailer


def read(file: BufferedReader) -> Iterator[bytes]:
    """What a chunked body carries, from the first chunk's head on: as much as one read of the network gave, at a time.

    Ends behind the body's end, having read no further. Raises http.client.HTTPException for a body that is cut off or framed wrongly.
    """
    left = 0  # of the chunk that has begun, with the line's end behind it
    rest = b""
    while data := file.read1(BUFFER):
        if rest:
            data, rest = rest + data, b""
        parts = []
        at, size = 0, len(data)
        while True:
            end = at + left
            if end > size:
                parts.append(data[at : max(end - 2, 0)])
                left = end - size
                break
            if left:
                parts.append(data[at : max(end - 2, 0)])
            at = data.find(b"\n", end) + 1
            if not at:
                rest, left = data[end:], 0
                break
            left = _size(data[end:at]) + 2
            if left == 2:
                yield b"".join(parts)
                _skip_trailers(file, data[at:])
                return
        if len(rest) > MAX_LINE:
            raise LineTooLong("chunk size")
        if found := b"".join(parts):
            yield found
    raise IncompleteRead(b"")


def _size(head: bytes) -> int:
    try:
        size = int(head, 16)
    except ValueError:  # it names extensions, or is none
        try:
            size = int(head.partition(b";")[0], 16)
        except ValueError:
            size = -1
    if size < 0:
        raise IncompleteRead(b"")
    return size


def _skip_trailers(file: BufferedReader, data: bytes) -> None:
    """Until the blank line; some servers end without it."""
    while True:
        line, found, data = data.partition(b"\n")
        if not found:
            line += file.readline(MAX_LINE)
            if len(line) >= MAX_LINE:
                raise LineTooLong("trailer line")
            if not line:
                return
        if not line.strip():
            return
