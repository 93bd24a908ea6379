"""The administrators' page: in both languages and themes, as narrow as a phone; and what it does."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.security.people import Person, command
from tests.support.browser import PHONE
from tests.support.server import Server

from .person import PATIENCE_MS
from .test_pages import violations

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def admin(server: Server) -> Person:
    admin = Person.account(server, "Root")
    done = command(server, "make-admin", admin.name)
    assert done.returncode == 0, done.stderr
    for number in range(3):
        Person.guest(server, f"<b>Guest {number}</b>")
    admin.does(
        "POST",
        "/rooms",
        {"slug": "a-room-with-a-long-name-that-does-not-break-by-itself-0123456789"},
    )
    return admin


def opens(pages: Any, server: Server, who: Person, **look: Any) -> Any:
    page = pages.open(**look)
    page.context.add_cookies([{"name": "chatapp", "value": who.token, "url": server.url}])
    page.goto(f"{server.url}/admin")
    return page


@pytest.mark.parametrize(("locale", "dark"), [("en-US", False), ("ko-KR", True)])
def test_every_list_fits_a_phone_and_axe_finds_nothing(
    pages: Any, server: Server, admin: Person, locale: str, dark: bool
) -> None:
    page = opens(pages, server, admin, size=PHONE, locale=locale, dark=dark)
    lists = ["people", "rooms", "sessions", "bans", "record"]
    if locale == "ko-KR":
        lists = ["사람", "방", "로그인", "차단", "기록"]
    for name in lists:
        page.get_by_role("button", name=name, exact=False).first.click()
        expect(page.locator(".panel li, .panel > .muted").first).to_be_visible(timeout=PATIENCE_MS)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE[0], f"{name} scrolls sideways: {width}"
        assert violations(page) == []
        assert page.locator(".panel b").count() == 0


def test_an_administrator_bans_and_lets_in_again(pages: Any, server: Server, admin: Person) -> None:
    eve = Person.account(server, "Eve")
    page = opens(pages, server, admin)
    page.get_by_role("searchbox").fill(eve.name)
    row = page.locator("li", has_text=eve.name)
    expect(row).to_have_count(1, timeout=PATIENCE_MS)
    row.get_by_role("button", name="Ban").click()
    page.get_by_role("dialog").get_by_role("button", name="Ban").click()
    expect(row).to_contain_text("banned", timeout=PATIENCE_MS)
    assert eve.asks("GET", "/me").status_code == 401
    page.get_by_role("button", name="Bans").click()
    page.locator("li", has_text=eve.name).get_by_role("button", name="Lift the ban").click()
    expect(page.locator("li", has_text=eve.name)).to_have_count(0, timeout=PATIENCE_MS)
    assert eve.signs_in().status_code == 201
    page.get_by_role("button", name="Record").click()
    expect(page.locator("li", has_text=eve.name)).to_have_count(2, timeout=PATIENCE_MS)


def test_who_is_no_administrator_gets_a_page_that_says_so(pages: Any, server: Server) -> None:
    eve = Person.guest(server, "Eve")
    answer = server.http(
        "GET", "/admin", headers={"Cookie": f"chatapp={eve.token}", "Accept": "text/html"}
    )
    assert answer.status_code == 403
    assert "entries/admin" not in answer.text
    assert server.http("GET", "/admin").headers["Location"] == "/sign-in?next=/admin"
