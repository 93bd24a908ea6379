"""Waiting the same time for many: pings, their answers, a first CONNECT."""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from chatapp import runtime

T = TypeVar("T")


class Patience(Generic[T]):
    """Calls `act(item)` about `delay` seconds after add(item).

    All wait equally long, so they are due in the order in which they came: one queue and one timer serve every
    socket, without a task for any of them. What no longer exists by then is left out.
    """

    def __init__(self, delay: float, act: Callable[[T], None]) -> None:
        self._delay = delay
        self._act = act
        self._waiting: deque[tuple[float, weakref.ref[T]]] = deque()
        self._timed = False
        # Those due within the same short time share one call of the timer.
        self._grain = min(0.25, delay / 100)

    def add(self, item: T) -> None:
        """Start to wait for one."""
        with runtime.turn:
            self._waiting.append((time.monotonic() + self._delay, weakref.ref(item)))
            if self._timed:
                return
            self._timed = True
        runtime.call_later(self._delay, self._due)

    def _due(self) -> None:
        now = time.monotonic()
        ready: list[T] = []
        with runtime.turn:
            while self._waiting and self._waiting[0][0] <= now:
                item = self._waiting.popleft()[1]()
                if item is not None:
                    ready.append(item)
            wait = self._waiting[0][0] - now if self._waiting else None
            self._timed = wait is not None
        if wait is not None:
            runtime.call_later(max(wait, self._grain), self._due)
        for item in ready:
            self._act(item)
