"""The page of a room's assistants: its owner sets them up, everybody else may look."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, expect

from tests.openai_server import OpenAIServer, behaviours
from tests.security.people import Person as Account
from tests.security.people import command
from tests.support.browser import PHONE
from tests.support.server import Server

from .conftest import Visit
from .screen import Visitor
from .test_pages import outside, violations

pytestmark = pytest.mark.browser


def opens_the_page(someone: Visitor, room: str) -> None:
    someone.page.goto(f"{someone.url}/r/{quote(room)}/assistants")
    expect(card(someone, "assistant")).to_be_visible()


def card(someone: Visitor, name: str) -> Locator:
    return someone.page.get_by_role("listitem", name=name, exact=True)


def begins_a_new_one(owner: Visitor) -> Locator:
    owner.page.get_by_role("button", name="New assistant").click()
    return owner.page.get_by_role("form", name="New assistant")


def test_an_owner_makes_changes_and_removes_an_assistant_and_the_room_follows(
    server: Server, visit: Visit, room: str
) -> None:
    owner = visit(server, "Bora", room)
    member = visit(server, "Mina", room)
    opens_the_page(owner, room)
    form = begins_a_new_one(owner)
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    form.get_by_label("Name", exact=True).fill("번역가")
    form.get_by_label("Picture").select_option("Emoji")
    form.get_by_label("Persona").fill("Translates between Korean and English.")
    form.get_by_label("Temperature").fill("0.3")
    form.get_by_role("button", name="Create").click()
    expect(card(owner, "번역가")).to_contain_text("Translates between Korean and English.")
    expect(card(owner, "번역가")).to_contain_text("Temperature 0.3")
    people = member.page.get_by_role("region", name="Assistants")
    expect(people).to_contain_text("번역가")
    expect(people).to_contain_text("Demo, not an AI")

    # Mentioned from the list, it answers under its name and with its face.
    people.get_by_role("button", name="Mention: 번역가").click()
    expect(member.composer).to_be_focused()
    assert member.composer.input_value() == "@번역가 "
    member.composer.press_sequentially("hello")
    member.composer.press("Control+Enter")
    answer = member.page.locator("article.msg.ai").last
    expect(answer.locator(".name")).to_have_text("번역가")
    expect(answer.locator(".avatar.ai").first).to_have_text("🤖")
    expect(answer.locator(".stop")).to_have_count(0)

    card(owner, "번역가").get_by_role("button", name="Edit 번역가").click()
    form = owner.page.get_by_role("form", name="Edit 번역가")
    form.get_by_label("Name", exact=True).fill("통역가")
    form.get_by_role("button", name="Save").click()
    expect(card(owner, "통역가")).to_be_visible()
    expect(people).to_contain_text("통역가")

    card(owner, "통역가").get_by_label("Speaks").select_option("Never, not even when mentioned")
    expect(people).to_contain_text("never")
    owner.page.get_by_role("radio", name="One after the other").check()
    expect(people).to_contain_text("in turn")

    card(owner, "통역가").get_by_role("button", name="Remove 통역가").click()
    question = owner.page.get_by_role("dialog")
    question.get_by_role("button", name="Remove").click()
    expect(card(owner, "통역가")).to_have_count(0)
    expect(people).not_to_contain_text("통역가")
    expect(member.page.locator("article.msg.ai").last).to_contain_text("통역가")
    owner.page.reload()
    expect(owner.page.get_by_role("radio", name="One after the other")).to_be_checked()


def test_an_administrator_who_does_not_own_the_room_makes_and_deletes_one_for_all_rooms(
    server: Server, visit: Visit, room: str
) -> None:
    owner = visit(server, "Bora", room)
    root = Account.account(server, f"Root{room[-6:]}")
    done = command(server, "make-admin", root.name)
    assert done.returncode == 0, done.stderr
    admin = visit(server, root.name, room, token=root.token)
    name = f"Sage{room[-6:]}"
    opens_the_page(admin, room)
    form = begins_a_new_one(admin)
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("For all rooms of this server").check()
    form.get_by_role("button", name="Create").click()
    expect(card(admin, name)).to_contain_text("In all rooms")
    people = owner.page.get_by_role("region", name="Assistants")
    expect(people).to_contain_text(name)

    card(admin, name).get_by_role("button", name=f"Remove {name}").click()
    admin.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    others = admin.page.get_by_role("region", name="Also on this server")
    others.get_by_role("button", name=f"Add {name} to the room").click()
    expect(card(admin, name)).to_be_visible()
    card(admin, name).get_by_role("button", name=f"Remove {name}").click()
    admin.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    # The room's owner may call it in, and not delete it.
    opens_the_page(owner, room)
    expect(owner.page.get_by_role("button", name=f"Add {name} to the room")).to_be_visible()
    expect(owner.page.get_by_role("button", name=f"Delete {name}")).to_have_count(0)
    others.get_by_role("button", name=f"Delete {name} for all rooms").click()
    admin.page.get_by_role("dialog").get_by_role("button", name="Delete for all rooms").click()
    expect(admin.page.get_by_role("button", name=f"Add {name} to the room")).to_have_count(0)
    owner.page.reload()
    expect(card(owner, "assistant")).to_be_visible()
    expect(owner.page.get_by_role("button", name=f"Add {name} to the room")).to_have_count(0)


def test_what_is_wrong_with_a_form_stands_beside_its_field_and_has_the_focus(
    server: Server, visit: Visit, pages: Any, room: str
) -> None:
    owner = visit(server, "Bora", room)
    opens_the_page(owner, room)
    form = begins_a_new_one(owner)
    persona = form.get_by_label("Persona")
    temperature = form.get_by_label("Temperature")
    name = form.get_by_label("Name", exact=True)
    persona.fill("x" * 4001)
    expect(form).to_contain_text("1 too many")
    temperature.fill("warm")
    form.get_by_role("button", name="Create").click()
    for field, words in (
        (name, "A name has 1 to 40 visible characters."),
        (persona, "At most 4,000 characters."),
        (temperature, "A number from 0 to 2."),
    ):
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(words.replace(".", r"\.")))
    expect(name).to_be_focused()
    assert violations(owner.page) == []
    # What the server alone knows stands beside its field as well.
    name.fill("assistant")
    persona.fill("Short.")
    temperature.fill("1")
    form.get_by_role("button", name="Create").click()
    expect(name).to_have_accessible_description(re.compile("Somebody here has this name already"))
    expect(name).to_be_focused()
    # The browser complains of the status itself.
    assert len(pages.complaints) == 1
    pages.complaints.clear()
    owner.page.keyboard.press("Escape")
    expect(form).to_have_count(0)


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_others_look_and_are_offered_nothing_to_change(
    server: Server, visit: Visit, room: str, locale: str
) -> None:
    visit(server, "Bora", room)
    member = visit(server, "Mina", room, locale=locale)
    opens_the_page(member, room)
    page = member.page
    expect(
        page.get_by_text({"en-US": "You can look here.", "ko-KR": "볼 수만"}[locale])
    ).to_be_visible()
    assert page.get_by_role("radio").first.is_disabled()
    assert page.get_by_role("combobox").first.is_disabled()
    assert page.locator("main button").count() == 0
    assert violations(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_and_its_form_are_whole_on_a_phone(
    server: Server, visit: Visit, room: str, dark: bool
) -> None:
    owner = visit(server, "Bora", room, size=PHONE, dark=dark)
    opens_the_page(owner, room)
    begins_a_new_one(owner)
    assert outside(owner.page) == []
    assert violations(owner.page) == []
    small: list[Any] = owner.page.evaluate(
        """() => [...document.querySelectorAll('main button, main select, main input:not([type=checkbox], [type=radio])')]
             .filter((e) => e.getBoundingClientRect().height < 43.5).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert small == []


