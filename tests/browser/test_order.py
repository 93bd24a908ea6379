"""The room's own order: its owner bans, lets in again and hands the room over, from the people's panel."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.security.people import Person
from tests.support.browser import PHONE
from tests.support.server import Server

from .conftest import Visit
from .test_pages import violations

pytestmark = pytest.mark.browser


def opened(page: Page, words: str) -> Locator:
    """The dialog that the people's panel leads to."""
    if page.viewport_size and page.viewport_size["width"] <= PHONE[0]:
        page.locator("header").get_by_role("button", name="People").or_(
            page.locator("header").get_by_role("button", name="사람")
        ).first.click()
    page.get_by_role("button", name=words, exact=True).click()
    return page.get_by_role("dialog", name=words, exact=True)


def test_an_owner_bans_lifts_the_ban_and_hands_the_room_over(
    visit: Visit, server: Server, room: str
) -> None:
    owner, eve, bob = (Person.guest(server, name) for name in ("Olga", "Eve", "Bob"))
    olga = visit(server, "Olga", room, token=owner.token)
    eves, bobs = eve.connects(), bob.connects()
    eves.join(room)
    bobs.join(room)
    page = olga.page
    dialog = opened(page, "Manage people")
    dialog.get_by_role("button", name="Ban Eve").click()
    dialog.get_by_label("Reason").fill("spam, again and again")
    dialog.get_by_label("For how long").select_option(label="7 days")
    dialog.get_by_role("button", name="Ban", exact=True).click()
    eves.sees("removed", reason="banned")
    banned = dialog.locator("li", has_text="spam, again and again")
    expect(banned).to_contain_text("Eve")
    expect(banned).to_contain_text("until")
    assert eve.refused("GET", f"/rooms/{room}/messages") in {"not_found", "forbidden"}
    assert bob.asks("GET", f"/rooms/{room}/messages").status_code == 200

    banned.get_by_role("button", name="Lift the ban: Eve").click()
    expect(dialog.get_by_text("Nobody is banned.")).to_be_visible()
    eves.join(room)

    dialog.get_by_role("button", name="Make owner: Bob").click()
    page.get_by_role("dialog").get_by_role("button", name="Make owner", exact=True).click()
    expect(dialog.get_by_role("button", name="Make owner: Bob")).to_have_count(0)
    roles = {
        each["user"]["id"]: each["role"]
        for each in bob.does("GET", f"/rooms/{room}/members")["members"]
    }
    assert (roles[bob.id], roles[owner.id]) == ("owner", "moderator")
    # A moderator bans members, but not the owner, and gives away what is not theirs in no way.
    expect(dialog.get_by_role("button", name="Ban Eve")).to_be_visible()
    expect(dialog.get_by_role("button", name="Ban Bob")).to_have_count(0)


def test_a_member_has_no_such_buttons(visit: Visit, server: Server, room: str) -> None:
    Person.guest(server, "Olga").connects().join(room)
    page = visit(server, "Mina", room).page
    expect(page.get_by_role("button", name="Leave the room")).to_be_visible()
    expect(page.get_by_role("button", name="Manage people")).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "dark", "size"),
    [
        ("en-US", False, None),
        ("en-US", True, PHONE),
        ("ko-KR", False, PHONE),
        ("ko-KR", True, None),
    ],
    ids=["en-light-wide", "en-dark-phone", "ko-light-phone", "ko-dark-wide"],
)
def test_the_dialog_fits_and_axe_finds_nothing(
    visit: Visit, server: Server, room: str, locale: str, dark: bool, size: Any
) -> None:
    owner, eve = (
        Person.guest(server, "Olga"),
        Person.guest(server, "Eve with quite a long name, 38 letters"),
    )
    look: dict[str, Any] = {"locale": locale, "dark": dark, **({"size": size} if size else {})}
    page = visit(server, "Olga", room, token=owner.token, **look).page
    for name in ("Bob", "Mina"):
        Person.guest(server, name).connects().join(room)
    eve.connects().join(room)
    reason = "posts the same advertisement in every room, and again"
    owner.does("POST", f"/rooms/{room}/bans", {"user_id": eve.id, "reason": reason, "days": 7})
    dialog = opened(page, "Manage people" if locale == "en-US" else "사람 관리")
    expect(dialog.locator("li", has_text=reason)).to_be_visible()
    expect(dialog.locator("li", has_text="Mina")).to_be_visible()
    box = dialog.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]  # type: ignore[index]
    assert dialog.evaluate("(it) => it.scrollWidth <= it.clientWidth")
    assert violations(page) == []
    dialog.locator("li", has_text="Mina").locator(".danger").click()
    expect(dialog.locator("form")).to_be_visible()
    assert violations(page) == []
