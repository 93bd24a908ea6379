"""Telling who asked, and nobody else, that there will be no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from chatapp.errors import ChatError
from chatapp.payloads import Error, Refused, User
from chatapp.realtime import frames

if TYPE_CHECKING:
    from chatapp.services.chat import Chat


def tell(chat: Chat, asker: User, room: str, message_id: str, refusal: ChatError) -> None:
    """Have the asker told on all their devices why this message of the room stays without an answer."""
    retry = UNSET if refusal.retry_after is None else refusal.retry_after
    error = Error(refusal.code, refusal.message, retry, budget=refusal.budget or UNSET)
    packet = frames.event("refused", msgspec.json.encode(Refused(room, message_id, error)))
    chat.broadcast.user(asker.id, packet)
