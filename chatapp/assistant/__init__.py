"""Assistants: members of a room whose messages grow while they are written.

Above the services: they tell what was posted, and know nothing of who listens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .assistants import Assistants
from .providers import choose

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

__all__ = ["Assistants", "install"]


def install(chat: Chat) -> None:
    """Give the chat its assistants. Nothing runs before chat.start()."""
    assistants = Assistants(chat, choose(chat.settings))
    chat.assistants = assistants
    chat.relay.on_event(chat.streams.on_event)
    chat.draining.append(assistants.drain)
