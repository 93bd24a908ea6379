"""What counts as read, and what the page tells of what is not."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support.server import Server

from .conftest import Visit
from .screen import Visitor
from .talk import fill, lines

pytestmark = pytest.mark.browser


def unread(server: Server, someone: Visitor, room: str) -> int:
    """As the server has it."""
    rooms = server.http("GET", "/api/v1/rooms", token=someone.token).json()["rooms"]
    count: int = next(entry["unread"] for entry in rooms if entry["room"]["slug"] == room)
    return count


def test_without_the_focus_nothing_is_read_and_the_new_line_appears(
    server: Server, visit: Visit, room: str
) -> None:
    writer = fill(server, room, ["before"])
    reader = visit(server, "Bora", room)
    reader.row("before")
    reader.waits_until(lambda: unread(server, reader, room) == 0, "has read all")
    other = visit(server, "Mina", room)
    reader.looks_away()
    writer.send(room, "while away")
    line = reader.page.locator(".mark.new")
    expect(line).to_be_visible()
    writer.send(room, "and another")
    reader.row("and another")
    # Somebody beside them, who looks, has had the time to read.
    other.waits_until(lambda: unread(server, other, room) == 0, "has read them")
    assert unread(server, reader, room) == 2
    expect(reader.page).to_have_title(re.compile(re.escape(room)))
    reader.looks_back()
    reader.waits_until(lambda: unread(server, reader, room) == 0, "has read them")
    expect(line).to_be_visible()
    reader.composer.press("Escape")
    expect(line).to_have_count(0)


def test_jump_to_latest_leaves_nothing_unread_on_any_device(
    server: Server, visit: Visit, room: str
) -> None:
    token = server.guest("Bora")["token"]
    server.connect(token=token).join(room)
    fill(server, room, lines(250))
    laptop = visit(server, "Bora", room, token=token)
    elsewhere = visit(server, "Bora", f"{room}-other", token=token)
    entry = elsewhere.page.locator(
        "nav.rooms-side a.room", has_text=re.compile(f"^#{room}(99|$|\\+|\\d)")
    )
    expect(entry.locator(".badge")).to_have_text("99+")
    laptop.scrolls_up(900)
    laptop.page.get_by_role("button", name=re.compile("Jump to latest")).click()
    laptop.row("Line 250")
    laptop.waits_until(lambda: unread(server, laptop, room) == 0, "has read all")
    for device in (elsewhere, laptop):
        device.reloads()
    expect(entry).to_be_visible()
    expect(entry.locator(".badge")).to_have_count(0)
    expect(laptop.page.locator(".mark.new")).to_have_count(0)
