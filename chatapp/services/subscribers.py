"""What has to go up goes by subscription: lower layers tell, create_app decides who listens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger("chatapp.services")


class Subscribers(Generic[T]):
    """A list of callables that are told of something, one after the other; one that fails does not stop the rest."""

    def __init__(self) -> None:
        self._subscribers: list[Callable[[T], None]] = []

    def subscribe(self, subscriber: Callable[[T], None]) -> None:
        self._subscribers.append(subscriber)

    def publish(self, event: T) -> None:
        """Tell everyone. Subscribers do not wait: what takes long they start as a task."""
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception:
                log.exception("a subscriber failed")
