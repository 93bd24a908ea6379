"""A reaction is one emoji, and counts with all that look the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatapp.errors import ChatError
from chatapp.services.emoji import one_emoji
from tests.support.node import FRONTEND

DATA = FRONTEND / "node_modules" / "emoji-picker-element-data" / "en" / "cldr" / "data.json"


def offered() -> list[str]:
    """Every emoji of the list in the interface, in all tones of skin."""
    data: list[dict[str, Any]] = json.loads(DATA.read_text())
    return [part["emoji"] for one in data for part in (one, *one.get("skins", []))]


def test_every_emoji_that_we_offer_is_taken() -> None:
    assert len(offered()) > 3_000
    for emoji in offered():
        kept = one_emoji(emoji)
        assert kept.replace("\ufe0f", "") == emoji.replace("\ufe0f", "")
        assert one_emoji(kept) == kept


def test_spellings_of_one_emoji_are_one() -> None:
    for emoji in offered():
        assert one_emoji(emoji.replace("\ufe0f", "")) == one_emoji(emoji)
    assert one_emoji("\u2764\ufe0e") == one_emoji("\u2764") == "\u2764\ufe0f"
    assert one_emoji("\U0001f44d\ufe0f") == "\U0001f44d"
    assert one_emoji("1\u20e3") == "1\ufe0f\u20e3"


@pytest.mark.parametrize(
    "text",
    ["👍👍", "👍❤️", "👍 ", " 👍", "a", "5", "#", "<b>", "👍a", "🇰", "🇰🇷🇰🇷", "\u200d", "👍\u200d", "\ufe0f",
     "👍\n", "가", "¤", "👍🏻🏻", "🏴\U000e0067", "👩\u200d" * 5 + "👩", "\U000e0041", "ㅋ", "--", "*"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ChatError) as refusal:
        one_emoji(text)
    assert refusal.value.code == "bad_request"


@pytest.mark.parametrize("emoji", ["👩‍❤️‍💋‍👨", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇰🇷", "👍🏽", "👁️‍🗨️", "©️", "🫩"])
def test_joined_pictures_flags_and_tones_are_one_emoji(emoji: str) -> None:
    assert one_emoji(emoji) == emoji
