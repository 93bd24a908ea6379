"""What a person reads when a model fails: one sentence for each way, in their own language, and what they can do."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.openai_server import OpenAIServer, behaviours
from tests.support.server import Server

from .conftest import Visit
from .screen import Visitor

pytestmark = pytest.mark.browser

BROKEN = ("The answer broke off.", "답변이 끊겼습니다.")
UNANSWERED = (
    "The model did not answer. Try again.",
    "모델이 응답하지 않습니다. 다시 시도하세요.",
)
WRONG = (
    "Not set up correctly. An admin can fix it.",
    "설정이 잘못되었습니다. 관리자에게 알려 주세요.",
)
MISSING = (
    "Model not found. An admin can choose another.",
    "모델이 없습니다. 관리자가 바꿀 수 있습니다.",
)
# Of ten minutes: the seconds that are left are counted.
BUSY = (
    re.compile(r"The model is busy\. Try again in 5\d\d s\."),
    re.compile(r"모델이 바쁩니다\. 5\d\d초 뒤 다시 시도하세요\."),
)
USED_UP = (
    "The provider account is used up. An admin can help.",
    "제공자 한도를 다 썼습니다. 관리자에게 알려 주세요.",
)
TOO_LONG = (
    "Too long for the model. Write it shorter, or in parts.",
    "모델에 보내기에는 너무 깁니다. 줄이거나 나누어 쓰세요.",
)

# How often the server asks before it gives up, what each time comes back, the text that stays, and what is said.
ROWS = {
    "a wrong key": (1, behaviours.refusal(401), "", WRONG),
    "a forbidden model": (1, behaviours.refusal(403), "", WRONG),
    "no such model": (1, behaviours.refusal(404, "model_not_found"), "", MISSING),
    "too many requests": (
        1,
        behaviours.refusal(429, "rate_limit_exceeded", retry_after="600"),
        "",
        BUSY,
    ),
    "an empty account": (1, behaviours.refusal(429, "insufficient_quota"), "", USED_UP),
    "a window that is set too large": (
        2,
        behaviours.refusal(400, "context_length_exceeded"),
        "",
        WRONG,
    ),
    "nobody there": (3, behaviours.reset(), "", UNANSWERED),
    "a fault of theirs": (3, behaviours.refusal(500), "", UNANSWERED),
    "a portal's page": (1, behaviours.html(), "", BROKEN),
    "a cut": (1, behaviours.cut("half an answer"), "half an answer", BROKEN),
    "a reset": (1, behaviours.reset("half an answer"), "half an answer", BROKEN),
    "a fault in the middle": (
        1,
        behaviours.error_in_stream("half an answer"),
        "half an answer",
        BROKEN,
    ),
    "a chunk that is no JSON": (1, behaviours.bad_json("half an answer"), "half an", BROKEN),
}


def latest(someone: Visitor) -> Locator:
    return someone.page.locator("article.msg.ai").last


def sees_the_end(someone: Visitor, text: str, sentence: str | re.Pattern[str]) -> None:
    answer = latest(someone)
    expect(answer.locator(".broken")).to_contain_text(sentence)
    if text:
        expect(answer.locator(".text")).to_contain_text(text)
    else:
        expect(answer.locator(".text")).to_have_count(0)
    expect(answer.locator(".thinking, .stop, .cursor")).to_have_count(0)


def test_each_failure_of_a_model_has_its_sentence_in_both_languages_and_a_way_on(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    mina = visit(ai_server, "민아", room, locale="ko-KR")  # first in the room: it is hers
    bora = visit(ai_server, "Bora", room)
    other = visit(ai_server, "Otto", room)
    for name, (times, behaviour, text, (english, korean)) in ROWS.items():
        model.will(*[behaviour] * times)
        bora.sends(f"@assistant {name}")
        mina.row(name)
        expect(mina.page.locator("article.msg.ai")).to_have_count(list(ROWS).index(name) + 1)
        for someone, sentence, again in (
            (bora, english, "Regenerate"),
            (mina, korean, "다시 생성"),
        ):
            sees_the_end(someone, text, sentence)
            expect(latest(someone).get_by_role("button", name=again)).to_be_visible()
        # Who may not have it written again is offered nothing that would be refused.
        sees_the_end(other, text, english)
        expect(latest(other).get_by_role("button", name="Regenerate")).to_have_count(0)
        words = other.page.locator("main").inner_text() + mina.page.locator("main").inner_text()
        assert not re.search(r"ai_\w+|sk-canary|HTTP \d|refused", words), "no raw text"


def test_a_question_that_is_too_long_for_the_model_says_what_to_do(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    mina = visit(ai_server, "민아", room, locale="ko-KR")
    bora = visit(ai_server, "Bora", room)
    model.will(*[behaviours.refusal(400, "context_length_exceeded")] * 2)
    bora.sends(f"@assistant {'word ' * 700}")
    sees_the_end(bora, "", TOO_LONG[0])
    sees_the_end(mina, "", TOO_LONG[1])
    # Written shorter it is answered, in the same place.
    bora.edits(bora.page.locator("article.msg.own").last, "@assistant a word?")
    model.will(behaviours.answer("The whole answer."))
    latest(bora).get_by_role("button", name="Regenerate").click()
    expect(latest(mina).locator(".text")).to_have_text("The whole answer.")


def test_an_answer_that_failed_can_be_written_again_and_the_failure_is_gone(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    bora = visit(ai_server, "Bora", room)
    model.will(behaviours.cut("half an answer"), behaviours.answer("The whole answer."))
    bora.sends("@assistant please")
    sees_the_end(bora, "half an answer", BROKEN[0])
    # A screen reader is told once: as it happens, by the alert alone, and not of what had failed before one came.
    expect(latest(bora).get_by_role("alert")).to_contain_text(BROKEN[0])
    expect(bora.page.get_by_role("log")).to_contain_text("is answering")
    expect(bora.page.get_by_role("log")).not_to_contain_text("half an answer")
    late = visit(ai_server, "Otto", room)
    sees_the_end(late, "half an answer", BROKEN[0])
    expect(latest(late).get_by_role("alert")).to_have_count(0)
    latest(bora).get_by_role("button", name="Regenerate").click()
    expect(latest(bora).locator(".text")).to_contain_text("The whole answer.")
    expect(latest(bora).locator(".broken")).to_have_count(0)
    versions = latest(bora).get_by_role("group", name="Version 2 of 2")
    versions.get_by_role("button", name="Older version").click()
    expect(latest(bora).get_by_text("half an answer")).to_be_visible()


def test_an_answer_whose_question_was_deleted_stays_and_offers_no_new_one(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    bora = visit(ai_server, "Bora", room)
    model.will(behaviours.cut("half an answer"))
    bora.sends("@assistant please")
    sees_the_end(bora, "half an answer", BROKEN[0])
    expect(latest(bora).locator(".ways")).to_have_text("Continue · Regenerate")
    question = bora.page.locator("article.msg.own").last
    bora.acts(question, "Delete")
    bora.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    bora.sees("Message deleted")
    expect(latest(bora).locator(".ways")).to_have_count(0)
    sees_the_end(bora, "half an answer", BROKEN[0])
