from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.support.server import Server

from .conftest import Browser

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def server(alone: Server) -> Server:
    return alone


def test_a_name_and_a_room_are_enough_without_any_script(
    browser: Callable[..., Browser], room: str
) -> None:
    page = browser()
    assert page.get("/").status_code == 200
    entered = page.post("/enter", name="김지민", room=f" #{room.upper()} ")
    assert (entered.status_code, entered.headers["Location"]) == (303, f"/r/{room}")
    shown = page.get(f"/r/{room}")
    assert shown.status_code == 200
    assert page.boot["user"]["name"] == "김지민"
    assert page.boot["room"]["room"]["slug"] == room


def test_the_address_of_a_room_can_be_shared(
    server: Server, browser: Callable[..., Browser], room: str
) -> None:
    alice = server.connect("Alice")
    alice.join(room)
    alice.send(room, "hello <img src=x onerror=alert(1)>")
    page = browser()
    asked = page.get(f"/r/{room}")
    assert asked.status_code == 200
    assert page.boot["user"] is None
    assert "hello" not in asked.text
    entered = page.post("/enter", name="Bob", room=room)
    shown = page.get(entered.headers["Location"])
    assert "hello &lt;img src=x onerror=alert(1)&gt;" in shown.text
    assert "<img" not in shown.text
    messages = page.boot["room"]["messages"]
    assert [message["body"] for message in messages] == ["hello <img src=x onerror=alert(1)>"]


def test_a_page_holds_the_latest_fifty_messages_or_those_around_a_place(
    server: Server, browser: Callable[..., Browser], room: str
) -> None:
    alice = server.connect("Alice")
    alice.join(room)
    for index in range(1, 121):
        alice.send(room, f"message {index}")
    page = browser()
    page.get(f"/r/{room}")
    page.post("/enter", name="Bob", room=room)
    shown = page.get(f"/r/{room}").text
    assert re.findall(r'id="m(\d+)"', shown) == [str(seq) for seq in range(71, 121)]
    assert page.boot["room"]["more"] is True
    around = page.get(f"/r/{room}/20").text
    assert 'id="m20"' in around
    assert 'id="m120"' not in around
    assert page.boot["room"]["messages"][-1]["seq"] == 120


def test_a_name_with_markup_stays_a_name(browser: Callable[..., Browser], room: str) -> None:
    page = browser()
    page.get("/")
    name = "</script><b>&amp;x"
    page.post("/enter", name=name, room=room)
    shown = page.get(f"/r/{room}")
    assert shown.text.count("<b>") == 0
    assert page.boot["user"]["name"] == name
    assert page.get("/").text.count("<b>") == 0


@pytest.mark.parametrize(
    "slug", ["a b", "tea🍵", "x" * 500, "a%2Fb", "..%2F..%2Fetc", "%00", "a;b"]
)
def test_a_strange_room_name_gets_a_clear_page(browser: Callable[..., Browser], slug: str) -> None:
    page = browser()
    answer = page.get(f"/r/{slug}")
    assert answer.status_code == 400
    assert "1 to 64 letters of any script" in answer.text
    page.get("/")
    typed = page.post("/enter", name="Alice", room="a b")
    assert typed.status_code == 400
    assert "1 to 64 letters of any script" in typed.text
    assert 'value="Alice"' in typed.text
    assert page.get("/r/방-1_b").status_code == 200


def test_other_spellings_of_a_room_lead_to_its_own(
    browser: Callable[..., Browser], room: str
) -> None:
    page = browser()
    answer = page.get(f"/r/{room.upper()}/7")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"/r/{room}/7")
    hangul = page.get(f"/r/{quote('Ｔea-차')}")
    assert hangul.headers["Location"] == f"/r/{quote('tea-차')}"


def test_a_room_that_is_not_open_looks_like_one_that_is_not_there(
    server: Server, browser: Callable[..., Browser], room: str
) -> None:
    owner = server.guest("Alice")["token"]
    private = {"slug": room, "private": True}
    assert server.http("POST", "/api/v1/rooms", private, token=owner).status_code == 201
    page = browser()
    page.get(f"/r/{room}")
    page.post("/enter", name="Bob", room=room)
    closed, missing = page.get(f"/r/{room}"), page.get(f"/r/direct-{room}x")
    assert closed.status_code == 404
    assert "No such room, or it is not open to you." in closed.text
    assert page.get("/nowhere").status_code == 404
    assert missing.status_code in (400, 404)


def test_accounts_sign_up_in_and_out_by_forms(browser: Callable[..., Browser]) -> None:
    name = f"Alice {uuid4().hex[:8]}"
    page = browser()
    page.get("/sign-up?next=/settings")
    up = page.post("/sign-up", name=name, password=PASSWORD, next="/settings")
    assert (up.status_code, up.headers["Location"]) == (303, "/settings")
    assert name in page.get("/settings").text
    other = browser()
    other.get("/sign-in")
    wrong = other.post("/sign-in", name=name, password="not it at all")
    assert wrong.status_code == 401
    assert "Name or password is wrong." in wrong.text
    assert other.post("/sign-in", name=name, password=PASSWORD).status_code == 303
    settings = other.get("/settings").text
    assert settings.count('name="session"') == 3
    assert other.post("/sign-out").headers["Location"] == "/"
    assert other.get("/settings").headers["Location"].startswith("/sign-in")
    page.get("/settings")
    page.post("/sign-out", session="all")
    assert page.get("/settings").status_code == 303


