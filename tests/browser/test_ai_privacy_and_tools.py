"""What is kept from assistants, what one missed, what they ask to be allowed, and writing on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.openai_server import OpenAIServer, behaviours
from tests.support.browser import PHONE
from tests.support.server import Server

from .conftest import Visit
from .talk import fill
from .test_pages import violations

pytestmark = pytest.mark.browser

PATIENCE_MS = 40_000


def test_a_message_is_kept_from_assistants_once_or_from_now_on_and_says_so(
    server: Server, visit: Visit, room: str
) -> None:
    writer = visit(server, "Bora", room)
    reader = visit(server, "민아", room, locale="ko-KR")
    button = writer.page.get_by_role("button", name="Not for AI")
    button.click()
    assert violations(writer.page) == []
    writer.page.get_by_label("This message").check()
    expect(writer.composer).to_be_focused()
    expect(button).to_have_attribute("aria-pressed", "true")
    writer.says("a secret")
    expect(reader.row("a secret").locator(".not-for-ai")).to_have_text("AI 제외")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(writer.says("no secret").locator(".not-for-ai")).to_have_count(0)

    button.click()
    writer.page.get_by_label("All I write in this room from now on").check()
    writer.sees("no assistant sees what you write in this room")
    for text in ("one more", "and another"):
        expect(writer.says(text).locator(".not-for-ai")).to_have_text("Not for AI")
    writer.reloads()
    expect(button).to_have_attribute("aria-pressed", "true")
    # Asking an assistant with a message that it may not see is refused, to the asker alone.
    writer.says("@assistant what was said?", "what was said?")
    expect(writer.row("what was said?").get_by_role("alert")).to_have_text(
        "Not for AI: no assistant sees this message. Only you see this."
    )
    writer.page.get_by_role("button", name="Let assistants see it").click()
    expect(button).to_have_attribute("aria-pressed", "false")

    # The demo repeats what it saw: nothing of that.
    writer.says("@assistant what was said?", "what was said?")
    answer = reader.page.locator("article.msg.ai").last
    expect(answer).to_contain_text("no secret", timeout=PATIENCE_MS)
    expect(answer.locator(".stop")).to_have_count(0, timeout=PATIENCE_MS)
    for text in ("a secret", "one more", "and another"):
        expect(answer.locator(".text")).not_to_contain_text(text)

    # Afterwards it may be marked too, and the mark taken back.
    row = writer.page.locator("article.msg.own").filter(has_text="no secret")
    seen = reader.page.locator("article.msg:not(.ai)").filter(has_text="no secret")
    writer.acts(row, "Not for AI")
    expect(seen.locator(".not-for-ai")).to_have_text("AI 제외")
    writer.acts(row, "Not for AI")
    expect(seen.locator(".not-for-ai")).to_have_count(0)


@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["wide", "phone"])
def test_what_one_missed_is_told_to_oneself_and_each_point_leads_to_its_message(
    server: Server, visit: Visit, room: str, size: tuple[int, int]
) -> None:
    other = visit(server, "Otto", room)
    reader = visit(server, "Bora", room, size=size)
    reader.looks_away()
    fill(server, room, ["We deploy on Friday at 15:00", "The rehearsal is tomorrow"])
    reader.row("The rehearsal is tomorrow")
    if size == PHONE:
        reader.page.locator("header.header").get_by_role("button", name="People").click()
    reader.page.locator(".assistants:visible").get_by_role(
        "button", name="What did I miss?"
    ).click()
    told = reader.page.get_by_role("dialog", name="What did I miss?")
    expect(told.locator(".points")).to_be_visible(timeout=PATIENCE_MS)
    expect(told).to_contain_text("Only you see this.")
    assert violations(reader.page) == []
    told.get_by_role("button", name=re.compile("We deploy on Friday")).first.click()
    expect(told).to_have_count(0)
    expect(reader.page.locator(".msg.marked")).to_contain_text("We deploy on Friday")
    assert other.page.locator("article.msg").count() == 2, "nothing was posted"


def test_that_an_answer_searches_the_room_is_shown_to_all_until_it_goes_on(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    asker = visit(ai_server, "Bora", room)
    other = visit(ai_server, "민아", room, locale="ko-KR")
    piece = {"index": 0, "id": "call_1", "type": "function"}
    call = {**piece, "function": {"name": "search_room", "arguments": '{"query": "tea"}'}}
    model.will(
        behaviours.stream(
            behaviours.chunk({"tool_calls": [call]}),
            behaviours.chunk({}, "tool_calls"),
            behaviours.DONE,
        ),
        behaviours.answer("At four.", before=[behaviours.GATE]),
    )
    asker.sends("@assistant when is tea?")
    searching = "article.msg.ai .thinking"
    expect(asker.page.locator(searching)).to_have_text("Searching the room…")
    expect(other.page.locator(searching)).to_have_text("대화방을 검색하는 중…")
    # Who comes in the middle sees it as well.
    other.reloads()
    expect(other.page.locator(searching)).to_have_text("대화방을 검색하는 중…")
    assert violations(asker.page) == []
    model.release()
    for someone in (asker, other):
        expect(someone.page.locator("article.msg.ai .text")).to_contain_text("At four.")
        expect(someone.page.locator(searching)).to_have_count(0)


def test_an_assistant_that_wants_to_change_something_asks_who_asked_it(
    server: Server, visit: Visit, room: str
) -> None:
    owner = visit(server, "Bora", room)
    member = visit(server, "민아", room, locale="ko-KR")
    owner.says("@assistant rename the room to Tea", "rename the room")
    question = owner.page.get_by_role("alert", name="assistant asks you")
    expect(question).to_contain_text("Rename the room to “Tea”", timeout=PATIENCE_MS)
    assert violations(owner.page) == []
    assert member.page.locator(".tool-request").count() == 0
    # After a reload it still waits.
    owner.reloads()
    question.get_by_role("button", name="Do not allow").click()
    expect(question).to_have_count(0)
    expect(owner.page.locator("article.msg.ai .stop")).to_have_count(0, timeout=PATIENCE_MS)
    expect(owner.page.locator("h1.title")).to_have_text(f"#{room}")

    owner.says("@assistant rename the room to Tea", "rename the room")
    question.get_by_role("button", name="Allow", exact=True).click()
    for someone in (owner, member):
        expect(someone.page.locator("h1.title")).to_have_text("#Tea", timeout=PATIENCE_MS)


def test_an_answer_that_was_stopped_is_written_on_from_its_text(
    server: Server, visit: Visit, room: str
) -> None:
    asker = visit(server, "Bora", room)
    other = visit(server, "Otto", room)
    asker.says("@assistant tell me a long story", "long story")
    asker.waits_until(lambda: len(asker.answer()) > 60, "it writes")
    asker.page.get_by_role("button", name="Stop", exact=True).click()
    other.sees("Stopped by Bora")
    so_far = other.answer()
    asker.page.get_by_role("button", name="Continue").click()
    other.waits_until(lambda: len(other.answer()) > len(so_far), "it goes on")
    assert other.answer().startswith(so_far.strip()[:60])
    asker.page.get_by_role("button", name="Stop", exact=True).click()
    expect(asker.page.locator("article.msg.ai .stop")).to_have_count(0)
