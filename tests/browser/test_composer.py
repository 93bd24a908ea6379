"""The message box: what it sends, what it keeps, and that the input method owns what is being composed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.browser import PHONE
from tests.support.server import Server

from .conftest import Visit
from .screen import Visitor
from .talk import fill

pytestmark = pytest.mark.browser


def composes(someone: Visitor, text: str) -> None:
    """The input method shows `text` as being composed at the caret."""
    someone.cdp.send(
        "Input.imeSetComposition",
        {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
    )


def enter(someone: Visitor, code: int) -> None:
    """The Enter key as the input method passes it on (229), or as itself (13)."""
    key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": code}
    someone.cdp.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    if code != 229:
        someone.cdp.send("Input.dispatchKeyEvent", {"type": "char", "text": "\r", **key})
    someone.cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


def sent(someone: Visitor) -> list[str]:
    texts: list[str] = someone.page.locator("article.msg.own .text").all_inner_texts()
    return [text.strip() for text in texts]


def test_the_enter_of_the_input_method_sends_nothing_and_a_real_one_sends_once_and_whole(
    server: Server, visit: Visit, room: str
) -> None:
    someone = visit(server, "Bora", room)
    someone.composer.focus()
    composes(someone, "안")
    composes(someone, "안녀")
    composes(someone, "안녕")
    enter(someone, 229)
    someone.frames(3)
    expect(someone.composer).to_have_value("안녕")
    assert sent(someone) == []
    someone.cdp.send("Input.insertText", {"text": "안녕"})
    enter(someone, 13)
    someone.row("안녕")
    expect(someone.composer).to_have_value("")
    someone.says("다음")
    assert sent(someone) == ["안녕", "다음"]


@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["mouse", "touch"])
def test_send_in_the_middle_of_a_syllable_takes_all_and_leaves_the_box_empty(
    server: Server, visit: Visit, room: str, size: tuple[int, int]
) -> None:
    someone = visit(server, "Bora", room, size=size)
    someone.composer.focus()
    someone.cdp.send("Input.insertText", {"text": "오늘 "})
    composes(someone, "저")
    composes(someone, "저녁")
    button = someone.page.get_by_role("button", name="Send", exact=True)
    if size == PHONE:
        button.tap()
    else:
        button.click()
    someone.row("오늘 저녁")
    expect(someone.composer).to_have_value("")
    expect(someone.composer).to_be_focused()
    someone.says("다음")
    assert sent(someone) == ["오늘 저녁", "다음"]


def options(someone: Visitor) -> list[str]:
    found: list[str] = someone.page.locator("#suggestions .suggestion bdi").all_inner_texts()
    return found


def test_an_at_sign_lists_people_by_syllables_and_initials_and_hangul_may_follow_a_name(
    server: Server, visit: Visit, room: str
) -> None:
    known = fill(server, room, ["hi"], name="데모")
    fill(server, room, ["hi"], name="다미")
    someone = visit(server, "Bora", room)
    someone.row("hi")
    someone.composer.press_sequentially("@데")
    someone.waits_until(lambda: options(someone) == ["데모"], "the list has 데모 alone")
    someone.composer.press("Enter")
    expect(someone.composer).to_have_value("@데모 ")
    someone.composer.fill("")
    someone.composer.press_sequentially("가@ㄷㅁ")
    someone.waits_until(lambda: sorted(options(someone)) == ["다미", "데모"], "both are found")
    someone.composer.fill("")
    someone.composer.press_sequentially("a@b.io")
    someone.frames(3)
    assert options(someone) == []
    someone.composer.fill("")
    row = someone.says("@데모야 안녕, a@b.io")
    expect(row.locator(".mention")).to_have_text("@데모")
    message = known.sees("message", body="@데모야 안녕, a@b.io")
    assert [mention["user_id"] for mention in message["mentions"]] == [known.user["id"]]


def test_a_draft_outlives_a_reload_and_nobody_else_sees_it(
    server: Server, visit: Visit, room: str
) -> None:
    someone = visit(server, "Bora", room)
    someone.composer.press_sequentially("not ready yet")
    someone.reloads()
    expect(someone.composer).to_have_value("not ready yet")
    someone.goes_to(f"{room}-other")
    expect(someone.composer).to_have_value("")
    # Another person at the same browser.
    other = server.guest("Mina")["token"]
    Visitor(someone.page, "Mina", server.url, other).goes_to(room)
    expect(someone.composer).to_have_value("")
    Visitor(someone.page, "Bora", server.url, someone.token).goes_to(room)
    expect(someone.composer).to_have_value("not ready yet")


def test_a_command_that_nobody_knows_is_sent_as_text_by_a_second_enter(
    server: Server, visit: Visit, room: str
) -> None:
    someone = visit(server, "Bora", room)
    someone.composer.fill("/nonsense now")
    someone.composer.press("Enter")
    someone.sees("/nonsense is not a command")
    assert sent(someone) == []
    someone.composer.press("Enter")
    someone.row("/nonsense now")


def test_near_the_limit_a_counter_shows_and_over_it_send_is_off(
    server: Server, visit: Visit, room: str
) -> None:
    someone = visit(server, "Bora", room)
    someone.composer.fill("가" * 3_599)
    expect(someone.page.locator(".counter")).to_have_count(0)
    someone.composer.fill("가" * 3_600)
    expect(someone.page.locator(".counter")).to_have_text("400 left")
    someone.composer.fill("가" * 4_001)
    expect(someone.page.locator(".counter")).to_have_text("1 too many")
    expect(someone.page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    someone.composer.press("Enter")
    someone.frames(3)
    assert sent(someone) == []
