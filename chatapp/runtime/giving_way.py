"""The processor, given up for a thread that the loop waits for.

A loop that always has something to do starves its own threads where they share a processor: who was handed work comes to
run only when the kernel takes the processor away from the loop (3 ms and more), needs the interpreter then, and both once
more when the disk has answered. So while such a thread works, the loop gives the processor up once in each turn that would
not wait anyway. That costs 2 µs when nobody wants it, and nothing while no thread works. And a thread that has its answer
from the disk is given the interpreter in the middle of a turn.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from . import loop

# So long a thread that wants the interpreter waits before the loop has to hand it over, in seconds. By default it is 5 ms:
# a turn of a busy loop is shorter, so it was always the whole turn.
SWITCH_S = 0.0001


class GivingWay:
    """What the loop knows of its threads' work. On eventlet; on threads the kernel sees to it, and on gevent it is not done."""

    def __init__(self) -> None:
        self._working = 0
        self._installed = False

    @property
    def owed(self) -> bool:
        """Whether a thread works for the loop, as far as the loop knows."""
        return self._working > 0

    def started(self) -> None:
        """Work was handed to a thread, which somebody in the loop waits for. Call it on the loop."""
        if loop.name() == "eventlet":
            self._working += 1
            if not self._installed:
                self._installed = True
                self._install()

    def finished(self) -> None:
        """The loop has the result. Call it on the loop, once for each started()."""
        if loop.name() == "eventlet":
            self._working -= 1

    def now(self) -> None:
        """Give the processor up if it is owed: for between two pieces of a long turn."""
        if self._working:
            os.sched_yield()

    def _install(self) -> None:
        from eventlet import hubs

        sys.setswitchinterval(SWITCH_S)
        hub: Any = hubs.get_hub()
        wait = hub.wait

        def give_way_and_wait(seconds: float | None = None) -> None:
            if self._working and seconds is not None and seconds <= 0:
                os.sched_yield()
            wait(seconds)

        hub.wait = give_way_and_wait


giving_way = GivingWay()
