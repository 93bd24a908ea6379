"""Who is mentioned: names after @, particles allowed, code and quotes not read."""

from __future__ import annotations

import time

import pytest

from chatapp.payloads import MentionSpan, User
from chatapp.services.mentions import MAX_NAMES, signs
from chatapp.store.naming import fold, spans

MEMBERS = [
    User("assistant", "assistant", "assistant"),
    User("demo", "데모", "assistant"),
    User("mina", "Mina", "person"),
    User("minakwon", "Mina Kwon", "person"),
]


def find(body: str, members: list[User]) -> list[MentionSpan]:
    return spans(1, signs(body), {(1, fold(user.name)): user.id for user in members})


@pytest.mark.parametrize(
    ("body", "mentioned"),
    [
        ("@assistant hello", ["assistant"]),
        ("hello @Assistant", ["assistant"]),
        ("@데모야 조건만 정리해 줘", ["demo"]),
        ("우리@데모 는", ["demo"]),
        ("(@Mina)", ["mina"]),
        ("@Mina Kwon and @mina", ["minakwon", "mina"]),
        ("@Minas", []),
        ("a@mina.io", []),
        ("@nobody", []),
        ("`@assistant`", []),
        ("```\n@assistant\n```\n@mina", ["mina"]),
        ("> @assistant said\n@mina", ["mina"]),
        ("@assistant, @assistant!", ["assistant", "assistant"]),
        ("@", []),
        ("@ mina", []),
        ("@Mina  Kwon", ["mina"]),
        ("@Mina\nKwon", ["mina"]),
        ("@mina@assistant", ["mina"]),
        ("@mina `x` @데모", ["mina", "demo"]),
        ("> quoted\n@mina\n> @데모", ["mina"]),
    ],
)
def test_mentions(body: str, mentioned: list[str]) -> None:
    assert [span.user_id for span in find(body, MEMBERS)] == mentioned


def test_offsets_count_code_points() -> None:
    (span,) = find("👍🏽 안녕 @데모야", MEMBERS)
    body = "👍🏽 안녕 @데모야"
    assert body[span.start : span.start + span.length] == "@데모"


def test_a_flood_of_signs_costs_little() -> None:
    crowd = [User(str(n), f"{'가나다라' * 9}{n}", "person") for n in range(1000)]
    started = time.process_time()
    for body in (" @" * 2000, "@" + "가" * 3999, " @가나다라가나다라" * 400):
        assert find(body, crowd) == []
        assert sum(len(sign.names) for sign in signs(body)) <= MAX_NAMES + 64
    assert time.process_time() - started < 1.0
