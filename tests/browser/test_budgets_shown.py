"""What may be used up in a day: seen while there is some left, and told to who asks when there is none."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.openai_server import OpenAIServer, behaviours
from tests.support.server import Server

from .conftest import Visit
from .test_pages import violations

pytestmark = pytest.mark.browser


def test_a_rooms_budget_is_shown_to_all_and_its_refusal_to_who_asked_alone(
    server: Server, visit: Visit, room: str
) -> None:
    owner = visit(server, "Bora", room)
    asker = visit(server, "민아", room, locale="ko-KR")
    reader = visit(server, "Otto", room)
    owner.page.goto(f"{server.url}/r/{quote(room)}/assistants")
    limits = owner.page.get_by_role("form", name="The room's limits a day")
    tokens = limits.get_by_label("Tokens a day")
    tokens.fill("-1")
    limits.get_by_role("button", name="Save").click()
    expect(tokens).to_have_accessible_description(re.compile("A whole number, 0 or more"))
    tokens.fill("5")
    limits.get_by_role("button", name="Save").click()
    budget = asker.page.locator(".assistants .budget").filter(has_text="오늘 이 방")

    asker.says("@assistant who is here?", "who is here?")
    refusal = asker.row("who is here?").get_by_role("alert")
    expect(refusal).to_contain_text(
        re.compile(r"오늘 예산을 다 썼습니다\. \d\d:\d\d에 초기화됩니다\.")
    )
    expect(refusal).to_contain_text("이 방의 예산이며, 방장이나 관리자가 늘릴 수 있습니다.")
    expect(refusal).to_contain_text("나에게만 보입니다.")
    expect(budget).to_contain_text("0 / 5")
    assert violations(asker.page) == []
    expect(reader.row("who is here?").get_by_role("alert")).to_have_count(0)

    tokens.fill("100000")
    limits.get_by_role("button", name="Save").click()
    expect(budget).to_contain_text("0 / 100K")
    asker.says("@assistant who else?", "who else?")
    expect(asker.page.locator("article.msg.ai .stop")).to_have_count(0)
    expect(asker.page.locator("article.msg.ai")).to_have_count(1)
    expect(budget).to_contain_text(re.compile(r"[1-9]\d* / 100K"))


def test_what_an_answer_used_is_shown_to_who_asked_though_others_have_written_since(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    asker = visit(ai_server, "Bora", room)
    reader = visit(ai_server, "Otto", room)
    limit = {"tokens_per_day": 100_000}
    ai_server.http(
        "PATCH", f"/api/v1/rooms/{quote(room)}/assistants", limit, token=asker.token
    ).raise_for_status()
    budget = asker.page.locator(".assistants .budget").filter(has_text="This room today")
    expect(budget).to_contain_text("0 / 100K")
    model.will(
        behaviours.stream(
            *behaviours.words("Yes."),
            behaviours.GATE,
            behaviours.chunk({}, "stop"),
            behaviours.usage(1_000, 500),
            behaviours.DONE,
        )
    )
    asker.says("@assistant tea?", "tea?")
    expect(asker.page.locator("article.msg.ai .text")).to_have_text("Yes.")
    reader.says("Yes, please.")
    asker.row("Yes, please.")
    model.release()
    expect(asker.page.locator("article.msg.ai .stop")).to_have_count(0)
    expect(budget).to_contain_text("1.5K / 100K")


def test_what_only_the_whole_prompt_exceeds_is_explained_to_who_asked_alone(
    ai_server: Server, visit: Visit, room: str
) -> None:
    owner = visit(ai_server, "Bora", room)
    asker = visit(ai_server, "민아", room, locale="ko-KR")
    limit = {"tokens_per_day": 3_200}
    ai_server.http(
        "PATCH", f"/api/v1/rooms/{quote(room)}/assistants", limit, token=owner.token
    ).raise_for_status()
    for number in range(4):
        owner.says(f"{'word ' * 200}{number}", f"word {number}")
    asker.says("@assistant and now?", "and now?")
    for someone, stopped in ((asker, "중지됨"), (owner, "Stopped")):
        expect(someone.page.locator("article.msg.ai .outcome")).to_have_text(stopped)
    refusal = asker.page.locator("article.msg.own").get_by_role("alert")
    expect(refusal).to_contain_text("오늘 예산을 다 썼습니다.")
    expect(refusal).to_contain_text("이 방의 예산이며")
    expect(owner.page.get_by_text("budget is used up")).to_have_count(0)
