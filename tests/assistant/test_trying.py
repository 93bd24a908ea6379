"""The "Test" of the settings page: who may, what it costs, what it says, and what it never says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from chatapp.assistant import allowance, check, trying
from chatapp.errors import ChatError
from chatapp.payloads import assistants as shapes
from tests.assistant.office import Office, Person
from tests.openai_server import OpenAIServer, behaviours

SENTENCES = (
    Path(__file__).parents[2]
    / "frontend"
    / "src"
    / "ui"
    / "assistants"
    / "settings"
    / "findings.ts"
)


def tried(person: Person, **wanted: str) -> list[shapes.Finding]:
    return person.office.assistants.trying.try_out(
        person.user, "tea", shapes.TryProvider(**wanted)
    ).findings


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(ChatError) as refusal:
        act()
    return refusal.value.code


def counted(prompt: int) -> behaviours.Behaviour:
    return behaviours.stream(
        *behaviours.words("one two three"),
        behaviours.chunk({}, "stop"),
        behaviours.usage(prompt, 3),
        behaviours.DONE,
    )


def test_an_owner_learns_what_a_provider_does_and_pays_for_it(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    ai.will(counted(30), counted(60))
    found = tried(alice)
    assert [(one.mark, one.code) for one in found] == [
        ("ok", "has_model"),
        ("ok", "answers"),
        ("ok", "counts_tokens"),
        ("note", "tools_off"),
    ]
    budgets = allowance.of_room(office.chat, office.assistants.purse, alice.user, "tea").budgets
    assert [budget.tokens_used for budget in budgets] == [96, 96, 96]


def test_another_model_is_tried_if_it_is_the_one_that_is_wanted(
    ai: OpenAIServer, alice: Person
) -> None:
    found = tried(alice, model="larger")
    assert (found[0].code, found[0].params["model"]) == ("other_models", "larger")
    assert {request["body"]["model"] for request in ai.requests} == {"larger"}


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (
            behaviours.refusal(401, "invalid_api_key", "Incorrect API key: sk-canary-1234"),
            "ai_misconfigured",
        ),
        (behaviours.refusal(404, "model_not_found"), "ai_model_missing"),
        (behaviours.refusal(429, "rate_limit_exceeded", retry_after="42"), "ai_busy"),
        (behaviours.cut("half an"), "ai_incomplete"),
    ],
)
def test_what_is_wrong_is_a_code_and_nothing_of_the_providers_own_words(
    ai: OpenAIServer, alice: Person, behaviour: behaviours.Behaviour, code: str
) -> None:
    ai.will(behaviour)
    found = tried(alice)
    assert (found[-1].mark, found[-1].code) == ("wrong", code)
    said = json.dumps([one.params for one in found])
    assert "canary" not in said
    assert ai.base_url not in said
    assert "127.0.0.1" not in said


def test_only_who_may_set_assistants_up_tries_a_provider(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    bob, eve = office.person("Bob"), office.person("Eve")
    bob.join()
    assert refused(lambda: tried(bob)) == "forbidden"
    assert refused(lambda: tried(eve)) == "not_found"
    assert refused(lambda: tried(alice, provider="secret")) == "bad_request"
    assert ai.requests == []
    office.execute(f"UPDATE users SET is_admin = true WHERE id = '{bob.user.id}'")
    assert tried(bob)[0].mark == "ok"


def test_it_counts_like_questions(
    ai: OpenAIServer, offices: Callable[..., Office], still: None
) -> None:
    office = offices(rate_limits="on")
    owner = office.person("Alice")
    owner.join()
    for _ in range(6):
        tried(owner, provider="")
    asked = len(ai.requests)
    assert refused(lambda: tried(owner)) == "rate_limited"
    assert len(ai.requests) == asked


def test_one_that_never_answers_is_given_up_and_cut_off(
    ai: OpenAIServer, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "PATIENCE_S", 0.3)
    ai.will(behaviours.silent())
    assert tried(alice)[-1].code == "slow"
    assert ai.wait(0, "closed"), "nobody waits on"


def test_the_demo_says_what_it_is(ai: OpenAIServer, alice: Person) -> None:
    assert [one.code for one in tried(alice, provider="demo")] == ["demo"]
    assert ai.requests == []


def test_every_finding_has_its_sentence_on_the_page_and_at_the_console() -> None:
    english, korean = SENTENCES.read_text().split("export const ko")
    for text in (english, korean):
        on_the_page = set(re.findall(r"^  (\w+):", text, re.MULTILINE))
        at_the_console = {code for code in check._WORDS if "window" not in code}
        assert at_the_console == on_the_page - {"demo", "slow", "internal"}
    source = (Path(check.__file__).parent / "trial.py").read_text()
    made = set(re.findall(r'Finding\("(?:ok|note|wrong)", "(\w+)"', source))
    assert len(made) > 15
    assert made <= set(check._WORDS)
