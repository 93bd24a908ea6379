"""A numbered event on its way to the members of a room."""

from __future__ import annotations

from msgspec import Struct


class Numbered(Struct, frozen=True):
    """One change of a room, as clients are told of it.

    `seq` is the number of the change (of a message's event: its `changed_seq`), `event` is "message",
    "message_changed" or "room", `payload` the JSON object without `prev`, which the relay adds.
    """

    seq: int
    event: str
    payload: bytes