def test_who_is_not_in_the_room_is_told_no_more_than_of_a_room_that_is_not_there(
    server: Server, visit: Visit, pages: Any, room: str
) -> None:
    visit(server, "Bora", room)
    stranger = server.guest("Otto")["token"]
    for slug in (room, "no-such-room"):
        answer = server.http(
            "GET", f"/r/{slug}/assistants", headers={"Cookie": f"chatapp={stranger}"}
        )
        assert answer.status_code == 404
    signed_out = server.http("GET", f"/r/{room}/assistants")
    assert (signed_out.status_code, signed_out.headers["Location"]) == (
        303,
        f"/sign-in?next=/r/{room}/assistants",
    )


@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["wide", "phone"])
def test_an_owner_tries_a_provider_and_is_told_in_words_what_is_wrong(
    ai_server: Server, model: OpenAIServer, visit: Visit, room: str, size: tuple[int, int]
) -> None:
    owner = visit(ai_server, "Bora", room, size=size)
    opens_the_page(owner, room)
    form = begins_a_new_one(owner)
    form.get_by_role("button", name="Test", exact=True).click()
    told = form.get_by_role("status")
    expect(told.get_by_role("listitem").first).to_contain_text("has the model test")
    expect(told).to_contain_text("It takes tools.")
    assert violations(owner.page) == []
    assert outside(owner.page) == []

    model.will(behaviours.refusal(401, "invalid_api_key", "Incorrect API key: sk-test"))
    form.get_by_role("button", name="Test", exact=True).click()
    expect(told.locator("li.wrong")).to_contain_text("The key or the request was refused.")
    assert "sk-test" not in owner.page.content()
    form.get_by_label("Provider").select_option("demo")
    expect(told.get_by_role("listitem")).to_have_count(0)
    form.get_by_role("button", name="Test", exact=True).click()
    expect(told).to_contain_text("It is not an AI.")
