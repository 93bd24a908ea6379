"""A visitor whose eyes measure: where rows stand, to the pixel, and whether they ever moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.sync_api import CDPSession, Locator, Page, Request, expect

from .person import PATIENCE_MS, Person

COOKIE = "chatapp"

# The row at the middle of the view, or the last above it.
MIDDLE = """() => {
  const box = document.querySelector('.scroller').getBoundingClientRect();
  const rows = [...document.querySelectorAll('.item .msg')];
  return rows.findLast((row) => row.getBoundingClientRect().top < box.top + box.height / 2);
}"""

# Watches one row frame by frame. `moved` is the largest distance from where it stood at first, in px.
WATCH = """(row) => {
  const timeline = document.querySelector('.scroller').getBoundingClientRect().top;
  const watch = { key: row.closest('.item').dataset.key, at: row.getBoundingClientRect().top - timeline, moved: 0, lost: 0, frames: 0 };
  const look = () => {
    if (watch.over) return;
    const now = document.querySelector(`.item[data-key="${CSS.escape(watch.key)}"] .msg`);
    watch.frames += 1;
    if (!now) watch.lost += 1;
    else watch.moved = Math.max(watch.moved, Math.abs(now.getBoundingClientRect().top - timeline - watch.at));
    requestAnimationFrame(look);
  };
  window.watch = watch;
  requestAnimationFrame(look);
}"""


class Visitor(Person):
    """A person who is signed in by a token and goes straight to rooms."""

    def __init__(self, page: Page, name: str, url: str, token: str) -> None:
        super().__init__(page, name)
        self.url, self.token = url, token
        self.foreign: list[str] = []
        page.on("request", self._asked)
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": url}])

    def goes_to(self, room: str, at: int | None = None) -> None:
        """By the address of a room, or of a message in it."""
        self.page.goto(f"{self.url}/r/{quote(room)}{'' if at is None else f'/{at}'}")
        expect(self.composer).to_be_visible(timeout=PATIENCE_MS)
        self.waits_until(self.is_connected, "is connected")
        self.page.wait_for_selector(".scroller")

    def waits_until(self, check: Callable[[], Any], what: str) -> None:
        def ask() -> Any:
            # What the page sends to the test (requests held back, errors) arrives during a word with it.
            self.page.evaluate("0")
            return check()

        super().waits_until(ask, what)

    def reloads(self) -> None:
        self.page.reload()
        self.waits_until(self.is_connected, "is connected")

    def sends(self, text: str) -> None:
        """Types and sends, without a look at what becomes of it."""
        self.composer.fill(text)
        self.composer.press("Control+Enter")

    @property
    def cdp(self) -> CDPSession:
        """Chromium's own protocol, for what Playwright has no word for."""
        if not hasattr(self, "_cdp"):
            self._cdp = self.page.context.new_cdp_session(self.page)
        return self._cdp

    # Where things are

    @property
    def scroller(self) -> Locator:
        return self.page.locator(".scroller")

    def from_end(self) -> float:
        """How many px of the timeline are below the view."""
        px: float = self.scroller.evaluate("(e) => e.scrollHeight - e.clientHeight - e.scrollTop")
        return px

    def top_of(self, row: Locator) -> float:
        """How far below the timeline's upper edge a row stands, in px."""
        px: float = row.evaluate(
            "(e) => e.getBoundingClientRect().top - document.querySelector('.scroller').getBoundingClientRect().top"
        )
        return px

    def wheel(self, px: float) -> None:
        """Turn the wheel over the timeline; down is positive."""
        self.scroller.hover()
        self.page.mouse.wheel(0, px)

    def scrolls_up(self, px: float) -> None:
        """Turn the wheel until the view stands `px` above the end."""
        self.wheel(-px)
        self.waits_until(lambda: self.from_end() >= px - 1, f"has scrolled up by {px} px")

    def watches(self, row: Locator) -> None:
        """From now on, frame by frame: see `moved`."""
        row.evaluate(WATCH)
        self.frames(2)

    def scrolls_to(self, px: float) -> None:
        """Scroll there at once, and watch the row at the middle from the first frame there on."""
        self.page.evaluate(
            f"""async (px) => {{
              document.querySelector('.scroller').scrollTop = px;
              await new Promise((drawn) => requestAnimationFrame(drawn));
              ({WATCH})(({MIDDLE})());
            }}""",
            px,
        )

    def moved(self) -> float:
        """The furthest that the watched row has been from its place, in px. It was there in every frame."""
        self.frames(2)
        watch: dict[str, Any] = self.page.evaluate("window.watch")
        assert watch["frames"] > 1
        assert watch["lost"] == 0
        return float(watch["moved"])

    def frames(self, count: int) -> None:
        """Let so many frames be drawn."""
        self.page.evaluate(
            "async (n) => { while (n-- > 0) await new Promise((done) => requestAnimationFrame(done)); }",
            count,
        )

    def middle_row(self) -> Locator:
        """The row at the middle of the view, or the last above it."""
        key = self.page.evaluate(f"({MIDDLE})().closest('.item').dataset.key")
        return self.row_of(key)

    def row_of(self, key: str) -> Locator:
        return self.page.locator(f'.item[data-key="{key}"] .msg')

    # The window

    def looks_away(self) -> None:
        """Another window has the focus; this one is still on the screen."""
        self._attention("false", "blur")

    def looks_back(self) -> None:
        self._attention("true", "focus")

    def _attention(self, focused: str, event: str) -> None:
        # Headless pages are all focused: the page is told otherwise in the way a browser would.
        self.page.evaluate(
            f"document.hasFocus = () => {focused}; window.dispatchEvent(new Event('{event}'))"
        )

    def _asked(self, request: Request) -> None:
        asked, home = urlsplit(request.url), urlsplit(self.url)
        if asked.scheme not in ("blob", "data") and asked.netloc != home.netloc:
            self.foreign.append(request.url)
