"""Pauses of tasks that do a little again and again: they come back a few in a turn of the loop, behind everything else."""

from __future__ import annotations

import heapq
import time
from typing import Any

from . import loop
from .giving_way import giving_way

# Those that come back are given so much of a turn together, in seconds; one of them at least. Less while somebody waits for
# what a thread does: its result comes with the next turn.
_TURN_S = 0.0005
_SHORT_TURN_S = 0.0001

# The loop does not turn for them more often than this, in seconds: those that are due by then come back together.
_GRID_S = 0.001


class Pacing:
    """Two hundred answers that grow every 50 ms would wake the loop up 4,000 times a second, and those that are due
    together would have it to themselves. On eventlet one timer serves all of them, and who talks comes in between."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Any]] = []
        self._count = 0
        self._timer: Any = None  # set while somebody waits
        self._timer_at = 0.0

    def pause(self, seconds: float) -> None:
        """Wait for at least `seconds`, and until the loop has time."""
        if loop.name() != "eventlet":
            loop.sleep(seconds)
            return
        from eventlet import hubs
        from eventlet.support import greenlets

        self._count += 1
        entry = [greenlets.getcurrent()]
        now = time.monotonic()
        heapq.heappush(self._due, (now + seconds, self._count, entry))
        if self._timer is None or self._timer_at > now + seconds + _GRID_S:
            self._wake_in(now, seconds)
        try:
            hubs.get_hub().switch()
        finally:
            entry.clear()

    def _wake_in(self, now: float, seconds: float) -> None:
        from eventlet import hubs

        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = now + seconds
        self._timer = hubs.get_hub().schedule_call_global(seconds, self._come_back)

    def _come_back(self) -> None:
        # In the loop. switch() comes back when that task waits again.
        due = self._due
        began = now = time.monotonic()
        self._timer_at = began  # whoever pauses in here needs no timer of its own
        until = began + (_SHORT_TURN_S if giving_way.owed else _TURN_S)
        try:
            while due and due[0][0] <= began and now < until:
                _at, _number, entry = heapq.heappop(due)
                if entry:
                    entry[0].switch()
                    now = time.monotonic()
        finally:
            self._timer = None
            if due:
                wait = due[0][0] - now
                self._wake_in(now, max(_GRID_S, wait) if wait > 0 else 0.0)


pause = Pacing().pause
