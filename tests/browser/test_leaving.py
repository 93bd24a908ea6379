"""Being signed out elsewhere, leaving a room and being put out of it: the page tells the truth and leads on."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.support.browser import Pages
from tests.support.network import network
from tests.support.server import Server

from .conftest import Visit
from .person import PATIENCE_MS
from .screen import Visitor
from .talk import fill
from .test_delivery import notices, own

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def on_its_way(pages: Pages) -> None:
    """What a page has asked for may reach the server when its person is out of the room."""
    pages.forgiven.append("status of 404")


def account(server: Server) -> tuple[str, str]:
    """A new account's name, and the token of a session."""
    name = f"Bora {uuid.uuid4().hex[:6]}"
    answer = server.http("POST", "/api/v1/accounts", {"name": name, "password": PASSWORD})
    return name, answer.json()["token"]


def sign_out_elsewhere(server: Server, token: str) -> None:
    assert server.http("DELETE", "/api/v1/sessions/current", token=token).status_code == 204


def says_and_is_heard(someone: Visitor, text: str) -> None:
    """Until the ack has come: only what is stored is offered to be edited."""
    someone.says(text).hover()
    edit = someone.row(text).get_by_role("button", name="Edit", exact=True)
    expect(edit).to_be_visible(timeout=PATIENCE_MS)


def test_who_is_signed_out_elsewhere_keeps_the_page_and_comes_back_with_draft_and_unsent_messages(
    server: Server, visit: Visit, room: str
) -> None:
    bob = fill(server, room, ["hello"], name="Bob")
    name, token = account(server)
    with network(server.port) as line:
        someone = visit(server, name, room, token=token, url=line.url)
        says_and_is_heard(someone, "mine")
        line.cut()
        someone.waits_until(lambda: not someone.is_connected(), "notices the cut")
        someone.sends("not sent yet")
        someone.row("not sent yet")
        someone.composer.fill("half a thou")
        sign_out_elsewhere(server, token)
        line.mend()
        notices(someone)
        bar = someone.page.locator(".bar")
        expect(bar).to_contain_text("You were signed out.")
        # Still their page: their words stand on their side, and nothing can be written into a void.
        assert own(someone) == ["mine", "not sent yet …"]
        expect(someone.row("not sent yet")).to_contain_text("Goes out when you sign in again")
        expect(someone.composer).to_have_js_property("readOnly", value=True)
        expect(someone.page.get_by_role("button", name="Send")).to_be_disabled()
        someone.row("hello").hover()
        toolbar = someone.row("hello").get_by_role("group", name="Actions")
        expect(toolbar.get_by_role("button", name="Copy", exact=True)).to_be_visible()
        expect(toolbar.get_by_role("button", name="Reply")).to_have_count(0)
        bar.get_by_role("link", name="Sign in").click()
        form = someone.page.locator("form[action='/sign-in']")
        form.locator("input[name=name]").fill(name)
        form.locator("input[name=password]").fill(PASSWORD)
        form.locator("button").click()
        someone.is_in(room)
        expect(someone.composer).to_have_value("half a thou")
        someone.waits_until(lambda: own(someone) == ["mine", "not sent yet"], "it is sent")
    bob.sees("message", body="not sent yet")


def test_a_guest_who_was_signed_out_is_told_so_and_led_back_to_the_room(
    server: Server, visit: Visit, room: str
) -> None:
    someone = visit(server, "Bora", room)
    says_and_is_heard(someone, "mine")
    sign_out_elsewhere(server, someone.token)
    link = someone.page.locator(".bar").get_by_role("link", name="Come in again")
    link.click()
    someone.page.locator("input[name=name]").fill("Bora again")
    someone.page.locator("input[name=name]").press("Enter")
    someone.is_in(room)
    someone.row("mine")
    assert own(someone) == []


def leave(someone: Visitor) -> None:
    someone.page.locator(".people-side").get_by_role("button", name="Leave the room").click()
    someone.page.locator("dialog[open]").get_by_role("button", name="Leave the room").click()
    someone.page.wait_for_url(re.compile(r"/$"))


def is_member(server: Server, someone: Visitor, room: str) -> bool:
    answer = server.http("GET", f"/api/v1/rooms/{room}", token=someone.token)
    return answer.status_code == 200


def test_back_does_not_enter_a_room_again_that_one_has_left(
    server: Server, visit: Visit, room: str
) -> None:
    fill(server, room, ["hello"])
    someone = visit(server, "Bora", room)
    leave(someone)
    assert not is_member(server, someone, room)
    someone.page.go_back()
    expect(someone.page.get_by_text("You left this room.")).to_be_visible()
    assert not is_member(server, someone, room)
    # Somebody else on this browser has left nothing.
    other = server.guest("Mina")
    cookie = {"name": "chatapp", "value": other["token"], "url": server.url}
    mine = {**cookie, "value": someone.token}
    someone.page.context.add_cookies([cookie])  # type: ignore[list-item]
    someone.goes_to(room)
    someone.page.context.add_cookies([mine])  # type: ignore[list-item]
    # Only whoever says so comes in again.
    someone.page.goto(f"{server.url}/r/{room}")
    someone.page.get_by_role("button", name="Enter").click()
    someone.is_in(room)
    assert is_member(server, someone, room)
    someone.reloads()
    someone.row("hello")


def test_who_is_put_out_of_a_private_room_sees_nothing_more_of_it(
    server: Server, visit: Visit, room: str
) -> None:
    owner = server.connect("Mina Kwon")
    secret = {"slug": room, "name": "Secret plans", "private": True}
    assert server.http("POST", "/api/v1/rooms", secret, token=owner.token).status_code == 201
    guest = server.guest("Bora")
    members = f"/api/v1/rooms/{room}/members"
    bring = {"user_id": guest["user"]["id"]}
    assert server.http("POST", members, bring, token=owner.token).status_code == 201
    owner.join(room)
    someone = visit(server, "Bora", room, token=guest["token"])
    expect(someone.page.locator("h1")).to_have_text("#Secret plans")
    expect(someone.page.locator(".people-side")).to_contain_text("Mina Kwon")
    assert server.http("DELETE", members, bring, token=owner.token).status_code == 204
    expect(someone.page.get_by_role("alert")).to_contain_text("No such room")
    for told in ("Secret plans", "Mina Kwon", "member"):
        expect(someone.page.locator("body")).not_to_contain_text(told)
    assert "Secret plans" not in someone.page.title()


def test_an_owner_who_leaves_hands_the_room_over(server: Server, visit: Visit, room: str) -> None:
    owner = visit(server, "Bora", room)
    stays = visit(server, "Mina", room)
    leave(owner)
    answer = server.http("GET", f"/api/v1/rooms/{room}", token=stays.token)
    assert answer.json()["room"]["role"] == "owner"
    # At once, without a reload: what Mina may do has changed.
    bob = server.connect("Bob")
    bob.join(room)
    bob.send(room, "to be deleted")
    row = stays.row("to be deleted")
    row.hover()
    expect(row.get_by_role("button", name="Delete", exact=True)).to_be_visible()
