"""Somebody in front of a page: what they do, and what they see on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.support.processes import ROOT
from tests.support.waiting import eventually

PICTURES = ROOT / "docs" / "pictures"
PATIENCE_MS = 30_000


class Person:
    """A page of the room, and the hands and eyes of who uses it."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        page.set_default_timeout(PATIENCE_MS)

    # What they do

    def enters(self, url: str, room: str) -> None:
        """Through the entry page, by name."""
        self.page.goto(url)
        form = self.page.locator("form").filter(has=self.page.locator("input[name=room]")).first
        form.locator("input[name=name]").fill(self.name)
        form.locator("input[name=room]").fill(room)
        form.locator("input[name=room]").press("Enter")
        self.is_in(room)

    def follows_a_link(self, url: str, room: str) -> None:
        """By the address of a room that somebody sent, saying only the name."""
        self.page.goto(f"{url}/r/{quote(room)}")
        box = self.page.locator("input[name=name]").first
        box.fill(self.name)
        box.press("Enter")
        self.is_in(room)

    def is_in(self, room: str) -> None:
        self.page.wait_for_url(f"**/r/{quote(room)}")
        expect(self.composer).to_be_visible(timeout=PATIENCE_MS)
        eventually(self.is_connected, within=15, what=f"{self.name} is connected")

    def is_connected(self) -> bool:
        # The dot stands under the rooms, which a phone does not show: there the page itself says it.
        return self.page.locator("[data-connection=connected]").count() > 0

    def says(self, text: str, shown: str | None = None) -> Locator:
        """Types and sends; the row of the message, found by what it shows where that is not what was typed."""
        self.composer.fill(text)
        self.composer.press("Control+Enter")
        return self.row(shown or text)

    def types(self, text: str) -> None:
        """Types without sending, key by key."""
        self.composer.press_sequentially(text, delay=30)

    def acts(self, row: Locator, action: str) -> None:
        """Presses a button of a message's toolbar."""
        row.scroll_into_view_if_needed()
        row.hover()
        row.get_by_role("button", name=action, exact=True).click()

    def edits(self, row: Locator, text: str) -> None:
        self.acts(row, "Edit")
        self.composer.fill(text)
        self.composer.press("Control+Enter")

    def reacts(self, row: Locator, emoji: str) -> None:
        self.acts(row, "React")
        self.page.get_by_role("button", name=emoji).first.click()

    # What they see

    @property
    def composer(self) -> Locator:
        return self.page.locator("textarea")

    def row(self, text: str) -> Locator:
        """The message with this text, once it is on the screen."""
        row = self.page.locator("article.msg").filter(has_text=text).last
        expect(row).to_be_visible(timeout=PATIENCE_MS)
        return row

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).last).to_be_visible(timeout=PATIENCE_MS)

    def answer(self) -> str:
        """The text of the latest answer of an assistant, as far as it is written."""
        rows = self.page.locator("article.msg.ai")
        return rows.last.locator(".text").inner_text() if rows.count() else ""

    def timeline(self) -> list[str]:
        """Every message on the screen: text, reactions, how an answer ended. The same for all who see the same."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll('article.msg')].map((row) => [
              row.querySelector('.text')?.innerText ?? '',
              [...row.querySelectorAll('.chip')].map((chip) => chip.innerText.trim()).join(' '),
              row.querySelector('.edited') ? 'edited' : '',
              row.querySelector('.delivery') ? 'not delivered' : '',
            ].join(' | '))"""
        )
        return found

    def waits_until(self, check: Callable[[], Any], what: str) -> None:
        eventually(check, within=PATIENCE_MS / 1000, what=f"{self.name}: {what}")

    def picture(self, name: str) -> Path:
        """Keep a picture for the documents."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        self.page.screenshot(path=path)
        return path
