"""Colours, faces, groups and text as they really come out in the browser."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from tests.support.server import Server

from .conftest import Visit
from .talk import fill, happened

pytestmark = pytest.mark.browser

SEOUL = ZoneInfo("Asia/Seoul")

# WCAG 2 contrast of two colours as the browser paints them.
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const paint = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => paint(colour)
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  window.contrast = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  window.token = (name) => {
    const probe = document.createElement('i');
    probe.className = 'probe';
    document.body.append(probe);
    probe.style.color = `var(--${name})`;
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  };
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_ink_stands_out_from_every_paper(
    server: Server, visit: Visit, room: str, dark: bool
) -> None:
    someone = visit(server, "Bora", room, dark=dark)
    someone.page.evaluate(CONTRAST)

    def worst(inks: list[str], papers: list[str]) -> float:
        ratio: float = someone.page.evaluate(
            "([inks, papers]) => Math.min(...inks.flatMap((i) => papers.map((p) => contrast(token(i), token(p)))))",
            [inks, papers],
        )
        return ratio

    papers = ["bg", "side", "raised"]
    assert worst(["text"], [*papers, "own", "hit"]) >= 9.5
    assert worst(["muted", "accent", "ai", "danger", "warn", "ok"], papers) >= 4.8
    assert worst(["on-accent"], ["accent"]) >= 4.8
    assert worst(["ctl"], papers) >= 3.4
    faces = someone.page.evaluate(
        """() => Array.from({ length: 12 }, (_, n) => {
          const face = document.createElement('span');
          face.className = `avatar hue-${n}`;
          document.body.append(face);
          const { color, backgroundColor } = getComputedStyle(face);
          face.remove();
          return contrast(color, backgroundColor);
        })"""
    )
    assert min(faces) >= 5.1
    assert max(faces) < 21, "a face has a colour"


def test_a_face_shows_the_last_syllables_or_the_initials(
    server: Server, visit: Visit, room: str
) -> None:
    for name in ("김지민", "Mina Kwon", "남궁민수", "bora"):
        fill(server, room, [f"I am {name}"], name=name)
    someone = visit(server, "Somebody", room)
    for name, face in (
        ("김지민", "지민"),
        ("Mina Kwon", "MK"),
        ("남궁민수", "민수"),
        ("bora", "B"),
    ):
        expect(someone.row(f"I am {name}").locator(".avatar").first).to_have_text(face)


def test_a_group_ends_after_five_minutes_at_midnight_and_at_a_reply(
    server: Server, visit: Visit, room: str
) -> None:
    client = fill(server, room, ["one", "two", "three", "four", "five", "six"])
    first = client.ok("history", {"room": room, "limit": 10})["messages"]
    to = next(message for message in first if message["body"] == "five")
    client.send(room, "seven", reply_to=to["id"])
    start = datetime(2026, 3, 2, 23, 40, tzinfo=SEOUL)
    minutes = {
        "one": 0,
        "two": 5,
        "three": 10.02,
        "four": 15,
        "five": 19.5,
        "six": 20.5,
        "seven": 21,
    }
    happened(server, room, {body: start + timedelta(minutes=at) for body, at in minutes.items()})
    reader = visit(server, "Bora", room, timezone_id="Asia/Seoul")

    def begins_a_group(text: str) -> bool:
        words = reader.page.locator(".text", has_text=re.compile(rf"^\s*{text}\s*$"))
        row = reader.page.locator("article.msg").filter(has=words)
        has_face = row.locator(":scope > .avatar").count() == 1
        assert has_face == (row.locator(".head .name").count() == 1)
        return has_face

    begun = {body for body in minutes if begins_a_group(body)}
    assert begun == {"one", "three", "six", "seven"}
    days = reader.page.locator(".item .mark:not(.new)").all_inner_texts()
    assert [re.search(r"March \d", day)[0] for day in days if "March" in day] == [
        "March 2",
        "March 3",
    ]  # type: ignore[index]


def html_of(row: Locator) -> str:
    return row.locator(".text .block").first.inner_html().strip()


def test_emphasis_and_addresses_beside_hangul(server: Server, visit: Visit, room: str) -> None:
    someone = visit(server, "Bora", room)
    assert (
        html_of(someone.says("**용어(term)**를", "용어")) == "<p><strong>용어(term)</strong>를</p>"
    )
    assert html_of(someone.says("네~~응~~")) == "<p>네~~응~~</p>"
    link = someone.says("https://example.com에서 봐요", "봐요").locator("a")
    expect(link).to_have_attribute("href", re.compile(r"^https://example\.com/?$"))
    expect(link).to_have_text("https://example.com")
    assert someone.says("example.com에서 봐요").locator(".text a").count() == 0
