"""Whoever reads is never moved; whoever follows sees the last line."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.openai_server import OpenAIServer, behaviours
from tests.support.server import Server

from .conftest import Visit
from .screen import Visitor
from .talk import fill, lines

pytestmark = pytest.mark.browser


def test_older_messages_come_in_above_without_moving_the_row_one_reads(
    server: Server, visit: Visit, room: str
) -> None:
    fill(server, room, lines(600))
    _climbs(visit(server, "Bora", room), pages=3)


@pytest.mark.stress
def test_older_messages_come_in_above_ten_thousand_without_moving_the_row_one_reads(
    server: Server, visit: Visit, room: str
) -> None:
    fill(server, room, lines(10_400))
    _climbs(visit(server, "Bora", room), pages=101)


def _climbs(reader: Visitor, pages: int) -> None:
    """Up through so many pages of older messages; each moves nothing when it comes in."""
    for _ in range(pages):
        height = reader.scroller.evaluate("(e) => e.scrollHeight")
        # What is asked for on the way there comes in after the first frame.
        reader.scrolls_to(600)
        reader.page.wait_for_function(
            "(before) => document.querySelector('.scroller').scrollHeight > before + 1000",
            arg=height,
        )
        assert reader.moved() <= 1


def test_the_wheel_four_px_up_holds_the_view_while_an_answer_grows(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    fill(ai_server, room, lines(60))
    model.will(behaviours.endless(pace=0.02, piece="and on and on\n\n"))
    asker = visit(ai_server, "Bora", room)
    member = visit(ai_server, "Mina", room)
    asker.sends("@assistant go on")
    member.waits_until(lambda: member.answer().count("and on") > 10, "sees the answer grow")
    member.wheel(-4)
    member.frames(3)
    member.watches(member.middle_row())
    before = len(member.answer())
    member.waits_until(lambda: len(member.answer()) > before + 400, "the answer goes on")
    assert member.moved() <= 1
    expect(member.page.get_by_role("button", name="Jump to latest")).to_be_visible()
    asker.page.get_by_role("button", name="Stop", exact=True).click()
    asker.sees("Stopped by")


def test_a_member_at_the_end_always_sees_the_last_line_and_the_asker_stays_at_the_name(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str
) -> None:
    fill(ai_server, room, lines(60))
    model.will(behaviours.endless(pace=0.02, piece="and on and on\n\n"))
    member = visit(ai_server, "Mina", room)
    asker = visit(ai_server, "Bora", room)
    asker.sends("@assistant go on")
    for _ in range(5):
        before = len(member.answer())
        member.waits_until(lambda n=before: len(member.answer()) > n + 100, "the answer grows")
        member.frames(2)
        assert member.from_end() <= 1
    asker.waits_until(lambda: asker.from_end() > 200, "the answer is longer than the screen")
    asker.watches(asker.page.locator("article.msg.ai").last)
    at = asker.top_of(asker.page.locator("article.msg.ai").last)
    assert -1 <= at <= 24, "the name stands at the top"
    before = len(asker.answer())
    asker.waits_until(lambda: len(asker.answer()) > before + 400, "the answer goes on")
    assert asker.moved() <= 1
    asker.page.get_by_role("button", name="Stop", exact=True).click()
    member.sees("Stopped by")


def test_a_room_is_found_again_where_it_was_left(server: Server, visit: Visit, room: str) -> None:
    fill(server, room, lines(200))
    reader = visit(server, "Bora", room)
    reader.row("Line 200")
    server_room = f"{room}-other"
    fill(server, server_room, lines(60), name="Somebody").join(room)
    reader.goes_to(server_room)
    reader.goes_to(room)
    reader.scrolls_up(1500)
    reader.frames(5)
    row = reader.middle_row()
    key = row.evaluate("(e) => e.closest('.item').dataset.key")
    top = reader.top_of(row)
    for name, last in ((server_room, "Line 60"), (room, None)):
        reader.page.locator("nav.rooms-side a.room", has_text=f"#{name}").filter(
            has_text=re.compile(f"#{name}$")
        ).click()
        reader.page.wait_for_url(f"**/r/{name}")
        if last:
            reader.row(last)
    assert abs(reader.top_of(reader.row_of(key)) - top) <= 1


def test_a_link_to_a_message_opens_there_with_the_focus_on_it(
    server: Server, visit: Visit, room: str
) -> None:
    client = fill(server, room, lines(300))
    seq = next(
        m["seq"]
        for m in client.ok("history", {"room": room, "before": 200, "limit": 100})["messages"]
        if m["body"] == "Line 123"
    )
    reader = visit(server, "Bora", room, at=seq)
    row = reader.row("Line 123")
    expect(row).to_be_focused()
    expect(row).to_have_class(re.compile(r"\bmarked\b"))
    height = reader.scroller.evaluate("(e) => e.clientHeight")
    assert abs(reader.top_of(row) - 0.3 * height) <= 60
    expect(row).not_to_have_class(re.compile(r"\bmarked\b"), timeout=4_000)


def test_the_browsers_search_finds_fifty_rows_up_and_what_a_fold_hides(
    server: Server, visit: Visit, room: str
) -> None:
    hidden = "\n\n".join(f"Paragraph {n}" for n in range(1, 60)) + "\n\nneedle-in-the-fold"
    fill(server, room, [hidden, *lines(50)])
    reader = visit(server, "Bora", room)
    reader.row("Line 50")
    assert reader.page.evaluate("window.find('Paragraph 1')"), "50 rows up"
    fold = reader.page.locator(".rest", has_text="needle-in-the-fold")
    # What a script may call does not look into folds as Ctrl+F does: this is how the browser sees them, and what it tells.
    assert fold.evaluate("(e) => [e.getAttribute('hidden'), getComputedStyle(e).display]") == [
        "until-found",
        "block",
    ]
    fold.dispatch_event("beforematch")
    expect(reader.page.get_by_text("needle-in-the-fold")).to_be_visible()


def test_a_selection_outlives_a_hundred_new_messages(
    server: Server, visit: Visit, room: str
) -> None:
    client = fill(server, room, lines(60))
    reader = visit(server, "Bora", room)
    row = reader.row("Line 59")
    row.locator(".text").select_text()
    assert "Line 59" in reader.page.evaluate("getSelection().toString()")
    for number in range(100):
        client.request(
            "message", {"room": room, "client_id": f"c{number}", "body": f"More {number}"}
        )
    reader.row("More 99")
    assert reader.page.evaluate("getSelection().toString()").strip() == "Line 59"
