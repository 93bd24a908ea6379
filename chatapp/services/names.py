"""Names of rooms and people in their canonical form."""

from __future__ import annotations

import re

from chatapp.errors import ChatError
from chatapp.store.naming import fold

SLUG_LENGTH = 64
ROOM_NAME_LENGTH = 80
DIRECT_PREFIX = "direct-"  # slugs that only the server gives

_SLUG = re.compile(r"[\w-]{1,64}")


def canonical_slug(text: str) -> str:
    """The one form of a room's slug. Raises ChatError `bad_request` that says what is allowed."""
    slug = fold(text.strip().removeprefix("#")) if len(text) <= 4 * SLUG_LENGTH else ""
    if not _SLUG.fullmatch(slug):
        raise ChatError(
            "bad_request",
            "A room name has 1 to 64 letters of any script, digits, hyphens and underscores.",
        )
    return slug


def new_room_slug(text: str) -> str:
    """canonical_slug() for a room that a person makes."""
    slug = canonical_slug(text)
    if slug.startswith(DIRECT_PREFIX):
        raise ChatError("bad_request", f"A room name cannot begin with {DIRECT_PREFIX!r}.")
    return slug


def room_name(text: str | None, default: str) -> str:
    """A room's shown name: one line, at most 80 code points."""
    name = " ".join((text or default).split())
    if not name or len(name) > ROOM_NAME_LENGTH or not name.isprintable():
        raise ChatError("bad_request", "A room's shown name has 1 to 80 visible characters.")
    return name
