"""What letters look like: so that no two accounts have names that people cannot tell apart.

The idea is the skeleton of Unicode Technical Standard 39; the table is our own and short: letters of Cyrillic, Greek
and Armenian, digits and signs that common fonts draw like a Latin letter.
"""

from __future__ import annotations

import unicodedata

# Look-alikes, each row with the letter that stands for all of it. Capitals and small letters have each their own.
_ALIKE = {
    "a": "АаΑα",
    "b": "ВвΒЬь",
    "c": "СсϹϲ",
    "d": "Ԁԁժ",
    "e": "ЕеΕε",
    "f": "Ϝϝƒ",
    "g": "Ԍɡց",
    "h": "НнΗҺһհ",
    "i": "IΙІіӀӏιıl1|ǀ∣丨",
    "j": "ЈјͿյ",
    "k": "КкΚκ",
    "m": "МмΜ",
    "n": "Νηոռ",
    "o": "ОоΟοՕօ0○〇",
    "p": "РрΡρ",
    "q": "Ԛԛզ",
    "r": "гᴦ",
    "s": "ЅѕՏ",
    "t": "ТтΤτ",
    "u": "υսՍ",
    "v": "Ѵѵν",
    "w": "Ԝԝѡω",
    "x": "ХхΧχ",
    "y": "УуΥҮүγ",
    "z": "Ζᴢ",
    "3": "Зз",
    "6": "б",
    "-": "‐‒–—―−ー一_",
    "'": "’‘‛ʼʹ′`",
}
# Pairs that read as one letter; the dot above an i is there already.
_PAIRS = (("rn", "m"), ("vv", "w"), ("i\u0307", "i"), ("j\u0307", "j"))

_TABLE = {ord(letter): like for like, letters in _ALIKE.items() for letter in letters}


def skeleton(text: str) -> str:
    """The text that stands for all that look like `text`, in small letters; of a skeleton it is the same again."""
    while (drawn := _draw(text)) != text:
        text = drawn
    return text


def _draw(text: str) -> str:
    # Accents apart, so that the letter under them is seen; then together again.
    text = unicodedata.normalize("NFKD", text).translate(_TABLE).casefold().translate(_TABLE)
    for pair, letter in _PAIRS:
        text = text.replace(pair, letter)
    return unicodedata.normalize("NFKC", text)
