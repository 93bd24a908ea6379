"""What the sender sees when anything goes wrong, by real causes: sent, on its way, or failed with a reason. Never a lie."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.browser import Pages
from tests.support.client import Client
from tests.support.network import network
from tests.support.server import Server
from tests.support.waiting import eventually

from .conftest import Visit
from .screen import Visitor
from .test_delivery import notices, own

pytestmark = pytest.mark.browser

STEPS_DOWN = "You can read here, but not write."
# Faster than anybody types: all in one task of the page.
AT_ONCE = """(texts) => {
  for (const text of texts) {
    document.querySelector('textarea').value = text;
    document.querySelector('form.composer').requestSubmit();
  }
}"""


@pytest.fixture
def fragile(runtime: str, tmp_path: Path) -> Iterator[Server]:
    """A server that the test may hurt."""
    server = Server(tmp_path / "server", runtime=runtime)
    yield server.start()
    server.close()


def bodies(server: Server, someone: Visitor, room: str) -> list[str]:
    """What is stored."""
    page = server.http("GET", f"/api/v1/rooms/{room}/messages", token=someone.token).json()
    return [message["body"] for message in page["messages"] if message["type"] == "text"]


def note(someone: Visitor, text: str) -> str:
    """What stands under a message of mine."""
    return someone.row(text).locator(".delivery").inner_text(timeout=20_000)


def test_a_locked_database_and_a_server_that_stops_only_make_a_message_wait(
    fragile: Server, visit: Visit, room: str
) -> None:
    someone = visit(fragile, "Bora", room)
    someone.says("before")
    database = sqlite3.connect(fragile.folder / "data" / "chat.sqlite3", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    someone.sends("while it is locked")
    assert note(someone, "while it is locked") == "Sending"
    database.execute("ROLLBACK")
    database.close()
    someone.waits_until(lambda: own(someone) == ["before", "while it is locked"], "it is sent")
    fragile.terminate()
    someone.waits_until(lambda: not someone.is_connected(), "notices")
    for number in (1, 2):
        someone.sends(f"while it is down {number}")
        assert note(someone, f"while it is down {number}") == "Waiting to send"
    fragile.start()
    notices(someone)
    sent = ["before", "while it is locked", "while it is down 1", "while it is down 2"]
    someone.waits_until(lambda: own(someone) == sent, "all are sent, in order")
    assert bodies(fragile, someone, room) == sent


def test_whoever_writes_too_fast_waits_as_long_as_the_server_says(
    runtime: str, tmp_path: Path, pages: Pages, room: str
) -> None:
    server = Server(tmp_path / "server", runtime=runtime, env={"CHATAPP_RATE_LIMITS": "1/s"})
    frames: list[str] = []
    pages.forgiven.append("status of 429")
    try:
        page = pages.open()
        page.on(
            "websocket",
            lambda ws: ws.on("framereceived", lambda frame: frames.append(str(frame))),
        )
        server.start()
        someone = Visitor(page, "Bora", server.url, server.guest("Bora")["token"])
        someone.goes_to(room)
        # Over the WebSocket, where the test can read along.
        someone.waits_until(lambda: frames, "has upgraded")
        wanted = [f"fast {number}" for number in range(3)]
        frames.clear()
        someone.page.evaluate(AT_ONCE, wanted)
        # None fails, and none overtakes another.
        eventually(lambda: in_database(server) == wanted, within=60, what="all are stored")
        someone.waits_until(lambda: own(someone) == wanted, "all are sent, in order")
        refused = [f for f in frames if f.startswith("43/chat,") and '"rate_limited"' in f]
        assert refused
        assert all('"retry_after"' in frame for frame in refused)
    finally:
        server.close()


def in_database(server: Server) -> list[str]:
    """Every text, in order; asking the server would count against the limits."""
    with sqlite3.connect(server.folder / "data" / "chat.sqlite3") as database:
        rows = database.execute("SELECT body FROM messages WHERE type = 'text' ORDER BY seq")
        found = [str(body) for (body,) in rows]
    database.close()
    return found


def test_who_may_only_read_by_now_is_told_so_and_keeps_the_text(
    server: Server, visit: Visit, room: str
) -> None:
    owner = server.connect("Mina")
    owner.join(room)
    with network(server.port) as line:
        someone = visit(server, "Bora", room, url=line.url)
        line.cut()
        someone.waits_until(lambda: not someone.is_connected(), "notices the cut")
        someone.sends("too late")
        assert note(someone, "too late") == "Waiting to send"
        set_role(server, owner, someone, room, "readonly")
        line.mend()
        notices(someone)
        row = someone.row("too late")
        failed = row.locator(".delivery.failed")
        expect(failed).to_contain_text("Not sent: You may not do this here.")
        expect(someone.page.get_by_text(STEPS_DOWN)).to_be_visible()
        set_role(server, owner, someone, room, "member")
        expect(someone.composer).to_be_visible()
        row.get_by_role("button", name="Retry").click()
        owner.sees("message", body="too late")
        expect(failed).to_have_count(0)


def set_role(server: Server, owner: Client, someone: Visitor, room: str, role: str) -> None:
    me = server.http("GET", "/api/v1/me", token=someone.token).json()["user"]["id"]
    path = f"/api/v1/rooms/{room}/members"
    answer = server.http("POST", path, {"user_id": me, "role": role}, token=owner.token)
    assert answer.status_code == 201, answer.text


def test_who_was_put_out_meanwhile_still_has_what_was_not_sent(
    server: Server, visit: Visit, pages: Pages, room: str
) -> None:
    owner = server.connect("Mina")
    made = {"slug": room, "private": True}
    assert server.http("POST", "/api/v1/rooms", made, token=owner.token).status_code == 201
    guest = server.guest("Bora")
    members = f"/api/v1/rooms/{room}/members"
    who = {"user_id": guest["user"]["id"]}
    assert server.http("POST", members, who, token=owner.token).status_code == 201
    pages.forgiven.append("status of 404")
    with network(server.port) as line:
        someone = visit(server, "Bora", room, url=line.url, token=guest["token"])
        line.cut()
        someone.waits_until(lambda: not someone.is_connected(), "notices the cut")
        someone.sends("my last words")
        someone.row("my last words")
        assert server.http("DELETE", members, who, token=owner.token).status_code == 204
        line.mend()
        notices(someone)
        gone = someone.page.get_by_role("alert").filter(has_text="No such room")
        expect(gone).to_contain_text("my last words", timeout=20_000)
        expect(gone).to_contain_text("Not sent: It is not there, or not open to you.")
        gone.get_by_role("button", name="Delete").click()
        expect(gone).not_to_contain_text("my last words")
