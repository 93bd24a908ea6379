"""By keyboard alone, with any layout, and without anything jumping."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.openai_server import OpenAIServer, behaviours
from tests.support.network import network
from tests.support.server import Server

from .conftest import Visit
from .talk import fill, lines

pytestmark = pytest.mark.browser


def test_all_that_matters_can_be_done_by_keyboard(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    writer = fill(ai_server, room, lines(5))
    someone = visit(ai_server, "Bora", room)
    keyboard = someone.page.keyboard
    focused = "document.activeElement"
    someone.row("Line 5")
    for _ in range(40):
        if someone.page.evaluate(f"{focused} instanceof HTMLTextAreaElement"):
            break
        keyboard.press("Tab")
    expect(someone.composer).to_be_focused()
    keyboard.type("by keybord")
    keyboard.press("Enter")
    someone.row("by keybord")
    writer.sees("message", body="by keybord")
    someone.frames(3)
    keyboard.press("ArrowUp")
    expect(someone.composer).to_have_value("by keybord")
    keyboard.press("Control+a")
    keyboard.type("by keyboard")
    keyboard.press("Enter")
    expect(someone.row("by keyboard").locator(".edited")).to_be_visible()
    keyboard.press("Shift+Tab")
    assert someone.page.evaluate(f"{focused}.matches('.scroller *')"), "back to the timeline"
    keyboard.press("End")
    expect(someone.row("by keyboard")).to_be_focused()
    keyboard.press("ArrowUp")
    expect(someone.row("Line 5")).to_be_focused()
    keyboard.press("Enter")
    expect(someone.page.locator(".emoji-panel")).to_be_visible()
    keyboard.press("Enter")
    expect(someone.row("Line 5").locator(".chip")).to_have_count(1)
    model.will(behaviours.endless(pace=0.02))
    keyboard.press("Escape")
    someone.composer.focus()
    keyboard.type("@assistant go")
    keyboard.press("Enter")
    someone.waits_until(lambda: someone.answer() != "", "the answer begins")
    keyboard.press("Control+.")
    someone.sees("Stopped by Bora")


def test_f6_goes_from_pane_to_pane(ai_server: Server, visit: Visit, room: str) -> None:
    fill(ai_server, room, lines(5))
    someone = visit(ai_server, "Bora", room)
    someone.row("Line 5")
    someone.composer.focus()
    panes = []
    for _ in range(4):
        someone.page.keyboard.press("F6")
        panes.append(
            someone.page.evaluate("document.activeElement.closest('[data-pane]')?.dataset.pane")
        )
    assert panes == ["people", "rooms", "timeline", "composer"]


def test_letters_work_by_their_place_on_a_hangul_layout(
    ai_server: Server, visit: Visit, room: str
) -> None:
    fill(ai_server, room, lines(5))
    someone = visit(ai_server, "Bora", room)
    someone.row("Line 4").focus()
    press = {"key": "ㄱ", "code": "KeyR", "windowsVirtualKeyCode": 82}
    someone.cdp.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **press})
    someone.cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **press})
    expect(someone.page.locator(".banner")).to_contain_text("Replying to Mina Kwon")
    expect(someone.composer).to_be_focused()
    expect(someone.composer).to_have_value("")
    someone.says("an answer")
    expect(someone.row("an answer").locator(".quote")).to_contain_text("Line 4")


def test_typing_and_bars_shift_nothing(ai_server: Server, visit: Visit, room: str) -> None:
    writer = fill(ai_server, room, lines(60))
    with network(ai_server.port) as line:
        someone = visit(ai_server, "Bora", room, url=line.url)
        someone.row("Line 60")
        someone.frames(30)
        someone.page.evaluate(
            """() => {
              window.shifts = [];
              new PerformanceObserver((list) => {
                for (const e of list.getEntries()) {
                  shifts.push([e.value, e.sources.map((s) => s.node?.outerHTML?.slice(0, 80))]);
                }
              }).observe({ type: 'layout-shift', buffered: false });
            }"""
        )
        writer.emit("typing", {"room": room, "typing": True})
        someone.sees("Mina Kwon is typing")
        writer.emit("typing", {"room": room, "typing": False})
        expect(someone.page.get_by_text("is typing")).to_have_count(0)
        line.cut()
        expect(someone.page.locator(".bar")).to_be_visible(timeout=10_000)
        line.mend()
        someone.page.evaluate("dispatchEvent(new Event('online'))")
        expect(someone.page.locator(".bar.back")).to_be_visible()
        expect(someone.page.locator(".bar")).to_have_count(0)
        assert someone.page.evaluate("shifts") == []


@pytest.mark.parametrize(("touch", "least"), [(True, 44), (False, 24)], ids=["touch", "mouse"])
def test_targets_are_large_enough(
    ai_server: Server, visit: Visit, room: str, touch: bool, least: int
) -> None:
    from tests.support.browser import DESKTOP, PHONE

    fill(ai_server, room, lines(5))
    someone = visit(ai_server, "Bora", room, size=PHONE if touch else DESKTOP, is_mobile=touch)
    someone.row("Line 5")
    small = someone.page.evaluate(
        """(least) => [...document.querySelectorAll('button, a, input, select, textarea')]
             .filter((e) => e.offsetParent && !e.closest('.text, .sr'))
             .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
             .filter(([, box]) => box.width && Math.min(box.width, box.height) < least - 0.5)
             .map(([html, box]) => `${html} ${box.width}x${box.height}`)""",
        least,
    )
    assert small == []
