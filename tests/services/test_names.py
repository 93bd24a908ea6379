"""Room names: one canonical form, and a clear answer to what cannot be one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.errors import ChatError
from chatapp.services.names import canonical_slug, new_room_slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("General", "general"),
        ("#General", "general"),
        ("배포-회의", "배포-회의"),
        ("배포", "배포"),
        ("ＡＢＣ", "abc"),
        ("Straße", "strasse"),
        ("a_b-1", "a_b-1"),
    ],
)
def test_a_slug_has_one_form(text: str, slug: str) -> None:
    assert canonical_slug(text) == slug


@pytest.mark.parametrize(
    "text", ["", "../etc", "a b", "😀", "x" * 65, "x" * 10_000, "a\0b", "a/b", "\u202eabc"]
)
def test_what_cannot_be_a_name_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ChatError, match="1 to 64 letters") as refusal:
        canonical_slug(text)
    assert refusal.value.code == "bad_request"


@given(st.text(max_size=70))
def test_the_canonical_form_is_idempotent(text: str) -> None:
    try:
        slug = canonical_slug(text)
    except ChatError:
        return
    assert canonical_slug(slug) == slug


def test_people_cannot_take_the_names_of_direct_rooms() -> None:
    with pytest.raises(ChatError):
        new_room_slug("direct-abc")
    assert new_room_slug("directly") == "directly"
