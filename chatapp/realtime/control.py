"""Commands between workers: a session ends, an answer is to stop. Each is looked up again by whoever missed it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from .bus import Bus, Kind

log = logging.getLogger("chatapp.realtime")

Handler = Callable[[dict[str, Any]], None]


class Control:
    """Sends a command to the other workers, and runs theirs here."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._handlers: dict[str, Handler] = {}
        bus.on(Kind.CONTROL, self._received)

    def on(self, do: str, handler: Handler) -> None:
        """`handler(fields)` runs on the loop for the command `do` of another worker. It does not wait."""
        self._handlers[do] = handler

    def tell(self, do: str, **fields: Any) -> None:
        """Have the handlers of `do` run on every other worker, soon, if all goes well."""
        self._bus.publish(Kind.CONTROL, do, msgspec.json.encode(fields))

    def _received(self, do: str, body: bytes) -> None:
        handler = self._handlers.get(do)
        if handler is None:
            return
        try:
            fields = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError:
            log.warning("command %r could not be read", do)
            return
        handler(fields)
