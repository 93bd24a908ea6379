"""Small things that people stumble over: on a phone, in a conversation of two, with the keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.browser import PHONE
from tests.support.server import Server

from .conftest import Visit
from .screen import Visitor
from .talk import fill

pytestmark = pytest.mark.browser


def box(of: Locator) -> dict[str, float]:
    found: Any = of.bounding_box()
    assert found is not None
    return dict(found, bottom=found["y"] + found["height"], right=found["x"] + found["width"])


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_counter_and_notices_leave_the_text_alone_on_a_phone(
    server: Server, visit: Visit, room: str, locale: str
) -> None:
    someone = visit(server, "Bora", room, size=PHONE, locale=locale)
    width = box(someone.composer)["width"]
    someone.composer.fill("word " * 801)
    counter = someone.page.locator(".counter")
    expect(counter).to_have_class("counter over")
    assert box(someone.composer)["width"] == width
    assert box(counter)["bottom"] <= box(someone.page.locator(".box"))["y"]
    assert box(counter)["right"] <= PHONE[0]
    someone.sends("/help")
    someone.sends("/nonsense")
    someone.composer.fill("\n".join(["a line"] * 9))
    notes = someone.page.locator(".notices .note")
    expect(notes).to_have_count(2)
    tops = [box(note) for note in notes.all()]
    assert tops[0]["bottom"] <= tops[1]["y"]
    assert tops[1]["bottom"] <= box(someone.page.locator(".composer"))["y"]


def test_the_hint_in_the_message_box_is_one_line_however_long_the_rooms_name(
    server: Server, visit: Visit, room: str
) -> None:
    short = visit(server, "Bora", room, size=(320, 640))
    long = visit(server, "Mina", f"{room}-with-a-name-that-is-much-too-long", size=(320, 640))
    assert box(long.composer)["height"] == box(short.composer)["height"]
    assert long.composer.evaluate("(e) => e.scrollHeight <= e.clientHeight")


def colour(of: Locator, what: str) -> str:
    return str(of.evaluate(f"(e) => getComputedStyle(e).{what}"))


def test_people_and_assistants_stand_in_one_line(server: Server, visit: Visit, room: str) -> None:
    someone = visit(server, "Bora", room)
    side = someone.page.locator(".people-side")
    dot, face = box(side.locator(".person .dot").first), box(side.locator(".assistant .avatar"))
    assert dot["x"] + dot["right"] == pytest.approx(face["x"] + face["right"])
    person, assistant = side.locator(".person bdi").first, side.locator(".assistant bdi")
    assert box(person)["x"] == pytest.approx(box(assistant)["x"])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_who_is_here_has_a_dot_in_the_colour_of_being_connected(
    server: Server, visit: Visit, room: str, dark: bool
) -> None:
    fill(server, room, ["hello"], name="Mina").close()
    someone = visit(server, "Bora", room, dark=dark)
    dots = someone.page.locator(".people-side .dot")
    expect(dots.nth(1)).to_have_accessible_name("away", timeout=15_000)
    connected = colour(someone.page.locator(".link .dot"), "color")
    assert colour(dots.nth(0), "backgroundColor") == connected
    assert colour(dots.nth(1), "borderTopColor") != connected
    ink = colour(someone.page.locator(".people-side bdi").first, "color")
    assert ink not in {colour(dot, "color") for dot in dots.all()}


def test_on_a_korean_page_only_hangul_is_emphasised_by_weight(
    server: Server, visit: Visit, room: str
) -> None:
    fill(server, room, ["some *words* here", "여기 *낱말* 있음"])
    someone = visit(server, "Bora", room, locale="ko-KR")
    english = someone.row("some words").locator("em")
    korean = someone.row("낱말").locator("em")
    assert (colour(english, "fontStyle"), colour(english, "fontWeight")) == ("italic", "400")
    assert (colour(korean, "fontStyle"), colour(korean, "fontWeight")) == ("normal", "600")


def direct(server: Server, someone: Visitor, other: str) -> str:
    asked = {"user_ids": [other]}
    answer = server.http("POST", "/api/v1/direct", asked, token=someone.token)
    slug: str = answer.json()["room"]["slug"]
    return slug


def test_a_conversation_of_two_says_who_it_is_with_and_offers_nothing_empty(
    server: Server, visit: Visit, room: str
) -> None:
    mina = server.connect("Mina")
    someone = visit(server, "Bora", room)
    someone.goes_to(direct(server, someone, mina.user["id"]))
    header, people = someone.page.locator(".header"), someone.page.locator(".people-side")
    expect(header).to_contain_text("Mina")
    expect(header).to_contain_text("away")
    expect(header).not_to_contain_text("member")
    expect(people).to_contain_text("Bora")
    expect(people.get_by_role("heading")).to_have_text(["People"])
    expect(people.get_by_role("button", include_hidden=True)).to_have_count(0)
    mina.join(someone.page.url.rsplit("/", 1)[1])
    expect(header).to_contain_text("online")
    someone.goes_to(direct(server, someone, "assistant"))
    expect(header).to_contain_text("Demo, not an AI")
    expect(header).not_to_contain_text("member")
    expect(people.get_by_role("heading")).to_have_text(["People", "Assistants"])


def test_the_grid_of_emoji_is_walked_by_keyboard_and_gives_the_focus_back(
    server: Server, visit: Visit, room: str
) -> None:
    fill(server, room, ["hello"])
    someone = visit(server, "Bora", room)
    press = someone.page.keyboard.press
    someone.row("hello").focus()
    press("Enter")
    focus = someone.page.locator(":focus")
    expect(focus).to_have_accessible_name("👍")
    someone.page.get_by_role("button", name="More emoji").focus()
    press("Enter")
    expect(focus).to_have_attribute("type", "search")
    grid = someone.page.locator(".emoji-grid")
    expect(grid.locator("button").first).to_be_attached()
    press("ArrowDown")
    first = focus.get_attribute("title")
    press("ArrowRight")
    press("ArrowDown")
    press("ArrowLeft")
    press("ArrowUp")
    assert focus.get_attribute("title") == first
    # One stop: the next Tab is out of the grid, and coming back is to where one was.
    assert grid.locator("button[tabindex='0']").count() == 1
    press("ArrowUp")
    expect(focus).to_have_attribute("type", "search")
    focus.fill("astronaut")
    expect(grid.locator("button").first).to_have_attribute("title", "astronaut")
    press("ArrowDown")
    press("Enter")
    expect(someone.row("hello").locator(".chip")).to_have_text("🧑‍🚀 1")
    expect(someone.row("hello")).to_be_focused()
    press("Enter")
    expect(focus).to_have_accessible_name("👍")
    press("Escape")
    expect(someone.row("hello")).to_be_focused()
