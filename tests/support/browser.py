"""Chromium pages for tests, through Playwright."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from .processes import ROOT, program

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = (1280, 800)
PHONE = (390, 844)
RESULTS = ROOT / "test-results"


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"), headless=True, args=ARGUMENTS
        )
        yield browser
        browser.close()


class Pages:
    """Opens pages of different people: each has its own context, so its own cookies and storage."""

    def __init__(self, browser: Browser, test_name: str) -> None:
        self.browser = browser
        self.test_name = test_name
        self.complaints: list[str] = []
        self.forgiven: list[
            str
        ] = []  # what a complaint may contain: Chromium tells of every answer that is an error
        self._contexts: list[BrowserContext] = []

    def open(
        self,
        url: str = "about:blank",
        *,
        size: tuple[int, int] = DESKTOP,
        locale: str = "en-US",
        dark: bool = False,
        **more: Any,
    ) -> Page:
        """A new person's page. `more` goes to Playwright's new_context."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=locale,
            color_scheme="dark" if dark else "light",
            has_touch=size == PHONE,
            **more,
        )
        self._contexts.append(context)
        return self.tab(context, url)

    def tab(self, context: BrowserContext, url: str = "about:blank") -> Page:
        """One more page of the same person."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(f"console: {message.text}")
                if message.type == "error"
                and not any(each in message.text for each in ("net::ERR", *self.forgiven))
                else None
            ),
        )
        page.goto(url)
        return page

    def picture(self) -> list[Path]:
        """Keep pictures of all open pages in test-results/."""
        RESULTS.mkdir(exist_ok=True)
        kept = []
        for number, page in enumerate(page for c in self._contexts for page in c.pages):
            path = RESULTS / f"{self.test_name}-{number}.png"
            with contextlib.suppress(Error):
                page.screenshot(path=path)
                kept.append(path)
        return kept

    def close(self) -> None:
        for context in self._contexts:
            context.close()
