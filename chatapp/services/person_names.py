"""Names of people: how they are shown, and the key by which an account's name is its own."""

from __future__ import annotations

import unicodedata

from chatapp.errors import ChatError

from .confusables import skeleton

NAME_LENGTH = 40  # visible characters
MAX_CODE_POINTS = 64  # marks on letters counted: the width of the column
MAX_KEY = 128

RULE = f"A name has 1 to {NAME_LENGTH} visible characters: letters of any script, digits, spaces, signs."

# Drawn as nothing, though some count as letters (the Hangul fillers) or as marks.
_INVISIBLE = frozenset(
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0"
) | {
    chr(point)
    for first, last in ((0xFE00, 0xFE0F), (0xE0000, 0xE0FFF))
    for point in range(first, last + 1)
}
# Control characters, lone surrogates, private and unassigned ones, separators of lines.
_REFUSED = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# Turn the letters that follow them round.
_TURNING = frozenset("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
# Joins pictures to one; between letters it is as good as nothing.
_JOINER, _PICTURE = "\u200d", "\ufe0f"


def shown(text: str) -> str:
    """The name as everybody sees it: NFC, without what is invisible, single spaces.

    Raises ChatError `bad_request` that says what is allowed.
    """
    if len(text) > 4 * MAX_CODE_POINTS or any(unicodedata.category(c) in _REFUSED for c in text):
        raise ChatError("bad_request", RULE)
    name = " ".join(_visible(unicodedata.normalize("NFC", text)).split())
    kinds = [unicodedata.category(letter)[0] for letter in name]
    drawn = sum(kind not in "MC" for kind in kinds)
    if not drawn or drawn > NAME_LENGTH or len(name) > MAX_CODE_POINTS or len(key(name)) > MAX_KEY:
        raise ChatError("bad_request", RULE)
    return name


def _visible(text: str) -> str:
    kept: list[str] = []
    for at, letter in enumerate(text):
        if letter in (_JOINER, _PICTURE):
            if kept and unicodedata.category(text[at - 1]) in ("So", "Sk", "Cf", "Mn"):
                kept.append(letter)
        elif letter not in _INVISIBLE and unicodedata.category(letter) != "Cf":
            kept.append(letter)
    return "".join(kept)


def key(name: str) -> str:
    """The canonical form: equal for names that look alike or differ in case. The key of a key is the key."""
    drawn = (c for c in name if c not in _INVISIBLE and unicodedata.category(c) != "Cf")
    return skeleton("".join(drawn))


def keys(text: str) -> list[str]:
    """Every key that a name as typed lays claim to: with letters turned round it can also be read the other way."""
    claimed = [key(shown(text))]
    if not _TURNING.isdisjoint(text):
        claimed.append(key(shown(text)[::-1]))
    return claimed
