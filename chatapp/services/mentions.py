"""Where a text mentions somebody: `@name`, not in code and not in quotes."""

from __future__ import annotations

import re
from bisect import bisect_right

from chatapp.store.naming import Sign, fold

MAX_SIGNS = 200  # of @ that are looked at in one text
MAX_NAMES = 1_000  # that are looked up for one text
LONGEST = 64  # code points of a name

# What is not read for mentions: fenced code, inline code, quoted lines.
_SILENT = re.compile(r"(?ms)^(```|~~~).*?(?:^\1|\Z)|(`+)[^\n]*?\2|^[ \t]*>[^\n]*")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
# What may follow a name: no letter, but for Hangul.
_AFTER = re.compile(r"[\W\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_AFTER_PLAIN = re.compile(r"\W", re.ASCII)  # the same of a text in ASCII
# What may be a name: words with single spaces between them.
_WORDS = re.compile(r"\S+(?: \S+)*")


def signs(body: str) -> list[Sign]:
    """The signs of a body that may name somebody, in order, with everything behind them that can be a name.

    Hangul may follow a name (particles), as other letters may not. The work is bounded whatever the text.
    """
    at = body.find("@")
    if at == -1:
        return []
    silent = _silent(body)
    found: list[Sign] = []
    names = 0
    for _ in range(MAX_SIGNS):
        if at == -1 or names >= MAX_NAMES:
            break
        if _opens(body, at) and not _within(silent, at):
            behind = _names(body, at)
            if behind:
                names += len(behind)
                found.append(Sign(at, behind))
        at = body.find("@", at + 1)
    return found


def _silent(body: str) -> list[tuple[int, int]]:
    # Most texts have none of these signs; the expression would look at every place of theirs.
    if "`" in body or ">" in body or "~~~" in body:
        return [match.span() for match in _SILENT.finditer(body)]
    return []


def _within(ranges: list[tuple[int, int]], at: int) -> bool:
    place = bisect_right(ranges, at, key=lambda each: each[0]) - 1
    return place >= 0 and at < ranges[place][1]


def _opens(body: str, at: int) -> bool:
    before = body[at - 1] if at else " "
    return not before.isalnum() or bool(_HANGUL.match(before))


def _names(body: str, at: int) -> tuple[tuple[int, str], ...]:
    # Folding may change a text's length, so every end counts, and not a length computed.
    words = _WORDS.match(body, at + 1, at + 1 + LONGEST)
    if words is None:
        return ()
    # One place further than the words, for what follows them.
    text = body[at + 1 : words.end() + 1]
    plain = text.isascii()  # then folding goes letter by letter, and one does for all names
    ends = [after.start() for after in (_AFTER_PLAIN if plain else _AFTER).finditer(text, 1)]
    if words.end() == len(body):
        ends.append(len(text))
    ends.reverse()
    if plain:
        text = fold(text)
        return tuple([(end + 1, text[:end]) for end in ends if text[end - 1] != " "])
    return tuple([(end + 1, fold(text[:end])) for end in ends if text[end - 1] != " "])
