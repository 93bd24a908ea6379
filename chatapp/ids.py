"""Identifiers: random ones for people and sessions, places for messages. Opaque to every client."""

from __future__ import annotations

import base64
import os
import re

_MESSAGE_ID = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,17})")


def new_id() -> str:
    """16 characters of [a-z2-7], 80 random bits."""
    return base64.b32encode(os.urandom(10)).decode().lower()


def new_token() -> str:
    """A secret for a session: 43 URL-safe characters, 256 random bits."""
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


def message_id(room_id: int, seq: int) -> str:
    """The public id of the message at place `seq` of a room.

    A message is named by its place, which is its primary key: no second index, and no secret, since every look-up
    goes through the asker's memberships.
    """
    return f"{room_id}-{seq}"


def parse_message_id(text: str) -> tuple[int, int] | None:
    """(room_id, seq), or None when `text` was never an id of ours."""
    match = _MESSAGE_ID.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None
