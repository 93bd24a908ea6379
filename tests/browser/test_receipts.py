"""What an answer was made from: everybody in the room may look, and go to the messages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.openai_server import OpenAIServer, behaviours
from tests.support.server import Server

from .conftest import Visit
from .talk import fill, lines
from .test_pages import violations

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_a_receipt_names_model_tokens_and_messages_and_each_leads_to_its_place(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str, locale: str
) -> None:
    fill(ai_server, room, ["The first words", *lines(60)])
    reader = visit(ai_server, "Otto", room, locale=locale)
    asker = visit(ai_server, "Bora", room)
    model.will(behaviours.answer("Here it is."))
    asker.sends("@assistant what was said?")
    expect(reader.page.locator(".msg.ai .cursor, .msg.ai .stop")).to_have_count(0)
    see = {"en-US": "What did it see?", "ko-KR": "무엇을 보았나요?"}[locale]
    reader.acts(reader.row("Here it is."), see)
    receipt = reader.page.get_by_role("dialog", name=see)
    model_of = receipt.locator(".facts div").filter(
        has_text={"en-US": "Model", "ko-KR": "모델"}[locale]
    )
    expect(model_of.locator("dd")).to_have_text("test · test")  # never the provider's address
    expect(receipt.locator(".facts")).to_contain_text("Bora")
    expect(receipt.locator(".facts")).to_contain_text(
        {"en-US": "11 read, 7 written", "ko-KR": "읽음 11, 씀 7"}[locale]
    )
    expect(receipt.locator(".seen li").last).to_contain_text("what was said?")
    assert violations(reader.page) == []
    receipt.get_by_role("button", name=re.compile("Line 1 of|Line 1$")).first.click()
    expect(receipt).to_have_count(0)
    expect(reader.page.locator(".msg.marked")).to_contain_text("Line 1")
