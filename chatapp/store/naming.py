"""Who is meant by the name behind an @: looked up among the members of the room, however many they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence

import msgspec

from chatapp.payloads import MentionSpan

from .sql import Connection, Statement

MAX_MENTIONS = 50  # in one text

# The join order is given: from the few names to their bearers to their places, never from the room's members.
# Of several of one name it is the one who came last.
_BEARERS = Statement(
    "SELECT k.value ->> 0, u.mention_key, u.id FROM json_each(:wanted) AS k"
    " CROSS JOIN users u ON u.mention_key = k.value ->> 1"
    " CROSS JOIN memberships m ON m.room_id = k.value ->> 0 AND m.user_id = u.id ORDER BY m.joined_at",
    "SELECT m.room_id, u.mention_key, u.id FROM jsonb_array_elements(CAST(:wanted AS jsonb)) AS k (value)"
    " JOIN users u ON u.mention_key = k.value ->> 1"
    " JOIN memberships m ON m.room_id = CAST(k.value ->> 0 AS bigint) AND m.user_id = u.id ORDER BY m.joined_at",
)


class Sign(msgspec.Struct, frozen=True):
    """An @ in a text: its place in code points, and what may be a name behind it, the longest first.

    Each of `names` is the length of the mention, the @ included, and the folded name.
    """

    start: int
    names: tuple[tuple[int, str], ...]


def fold(text: str) -> str:
    """NFKC and case-folded, and the same again when folded twice."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).casefold()


def bearers(
    db: Connection, texts: Collection[tuple[int, Sequence[Sign]]]
) -> dict[tuple[int, str], str]:
    """The members of rooms whose names stand in texts: (room, folded name) → id. One look-up for all `texts`."""
    wanted = {
        (room_id, name) for room_id, signs in texts for sign in signs for _, name in sign.names
    }
    if not wanted:
        return {}
    rows = db.all(_BEARERS, wanted=msgspec.json.encode(wanted).decode())
    return {(row[0], row[1]): row[2] for row in rows}


def spans(
    room_id: int, signs: Sequence[Sign], found: Mapping[tuple[int, str], str]
) -> list[MentionSpan]:
    """The mentions in a text, in order: at each sign the longest name that somebody in the room bears."""
    mentions: list[MentionSpan] = []
    end = 0
    for sign in signs:
        if sign.start < end or len(mentions) == MAX_MENTIONS:
            continue
        for length, name in sign.names:
            user_id = found.get((room_id, name))
            if user_id is not None:
                mentions.append(MentionSpan(user_id, sign.start, length))
                end = sign.start + length
                break
    return mentions
