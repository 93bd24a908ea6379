"""The events of one client, one after the other."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from chatapp import runtime
from chatapp.runtime.crew import crew

log = logging.getLogger("chatapp.transport")

# This many items or letters waiting: the client is not read any further until fewer than LOW and LOW_SIZE wait.
FULL, FULL_SIZE = 128, 256 * 1024
LOW, LOW_SIZE = 32, 64 * 1024

# Items that one client may have handled before the others have their turn.
_SHARE = 4


_NOTHING = object()


def _by_crew(job: Callable[[], None], again: bool) -> None:
    if again:
        crew.go_on(job)
    else:
        crew.submit(job)


class Lane:
    """Handles items (with a length) strictly in the order in which they came, in at most one task, while the reader goes on.

    So a slow handler delays its own client's later events, but neither that client's pong nor anybody else. The
    reader asks `full` and then stops; `on_low` tells it to go on. One with a task of its own calls wait() instead.
    """

    __slots__ = (
        "_busy",
        "_handle",
        "_items",
        "_low",
        "_on_low",
        "_schedule",
        "_shut",
        "_size",
        "_was_full",
    )

    def __init__(
        self,
        handle: Callable[[Any], None],
        on_low: Callable[[], None],
        schedule: Callable[[Callable[[], None], bool], None] = _by_crew,
    ) -> None:
        """`schedule(job, again)` has the job run; `again`: after this client had its share."""
        self._handle = handle
        self._on_low = on_low
        self._schedule = schedule
        self._items: deque[Any] = deque()
        self._size = 0
        self._busy = False
        self._was_full = False
        self._low: runtime.Event | None = None
        self._shut = False

    def push(self, item: Any, *, last: bool = False) -> None:
        """Have `item` handled behind all others. After the `last` one nothing is taken any more."""
        with runtime.turn:
            if self._shut:
                return
            self._shut = last
            self._items.append(item)
            self._size += len(item)
            if self._busy:
                return
            self._busy = True
        self._schedule(self._drain, False)

    @property
    def full(self) -> bool:
        """Whether the reader should stop. If so, on_low() will be called."""
        with runtime.turn:
            if len(self._items) >= FULL or self._size >= FULL_SIZE:
                self._was_full = True
            return self._was_full

    def wait(self) -> None:
        """Return when the reader may go on."""
        while self.full:
            with runtime.turn:
                low = self._low = self._low or runtime.Event()
            low.wait(1)

    def _drain(self) -> None:
        for _ in range(_SHARE):
            with runtime.turn:
                low = self._was_full and len(self._items) < LOW and self._size < LOW_SIZE
                self._was_full = self._was_full and not low
                item: Any = self._items.popleft() if self._items else _NOTHING
                self._busy = item is not _NOTHING
                self._size -= len(item) if self._busy else 0
            if low:
                self._tell_low()
            if item is _NOTHING:
                return
            try:
                self._handle(item)
            except Exception:
                log.exception("an item of a client could not be handled")
        self._schedule(self._drain, True)

    def _tell_low(self) -> None:
        with runtime.turn:
            low, self._low = self._low, None
        if low is not None:
            low.set()
        self._on_low()
