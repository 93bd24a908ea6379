"""Answers that nobody called for wait until the room is silent for a moment: a burst of messages gets one."""

from __future__ import annotations

import time
from collections.abc import Callable

from chatapp import runtime
from chatapp.services.messages import MessagePosted

from .policy import Summons

SILENCE_S = 1.5
PATIENCE_S = 15.0  # after which a room that is never silent is answered all the same

Ask = Callable[[MessagePosted, Summons], None]


class Bursts:
    """One per worker. Messages of one burst may be posted on several: that the last one is asked about is decided
    under the room's lock, where the others find that they are not the last."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._rooms: dict[
            int, tuple[float, runtime.Timer, int]
        ] = {}  # room -> (began, timer, latest)

    def add(self, posted: MessagePosted, summons: Summons) -> None:
        """The latest of a burst; asked about after the silence."""
        now = time.monotonic()
        with runtime.turn:
            began, earlier, _seq = self._rooms.get(posted.room_id, (now, None, 0))
            if earlier is not None:
                earlier.cancel()
            wait = max(0.0, min(SILENCE_S, began + PATIENCE_S - now))
            timer = runtime.call_later(wait, self._silent, posted, summons)
            self._rooms[posted.room_id] = (began, timer, posted.message.seq)

    def drop(self, room_id: int) -> None:
        """Somebody was called: what was said before is answered with it."""
        with runtime.turn:
            waiting = self._rooms.pop(room_id, None)
            if waiting is not None:
                waiting[1].cancel()

    def _silent(self, posted: MessagePosted, summons: Summons) -> None:
        with runtime.turn:
            waiting = self._rooms.get(posted.room_id)
            if waiting is None or waiting[2] != posted.message.seq:
                return
            del self._rooms[posted.room_id]
        self._ask(posted, summons)
