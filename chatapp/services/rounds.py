"""Going around: what hints may not have told is compared with the database, a page at a time, again and again."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Generic, TypeVar

from chatapp import runtime
from chatapp.realtime.bus import Bus

T = TypeVar("T")

log = logging.getLogger("chatapp.services")

EVERY_S = 5.0  # from the end of one round to the next
PAUSE_S = 0.2  # between two pages of a round


class Rounds(ABC, Generic[T]):
    """A task of its own. A round begins every few seconds, and when Redis is back; a page is one query, and bounded."""

    def __init__(self, bus: Bus) -> None:
        self._running = False
        self._wake = runtime.Event()
        bus.on_resubscribed(self._wake.set)

    def start(self) -> None:
        self._running = True
        runtime.spawn(self._watch)

    def stop(self) -> None:
        self._running = False
        self._wake.set()

    @abstractmethod
    def pages(self) -> Iterable[T]:
        """What is to be looked at in this round, as it is now."""

    @abstractmethod
    def look(self, page: T) -> None:
        """Compare one page with the database, and tell what was not told."""

    def _watch(self) -> None:
        while self._running:
            self._wake.wait(EVERY_S)
            self._wake.clear()
            self._round()

    def _round(self) -> None:
        for page in self.pages():
            if not self._running:
                return
            try:
                self.look(page)
            except Exception:
                log.warning("a page of a round could not be compared; trying on", exc_info=True)
            runtime.sleep(PAUSE_S)
