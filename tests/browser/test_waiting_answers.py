"""Questions asked while an assistant writes: they wait their turn where everybody sees it, and a refusal is private."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.openai_server import OpenAIServer, behaviours
from tests.security.people import Person as Account
from tests.security.people import command
from tests.support.server import Server

from .conftest import Visit
from .screen import Visitor

pytestmark = pytest.mark.browser

QUEUE = 5


def outcomes(someone: Visitor) -> list[str]:
    """What stands under each answer that waits, in order."""
    return someone.page.locator("article.msg.ai .run .outcome").all_inner_texts()


def test_who_waits_sees_how_many_are_ahead_may_cancel_and_moves_up(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    asker = visit(ai_server, "Bora", room)
    korean = visit(ai_server, "민아", room, locale="ko-KR")
    other = visit(ai_server, "Otto", room)
    model.will(behaviours.stall("Once upon a time"))
    asker.sends("@assistant first")
    korean.sees("Once upon a time")
    for text in ("second", "third"):
        asker.sends(f"@assistant {text}")
        korean.row(text)
    korean.sends("@assistant fourth")
    for someone, waiting in (
        (asker, ["Next", "1 ahead", "2 ahead"]),
        (korean, ["다음 차례", "앞에 1개", "앞에 2개"]),
        (other, ["Next", "1 ahead", "2 ahead"]),
    ):
        someone.waits_until(
            lambda s=someone, w=waiting: outcomes(s) == w, "sees who waits, in their language"
        )
    people = {someone: someone.page.locator(".assistant") for someone in (asker, korean, other)}
    expect(people[asker]).to_contain_text("3 waiting")
    expect(people[korean]).to_contain_text("3개 대기")
    # Each may cancel what is their own; who owns the room may cancel all.
    assert asker.page.get_by_role("button", name="Cancel").count() == 3
    assert korean.page.get_by_role("button", name="취소").count() == 1
    assert other.page.get_by_role("button", name="Cancel").count() == 0
    asker.page.get_by_role("button", name="Cancel").nth(1).click()
    for someone, wanted in (
        (asker, ["Next", "Stopped by Bora", "1 ahead"]),
        (korean, ["다음 차례", "Bora님이 중지함", "앞에 1개"]),
    ):
        someone.waits_until(lambda s=someone, w=wanted: outcomes(s) == w, "those behind move up")
    model.will(behaviours.answer("Here is the second."), behaviours.answer("Here is the fourth."))
    asker.page.get_by_role("button", name="Stop", exact=True).click()
    for someone in (asker, korean, other):
        someone.sees("Here is the second.")
        someone.sees("Here is the fourth.")
        expect(people[someone]).not_to_contain_text(re.compile("waiting|대기"))


def test_an_administrator_stops_what_others_asked_and_a_member_is_not_offered_to(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    owner = visit(ai_server, "Mina", room)
    root = Account.account(ai_server, f"Root{room[-6:]}")
    done = command(ai_server, "make-admin", root.name)
    assert done.returncode == 0, done.stderr
    admin = visit(ai_server, root.name, room, token=root.token)
    member = visit(ai_server, "Otto", room)
    model.will(behaviours.stall("Once upon a time"))
    owner.sends("@assistant hello")
    for someone, offered in ((owner, 1), (admin, 1), (member, 0)):
        someone.sees("Once upon a time")
        expect(someone.page.locator(".msg.ai .stop")).to_have_count(offered)
    admin.page.locator(".msg.ai .stop").click()
    for someone in (owner, admin, member):
        someone.sees(f"Stopped by {root.name}")


def test_a_question_too_many_is_refused_to_who_asked_alone_and_says_when_to_try_again(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    asker = visit(ai_server, "Bora", room)
    other = visit(ai_server, "Otto", room)
    model.will(behaviours.stall("Once upon a time"))
    asker.sends("@assistant first")
    other.sees("Once upon a time")
    for number in range(QUEUE + 1):
        asker.sends(f"@assistant one more, {number}")
    last = asker.row(f"one more, {QUEUE}")
    expect(last.get_by_role("alert")).to_contain_text("The model is busy. Try again in 20 s.")
    expect(last.get_by_role("alert")).to_contain_text("Only you see this.")
    expect(other.row(f"one more, {QUEUE}").get_by_role("alert")).to_have_count(0)
    expect(other.page.locator("article.msg.ai")).to_have_count(QUEUE + 1)
    cancel = asker.page.get_by_role("button", name="Cancel")
    for left in range(QUEUE, 0, -1):
        expect(cancel).to_have_count(left)
        cancel.last.click()
    asker.page.get_by_role("button", name="Stop", exact=True).click()
