"""Typing: told to the others in the room, stored nowhere, ended by itself."""

from __future__ import annotations

import msgspec

from chatapp import runtime
from chatapp.payloads import TypingEvent, User

from . import frames
from .broadcast import Broadcast

LASTS_SECONDS = 3.0  # without a repetition; receivers count the same by themselves


class Typing:
    """Who types where, on this worker."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._timers: dict[tuple[int, str], runtime.Timer] = {}

    def tell(self, room_id: int, slug: str, user: User, typing: bool) -> None:
        """`user` types in the room, or stopped. Goes to all connections there but the user's own."""
        key = (room_id, user.id)
        with runtime.turn:
            timer = self._timers.pop(key, None)
            if timer is not None:
                timer.cancel()
            elif not typing:
                return  # nobody thinks they do
            if typing:
                self._timers[key] = self._expire_later(room_id, slug, user)
            packet = frames.event("typing", msgspec.json.encode(TypingEvent(slug, user, typing)))
            self._broadcast.room(room_id, packet, except_user=user.id)

    def _expire_later(self, room_id: int, slug: str, user: User) -> runtime.Timer:
        def expire() -> None:
            with runtime.turn:
                # On threads a timer may fire in the moment in which it is cancelled.
                if self._timers.get((room_id, user.id)) is timer:
                    self.tell(room_id, slug, user, typing=False)

        timer = runtime.call_later(LASTS_SECONDS, expire)
        return timer
