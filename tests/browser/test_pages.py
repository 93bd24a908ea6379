"""Every page, in both themes and all widths: whole, quiet, and open to everybody."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import PHONE
from tests.support.node import FRONTEND
from tests.support.server import Server

from .conftest import Visit
from .screen import Visitor
from .talk import fill

pytestmark = pytest.mark.browser

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
SAYS = [
    "Good morning",
    "A **bold** plan, with `code` and [words](https://example.com/x)\n\n- one\n- two\n\n> and a quote",
    "```python\nprint('a line of code that is much longer than a phone is wide, so that it has to scroll by itself')\n```",
    "| a | b | c | d | e | f | g | h |\n|-|-|-|-|-|-|-|-|\n| a long cell | a long cell | a long cell | a long cell | a long cell | a long cell | a long cell | a long cell |",
    "https://example.com/" + "a-very-long-address/" * 12,
    "한국어로도 씁니다. 띄어쓰기가없는아주긴문장도화면밖으로나가지않아야합니다그래서이렇게길게써봅니다",
]


def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page when its colours have come to rest: rule, and where."""
    page.evaluate(AXE.read_text())
    page.evaluate(
        """() => Promise.allSettled(document.getAnimations()
             .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
             .map((each) => each.finished))"""
    )
    found: list[str] = page.evaluate(
        """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
             .flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.failureSummary}`))"""
    )
    return found


def test_axe_is_really_asked(pages: Any, server: Server) -> None:
    page = pages.open(server.url)
    assert violations(page) == []
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert [found.split(":")[0] for found in violations(page)] == ["button-name"]


@pytest.mark.parametrize(("locale", "dark"), [("en-US", False), ("ko-KR", True)])
def test_axe_finds_nothing_wrong_on_any_page(
    server: Server, visit: Visit, room: str, dark: bool, locale: str
) -> None:
    fill(server, room, SAYS)
    someone = visit(server, "Bora", room, dark=dark, locale=locale)
    someone.row("Good morning")
    someone.sends("@assistant 누가 있어?")
    someone.waits_until(lambda: "데모" in someone.answer(), "has an answer")
    assert violations(someone.page) == []
    someone.row("Good morning").hover()
    assert violations(someone.page) == [], "with the toolbar of a message"
    someone.page.keyboard.press("Control+k")
    expect(someone.page.locator("dialog[open]")).to_be_visible()
    assert violations(someone.page) == [], "with the list of rooms"
    for path in ("/", "/settings", f"/r/{room}/assistants"):
        someone.page.goto(server.url + path)
        someone.page.wait_for_load_state("networkidle")
        assert violations(someone.page) == [], path
    someone.page.context.clear_cookies()
    for path in ("/", f"/r/{room}"):
        someone.page.goto(server.url + path)
        someone.page.wait_for_load_state("networkidle")
        assert violations(someone.page) == [], f"{path}, signed out"


def test_axe_finds_nothing_wrong_where_there_is_no_such_page(
    server: Server, pages: Any, room: str
) -> None:
    for dark in (False, True):
        page = pages.open(f"{server.url}/nowhere", dark=dark)
        assert violations(page) == []
    # The browser complains of the status itself.
    assert len(pages.complaints) == 2
    pages.complaints.clear()


def test_a_page_asks_no_other_server_for_anything(server: Server, visit: Visit, room: str) -> None:
    fill(
        server,
        room,
        [*SAYS, "![a picture](https://example.com/a.png)", "<img src=https://example.com/b.png>"],
    )
    someone = visit(server, "Bora", room)
    someone.row("b.png")
    someone.acts(someone.row("Good morning"), "React")
    someone.page.wait_for_load_state("networkidle")
    for path in ("/settings", "/"):
        someone.page.goto(server.url + path)
        someone.page.wait_for_load_state("networkidle")
    assert someone.foreign == []
    # A violation of the policy would also be in the console, which no test lets pass.
    assert "csp_report" not in server.log


def outside(page: Page) -> list[str]:
    """What reaches out of the window sideways, but for what scrolls by itself (code, tables) or is hidden on purpose."""
    found: list[str] = page.evaluate(
        """() => {
          const scrolls = (e) => ['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(e).overflowX);
          const within = (e) => { for (let up = e.parentElement; up && !up.matches('.scroller, body'); up = up.parentElement) if (scrolls(up)) return true; return false; };
          return [...document.body.querySelectorAll('*')]
            .filter((e) => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 0.5 && !within(e))
            .map((e) => e.outerHTML.slice(0, 100))
            .concat(document.documentElement.scrollWidth > innerWidth ? ['the page itself'] : []);
        }"""
    )
    return found


