from __future__ import annotations

import contextlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.errors import ChatError
from chatapp.services.person_names import key, keys, shown

LOOK_LIKE_ALICE = [
    "ALICE",
    "Ａｌｉｃｅ",
    "Аliсe",  # Cyrillic А and с
    "AIice",  # a capital I
    "A1ice",
    "𝐀𝐥𝐢𝐜𝐞",
    "Al\u200bice",
    "Al\u00adice",
    "Al\ufeffice",
    "Alice\u3164",
    "\u2066Alice\u2069",
    "Ali\u0307ce",
    "\u0251lice",  # of the phonetic alphabet
    "\u1d00\u029f\u026a\u1d04\u1d07",  # small capitals
    "\u13aa\u13de\u0406\u13df\u13ac",  # Cherokee
    "\ua4ee\ua4e1\ua4f2\ua4da\ua4f0",  # Lisu
    "\u2c81li\u2ca5\u2c89",  # Coptic
    "A\u0332l\u0338ice",  # lines under and through letters
]


@pytest.mark.parametrize("name", LOOK_LIKE_ALICE)
def test_names_that_look_alike_have_one_key(name: str) -> None:
    assert key(shown(name)) == key("Alice")


@pytest.mark.parametrize("name", ["Alicia", "Alicé", "Bob", "앨리스", "Al ice", "Alice2"])
def test_names_that_look_different_have_different_keys(name: str) -> None:
    assert key(shown(name)) != key("Alice")


def test_a_name_whose_letters_are_turned_round_also_claims_what_it_looks_like() -> None:
    assert key("Alice") in keys("\u202eecilA")
    assert key("Alice") not in keys("ecilA")


@given(st.text(max_size=20))
def test_the_key_of_a_key_is_the_key(name: str) -> None:
    assert key(key(name)) == key(name)


@given(st.text(max_size=60))
def test_what_is_shown_is_visible_and_is_shown_the_same_again(name: str) -> None:
    with contextlib.suppress(ChatError):
        name = shown(name)
        check_shown(name)


def check_shown(seen: str) -> None:
    assert 1 <= len(seen) <= 64
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in seen)
    assert shown(seen) == seen


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("  Mina   Kwon ", "Mina Kwon"),
        ("김지민", "김지민"),
        ("👩\u200d💻 Mina", "👩\u200d💻 Mina"),
        ("x" * 40, "x" * 40),
        ("<b>", "<b>"),
        ("Cafe\u0301", "Café"),
        ("\u202eecilA", "ecilA"),
    ],
)
def test_a_name_is_shown_without_what_nobody_sees(name: str, seen: str) -> None:
    assert shown(name) == seen


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 41,
        "a\nb",
        "\x1b[31mred",
        "a\0b",
        "\u200b",
        "\u0301",
        "e" + "\u0301" * 70,
        "\ud800",
    ],
)
def test_what_is_no_name_is_told_what_is_allowed(name: str) -> None:
    with pytest.raises(ChatError, match="1 to 40 visible characters") as refused:
        shown(name)
    assert refused.value.code == "bad_request"


def test_the_assistants_name_is_its_own_key() -> None:
    assert key("assistant") == "assistant"
    assert key("ASSlSTANT") == "assistant"
