"""The picture for the README: deliveries a second, as bars, readable on light and on dark ground."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .book import Book
from .report import name_of, number

WIDTH = 820
LEFT = 210  # for the names
RIGHT = 110  # for the numbers
BAR, GAP, GROUP = 16, 5, 34

STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
.title { font-weight: 600 }
.quiet { fill: #59636e; font-size: 12px }
.ours { fill: #0f6cbd }
.theirs { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .quiet { fill: #9198a1 }
  .ours { fill: #4c9aff }
  .theirs { fill: #6e7681 }
}
"""

Group = tuple[str, list[tuple[str, float]]]


def groups(book: Book, section: str, rows: dict[str, str], metric: str) -> list[Group]:
    """(row, [(who, median)]) of all that was measured, the product first, then the fastest."""
    found = []
    for key, title in rows.items():
        bars = []
        for who in book.figures.get(section, {}).get(key, {}):
            value = book.median(section, key, who, metric)
            if value:
                bars.append((who, value))
        bars.sort(key=lambda bar: (bar[0] != "chatapp", -bar[1]))
        if len(bars) > 1:
            found.append((title, bars))
    return found


def svg(title: str, parts: list[Group], notes: Sequence[str]) -> str:
    """Bars of each group against the largest of that group."""
    lines = []
    y = 24
    lines.append(f'<text class="title" x="0" y="{y}">{escape(title)}</text>')
    for name, bars in parts:
        y += GROUP
        lines.append(f'<text x="0" y="{y}">{escape(name)}</text>')
        y += 9
        most = max(value for _, value in bars)
        for who, value in bars:
            width = max(1.0, (WIDTH - LEFT - RIGHT) * value / most)
            kind = "ours" if who == "chatapp" else "theirs"
            middle = y + BAR - 4
            lines += [
                f'<text class="quiet" x="{LEFT - 8}" y="{middle}" text-anchor="end">{escape(name_of(who))}</text>',
                f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>',
                f'<text class="quiet" x="{LEFT + width + 8:.1f}" y="{middle}">{number(value)}</text>',
            ]
            y += BAR + GAP
    y += 6
    for note in notes:
        y += 18
        lines.append(f'<text class="quiet" x="0" y="{y}">{escape(note)}</text>')
    height = y + 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n"
        + "\n".join(lines)
        + "\n</svg>\n"
    )
