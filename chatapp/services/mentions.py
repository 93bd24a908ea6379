"""Who is mentioned in a text: `@name`, not in code and not in quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatapp.payloads import MentionSpan, User

from .names import fold

MAX_MENTIONS = 50
MAX_SIGNS = 200  # of @ that are looked at in one text
LONGEST = 64  # code points behind an @ that are compared with names

# What is not read for mentions: fenced code, inline code, quoted lines.
_SILENT = re.compile(r"(?ms)^(```|~~~).*?(?:^\1|\Z)|(`+)[^\n]*?\2|^[ \t]*>[^\n]*")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")


def find(body: str, members: Iterable[User]) -> list[MentionSpan]:
    """The mentions in a body, in order; offsets in code points. The longest name wins, and Hangul may follow a name
    (particles), as other letters may not. The work does not grow with members × signs: names are looked up."""
    if "@" not in body:
        return []
    names = {fold(user.name): user.id for user in members}
    longest = min(LONGEST, 2 * max(map(len, names), default=0))
    silent = [match.span() for match in _SILENT.finditer(body)]
    found: list[MentionSpan] = []
    at = body.find("@")
    for _ in range(MAX_SIGNS):
        if at == -1 or len(found) == MAX_MENTIONS:
            break
        span = None
        if _opens(body, at) and not any(start <= at < end for start, end in silent):
            span = _match(body, at, names, longest)
        if span is not None:
            found.append(span)
        at = body.find("@", at + (span.length if span else 1))
    return found


def _opens(body: str, at: int) -> bool:
    before = body[at - 1] if at else " "
    return not before.isalnum() or bool(_HANGUL.match(before))


def _match(body: str, at: int, names: dict[str, str], longest: int) -> MentionSpan | None:
    # Folding may change a text's length, so every end is tried, from the longest, and not a length computed.
    for end in range(min(len(body), at + 1 + longest), at + 1, -1):
        after = body[end : end + 1]
        if after and (after.isalnum() or after == "_") and not _HANGUL.match(after):
            continue
        user_id = names.get(fold(body[at + 1 : end]))
        if user_id is not None:
            return MentionSpan(user_id, at, end - at)
    return None
