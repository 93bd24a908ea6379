"""What a client may send that asks for nothing: pings, pongs nobody waits for, packets about the connection itself.

None of it is an event, so no limit of rate counts it, and each costs the loop as much as a small event does.
"""

from __future__ import annotations

import time

# So many in so many seconds no client sends that wants to chat.
MOST = 100
PER_S = 10.0


class Chatter:
    """Of one connection."""

    __slots__ = ("_count", "_since")

    def __init__(self) -> None:
        self._count = 0
        self._since = time.monotonic()

    def too_much(self) -> bool:
        """Count one more. Whether the connection shall end."""
        self._count += 1
        if self._count <= MOST:
            return False
        now = time.monotonic()
        if now - self._since < PER_S:
            return True
        self._count, self._since = 1, now
        return False
