"""What a socket did not take: frames that wait for it, and when there are too many. Pure: no socket in here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from .fanout import Batch, Out

# A client that is this many packets behind gets no more that can be dropped, then loses its connection: it resumes by
# number. One packet of any size may be under way; bytes count from the second one on.
DROP_PACKETS = 128
CLOSE_PACKETS = 256
CLOSE_BYTES = 1024 * 1024

_WRITE_BYTES = 256 * 1024


class Backlog:
    """Frames in the order in which they go out; the first may be the rest of one that has begun."""

    __slots__ = ("_bytes", "_frames")

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, out: Out, sent: int) -> None:
        """Queue what is left of `out` after its first `sent` bytes, but for what can be dropped when many wait."""
        for item in out:
            if type(item) is Batch:
                for frame in item.frames:
                    sent = self._add(frame, sent, item.droppable)
            elif type(item) is bytes:
                sent = self._add(item, sent, droppable=False)

    def _add(self, frame: bytes, sent: int, droppable: bool) -> int:
        if sent >= len(frame) > 0:
            return sent - len(frame)
        if sent:
            frame = frame[sent:]
        elif droppable and len(self._frames) >= DROP_PACKETS:
            return 0
        self._frames.append(frame)
        self._bytes += len(frame)
        return 0

    @property
    def overflows(self) -> bool:
        """Whether the client is too far behind to be kept."""
        frames = self._frames
        return len(frames) > CLOSE_PACKETS or (
            len(frames) > 1 and self._bytes - len(frames[0]) > CLOSE_BYTES
        )

    def keep_first(self) -> None:
        """Drop all but the frame that may have begun, which has to be finished."""
        first = self._frames[0]
        self._frames.clear()
        self._frames.append(first)
        self._bytes = len(first)

    def write(self, send: Callable[[bytes], int]) -> None:
        """Offer the first frames to `send`, which says how many bytes it took."""
        parts: list[bytes] = []
        size = 0
        while self._frames and size < _WRITE_BYTES:
            parts.append(self._frames.popleft())
            size += len(parts[-1])
        sent = send(b"".join(parts))
        self._bytes -= sent
        while parts and sent < size:  # give back what was not taken, the last frame first
            last = parts.pop()
            size -= len(last)
            self._frames.appendleft(last if size >= sent else last[sent - size :])