def test_a_form_says_what_is_wrong_with_it(browser: Callable[..., Browser]) -> None:
    page = browser()
    page.get("/")
    for path, fields, status, says in [
        ("/enter", {"name": "", "room": "tea"}, 400, "1 to 40 visible characters"),
        ("/enter", {"name": "assistant", "room": "tea"}, 409, "This name is taken."),
        ("/sign-up", {"name": "Alice", "password": "short"}, 400, "8 to 200 characters"),
        ("/sign-up", {"name": "", "password": PASSWORD}, 400, "1 to 40 visible characters"),
    ]:
        answer = page.post(path, **fields)
        assert (answer.status_code, says in answer.text) == (status, True), answer.text
        assert page.boot["user"] is None


def test_one_changes_ones_name_and_ends_another_session_in_the_settings(
    browser: Callable[..., Browser],
) -> None:
    name = f"Alice {uuid4().hex[:8]}"
    page, other = browser(), browser()
    for each, path in ((page, "/sign-up"), (other, "/sign-in")):
        each.get(path)
        assert each.post(path, name=name, password=PASSWORD).status_code == 303
    page.get("/settings")
    assert page.post("/settings", name=f"{name} 2").status_code == 303
    shown = page.get("/settings").text
    assert f"{name} 2" in shown
    assert page.post("/settings", name="").status_code == 400
    session = re.findall(r'name="session" value="([a-z2-7]{16})"', page.get("/settings").text)
    mine = page.api("GET", "/sessions").json()["sessions"]
    current = next(device["id"] for device in mine if device["current"])
    (theirs,) = set(session) - {current}
    assert page.post("/sign-out", session=theirs).headers["Location"] == "/settings"
    assert other.get("/settings").status_code == 303
    assert page.get("/settings").status_code == 200


def test_a_form_without_its_token_or_from_another_page_does_nothing(
    server: Server, browser: Callable[..., Browser], room: str
) -> None:
    page, stranger = browser(), browser()
    stranger.get("/")
    token = stranger.boot["csrf"]
    page.get("/")
    own = page.boot["csrf"]
    fields = {"name": "Alice", "room": room}
    for forged in ({}, {"csrf": ""}, {"csrf": token}, {"csrf": "é"}, {"csrf": own[:-1]}):
        assert page.post_raw("/enter", {**fields, **forged}).status_code == 403
    foreign = page.post_raw("/enter", {**fields, "csrf": own}, Origin="https://evil.example")
    assert foreign.status_code == 403
    assert "chatapp" not in page.http.cookies
    assert page.post_raw("/enter", {**fields, "csrf": own}, Origin=server.url).status_code == 303
    # Of another session it is worth nothing either, and the one of before neither.
    assert page.post_raw("/sign-out", {"csrf": own}).status_code == 403
    assert page.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil",
        "evil",
        "/x\\y",
    ],
)
def test_no_form_leads_away_from_this_server(browser: Callable[..., Browser], path: str) -> None:
    page = browser()
    page.get("/sign-up")
    name = f"Alice {uuid4().hex[:8]}"
    answer = page.post("/sign-up", name=name, password=PASSWORD, next=path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page.get("/sign-in")
    answer = page.post("/sign-in", name=name, password=PASSWORD, next="/r/tea")
    assert answer.headers["Location"] == "/r/tea"


def test_no_address_redirects_to_another_server(browser: Callable[..., Browser]) -> None:
    page = browser()
    for path in ("//evil.example", "//evil.example/%2F..", "/\\evil.example", "/r//evil.example"):
        answer = page.http.get(f"{page.url}{path}", allow_redirects=False)
        assert answer.status_code in (400, 404), path


def test_pages_are_in_the_language_that_is_wanted(browser: Callable[..., Browser]) -> None:
    korean = browser(**{"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"})
    page = korean.get("/")
    assert 'lang="ko"' in page.text
    assert "들어가기" in page.text
    assert "이 주소에는 아무것도 없습니다." in korean.get("/nowhere").text
    english = korean.get("/?lang=en")
    assert "Enter</button>" in english.text
    assert "Enter</button>" in korean.get("/").text  # remembered
    assert "Enter</button>" in browser(**{"Accept-Language": "fr"}).get("/").text


def test_the_rooms_of_a_person_are_on_the_first_page(
    server: Server, browser: Callable[..., Browser], room: str
) -> None:
    page = browser()
    page.get("/")
    page.post("/enter", name="Bob", room=room)
    page.get(f"/r/{room}")
    alice = server.connect("Alice")
    alice.join(room)
    alice.send(room, "hello")
    home = page.get("/").text
    assert f'href="/r/{room}"' in home
    assert '<span class="badge" aria-label="1 new">1</span>' in home


def test_programs_get_their_errors_as_json_also_from_pages(browser: Callable[..., Browser]) -> None:
    program = browser(Accept="application/json")
    answer = program.get("/nowhere")
    assert json.loads(answer.text)["error"]["code"] == "not_found"