@pytest.mark.parametrize("size", [(320, 640), (640, 800)], ids=["320 px", "200%"])
def test_nothing_scrolls_sideways_on_a_narrow_page_or_at_twice_the_size(
    server: Server, visit: Visit, room: str, size: tuple[int, int]
) -> None:
    """640 px at a type of 200% are what a window of 1280 has left when it is zoomed."""
    fill(server, room, SAYS)
    someone = visit(server, "Bora", room, size=size)
    pages = [f"/r/{room}", f"/r/{room}/assistants", "/settings", "/"]
    for path in pages:
        someone.page.goto(server.url + path)
        someone.page.wait_for_load_state("networkidle")
        if size[0] == 640:
            someone.page.evaluate("document.documentElement.style.fontSize = '200%'")
            someone.frames(3)
        assert outside(someone.page) == [], path
    someone.page.context.clear_cookies()
    someone.page.goto(server.url)
    assert outside(someone.page) == [], "/ signed out"


def shown(someone: Visitor) -> dict[str, Any]:
    """Which columns are on the page, and how wide they are, in px."""
    found: dict[str, Any] = someone.page.evaluate(
        """() => {
          const width = (name) => { const e = document.querySelector(name); return e && e.offsetParent ? e.offsetWidth : 0; };
          return { rooms: width('.rooms-side'), people: width('.people-side'), timeline: width('.item .mark'), line: document.querySelector('.typing')?.offsetHeight };
        }"""
    )
    return found


def test_a_wide_page_has_three_columns_a_narrow_one_drawers_that_esc_and_back_close(
    server: Server, visit: Visit, room: str
) -> None:
    fill(server, room, SAYS)
    wide = visit(server, "Wide", room, size=(1280, 800))
    look = shown(wide)
    assert (look["rooms"], look["people"]) == (248, 232)
    assert look["timeline"] <= 760
    middle = visit(server, "Middle", room, size=(768, 900))
    look = shown(middle)
    assert (look["rooms"], look["people"]) == (248, 0)
    narrow = visit(server, "Narrow", room, size=PHONE)
    look = shown(narrow)
    assert (look["rooms"], look["people"]) == (0, 0)
    for someone, button in ((middle, "People"), (narrow, "People"), (narrow, "Rooms")):
        for leave in (
            lambda s=someone: s.page.keyboard.press("Escape"),
            lambda s=someone: s.page.go_back(),
        ):
            someone.page.locator("header.header").get_by_role(
                "button", name=re.compile(button)
            ).click()
            drawer = someone.page.locator("dialog[open]")
            expect(drawer).to_be_visible()
            leave()
            expect(drawer).to_have_count(0)
            assert room in someone.page.url


def test_without_a_script_one_still_enters_and_reads(server: Server, pages: Any, room: str) -> None:
    fill(server, room, SAYS)
    page = pages.open(server.url, java_script_enabled=False)
    form = page.locator("form").filter(has=page.locator("input[name=room]"))
    form.locator("input[name=name]").fill("Bora")
    form.locator("input[name=room]").fill(room)
    form.locator("button").click()
    page.wait_for_url(f"**/r/{quote(room)}")
    expect(page.get_by_text("Good morning")).to_be_visible()


def test_for_those_who_asked_for_stillness_nothing_moves(
    server: Server, visit: Visit, room: str
) -> None:
    fill(server, room, SAYS)
    still = visit(server, "Bora", room, reduced_motion="reduce")
    moving = visit(server, "Mina", room)
    for someone, wanted in ((moving, True), (still, False)):
        someone.row("Good morning").hover()
        someone.sends("@assistant tell me a long story")
        someone.waits_until(lambda s=someone: len(s.answer()) > 20, "sees an answer")
        animations = someone.page.evaluate(
            "document.getAnimations().filter((a) => a.effect.getComputedTiming().duration > 1).length"
        )
        assert (animations > 0) is wanted
        someone.page.get_by_role("button", name="Stop", exact=True).click()
        expect(someone.page.locator("article.msg.ai .stop")).to_have_count(0)


def test_with_forced_colours_all_can_be_seen(server: Server, visit: Visit, room: str) -> None:
    fill(server, room, SAYS)
    someone = visit(server, "Bora", room, forced_colors="active")
    someone.sends("mine")
    for row in (someone.row("Good morning"), someone.row("mine")):
        row.hover()
        expect(row.get_by_role("button", name="Reply", exact=True)).to_be_visible()
    assert violations(someone.page) == []
    invisible = someone.page.evaluate(
        """() => [...document.querySelectorAll('button svg, .dot, .box')].filter((e) => {
          if (!e.getClientRects().length) return false;
          const style = getComputedStyle(e), paper = getComputedStyle(document.body).backgroundColor;
          const ink = e.matches('svg') ? (style.stroke === 'none' ? style.fill : style.stroke) : style.borderTopWidth !== '0px' ? style.borderTopColor : style.backgroundColor;
          return ink === paper || ink === 'rgba(0, 0, 0, 0)';
        }).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert invisible == []
