"""What letters look like: so that no two accounts have names that people cannot tell apart.

The idea is the skeleton of Unicode Technical Standard 39; the table is our own and short: letters of Cyrillic, Greek,
Armenian, Coptic, Cherokee and Lisu, small capitals, digits and signs that common fonts draw like a Latin letter.
"""

from __future__ import annotations

import unicodedata

# Look-alikes, each row with the letter that stands for all of it. Capitals and small letters have each their own.
_ALIKE = {
    "a": "АаΑαɑᴀᎪꓮⲀⲁ",
    "b": "ВвΒЬьʙᏴꓐⲂ",
    "c": "СсϹϲᴄᏟꓚⲤⲥ",
    "d": "ԀԁժᴅᎠꓓ",
    "e": "ЕеΕεᴇᎬꓰⲈⲉ℮",
    "f": "Ϝϝƒꜰꓝ",
    "g": "ԌɡցɢᏀꓖ",
    "h": "НнΗҺһհʜᎻꓧⲎ",
    "i": "IΙІіӀӏιıl1|ǀ∣丨ɪɩʟᏞꓡꓲⲒᎥ",
    "j": "ЈјͿյᴊᎫꓙ",
    "k": "КкΚκᴋᏦꓗⲔ",
    "m": "МмΜᴍᎷꓟⲘ",
    "n": "ΝηոռɴꓠⲚ",
    "o": "ОоΟοՕօ0○〇ᴏꓳⲞⲟഠ٥०০੦૦௦౦೦൦໐၀",
    "p": "РрΡρᴘᏢꓑⲢ",
    "q": "Ԛԛզ",
    "r": "гᴦʀᎡᏒꓣ",
    "s": "ЅѕՏꜱᏚꓢ",
    "t": "ТтΤτᴛᎢꓔⲦ",
    "u": "υսՍᴜꓴ",
    "v": "ѴѵνᴠᏙꓦ",
    "w": "ԜԝѡωᴡᏔᎳꓪ",
    "x": "ХхΧχꓫⲬ",
    "y": "УуΥҮүγʏꓬⲨ",
    "z": "ΖᴢᏃꓜ",
    "3": "Зз",
    "6": "б",
    "-": "‐‒–—―−ー一_",
    "'": "’‘‛ʼʹ′`",
}
# Pairs that read as one letter; the dot above an i is there already.
_PAIRS = (("rn", "m"), ("vv", "w"), ("i\u0307", "i"), ("j\u0307", "j"))

# Lines under, over and through a letter: it is the same letter.
_LINES = (
    "\u0305",
    "\u0332",
    "\u0333",
    *map(chr, range(0x334, 0x339)),
    *map(chr, range(0x20D0, 0x20F1)),
)

_TABLE: dict[int, str | None] = {
    ord(letter): like for like, letters in _ALIKE.items() for letter in letters
} | {ord(line): None for line in _LINES}


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
