"""Finding what was said, and making rooms: by keyboard, in both languages, on a phone too."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.browser import PHONE
from tests.support.server import Server

from .conftest import Visit
from .talk import fill, lines
from .test_pages import outside, violations

pytestmark = pytest.mark.browser


def test_a_message_is_found_by_its_words_and_shown_where_it_was_said(
    server: Server, visit: Visit, room: str
) -> None:
    said = ["금요일 배포 회의는 세 시입니다", *lines(120), "the last **meeting** of all"]
    fill(server, room, said)
    fill(server, f"{room}-other", ["a meeting elsewhere"])
    someone = visit(server, "Bora", room)
    visit(server, "Bora", f"{room}-other", token=someone.token)
    press = someone.page.keyboard.press
    press("Control+Shift+F")
    box = someone.page.get_by_role("combobox", name="Search")
    expect(box).to_be_focused()
    found = someone.page.get_by_role("option")
    box.fill("회의")
    expect(found).to_have_count(1)
    expect(found.locator("mark")).to_have_text("회의")
    # By keyboard, to a message that is not loaded.
    press("Enter")
    row = someone.row("금요일 배포 회의는")
    expect(row).to_be_focused()
    expect(row).to_have_class(re.compile("marked"))
    assert someone.page.url.endswith("/1")
    # By pointer, in all rooms.
    someone.page.locator(".header").get_by_role("button", name="Search").click()
    box.fill("MEETING")
    expect(found).to_have_count(1)
    someone.page.get_by_label("In all my rooms").check()
    expect(found).to_have_count(2)
    elsewhere = found.filter(has_text="a meeting elsewhere")
    expect(elsewhere.locator("mark")).to_have_text("meeting")
    elsewhere.click()
    someone.page.wait_for_url(f"**/r/{room}-other/1")
    expect(someone.row("a meeting elsewhere")).to_be_focused()
    press("Control+Shift+F")
    box.fill("nothing of the kind")
    expect(someone.page.get_by_text("Nothing found.")).to_be_visible()
    press("Escape")
    expect(box).to_have_count(0)


def test_a_private_room_is_made_and_people_are_brought_into_it(
    server: Server, visit: Visit, pages: Any, room: str
) -> None:
    mina = server.connect("Mina Kwon")
    mina.join(room)
    someone = visit(server, "Bora", room)
    page = someone.page
    page.get_by_role("button", name="New room").click()
    dialog = page.get_by_role("dialog", name="New room")
    expect(dialog.get_by_label("Name")).to_be_focused()
    expect(dialog.get_by_role("button", name="Create")).to_be_disabled()
    dialog.get_by_label("Name").fill(f"Plans {room}!")
    expect(dialog).to_contain_text(f"/r/plans-{room}")
    dialog.get_by_label("Private").check()
    dialog.get_by_label("Messages stay").select_option(label="7 days")
    dialog.get_by_role("button", name="Create").click()
    page.wait_for_url(f"**/r/plans-{room}")
    expect(page.locator("h1")).to_have_text(f"#Plans {room}!")
    info = server.http("GET", f"/api/v1/rooms/plans-{room}", token=someone.token).json()["room"]
    assert (info["kind"], info["retention"], info["role"]) == ("private", 7, "owner")
    page.get_by_role("button", name="Add people").click()
    page.get_by_role("button", name="Add: Mina Kwon").click()
    mina.sees("room_changed", room=f"plans-{room}")
    assert mina.join(f"plans-{room}")["room"]["role"] == "member"
    page.keyboard.press("Escape")
    expect(page.locator(".people-side")).to_contain_text("Mina Kwon")
    # The address is taken now; a room that forgets has another.
    page.get_by_role("button", name="New room").click()
    dialog.get_by_label("Name").fill(f"plans {room}")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("There is a room at this address already.")
    # Chromium itself complains of the status.
    assert [text for text in pages.complaints if "409" not in text] == []
    pages.complaints.clear()
    dialog.get_by_label("Name").fill(f"live {room}")
    dialog.get_by_label("Messages stay").select_option(label="until everybody has left")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/r/live-{room}")
    with sqlite3.connect(server.folder / "data" / "chat.sqlite3") as database:
        sql = "SELECT kind, retention FROM rooms WHERE slug = ?"
        kept = database.execute(sql, (f"live-{room}",)).fetchone()
    database.close()
    assert kept == ("public", "live")


@pytest.mark.parametrize(
    ("locale", "search", "dark"), [("en-US", "Search", False), ("ko-KR", "검색", True)]
)
def test_the_new_dialogs_are_open_to_everybody_on_a_phone(
    server: Server, visit: Visit, room: str, locale: str, search: str, dark: bool
) -> None:
    fill(server, room, ["hello " * 60])
    someone = visit(server, "Bora", room, size=PHONE, locale=locale, dark=dark)
    someone.page.locator(".header").get_by_role("button", name=search).click()
    someone.page.get_by_role("combobox").fill("hello")
    expect(someone.page.get_by_role("option")).to_have_count(1)
    assert violations(someone.page) == []
    assert outside(someone.page) == []
    someone.page.keyboard.press("Escape")
    someone.page.locator(".for-rooms").click()
    someone.page.locator("dialog.drawer .side-head button").last.click()
    expect(someone.page.locator(".new-room")).to_be_visible()
    assert violations(someone.page) == []
    assert outside(someone.page) == []
    texts = someone.page.locator(".new-room").inner_text()
    assert bool(re.search(r"[가-힣]", texts)) is (locale == "ko-KR")
