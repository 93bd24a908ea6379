from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.server import Server

from .conftest import Browser

pytestmark = pytest.mark.one_runtime

PASSWORD = "correct horse"


def refused(response: Any, status: int, code: str) -> Any:
    """The error of a refusal."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == code
    assert error["request_id"]
    return error


def name(of: str = "Alice") -> str:
    return f"{of} {uuid4().hex[:8]}"


def sign_up(server: Server, who: str) -> Any:
    response = server.http("POST", "/api/v1/accounts", {"name": who, "password": PASSWORD})
    assert response.status_code == 201, response.text
    return response.json()


def test_a_guest_is_who_the_token_says(server: Server) -> None:
    alice, bob = server.guest("Alice"), server.guest("Bob")
    assert alice["user"]["kind"] == "guest"
    for person in (alice, bob):
        me = server.http("GET", "/api/v1/me", token=person["token"])
        assert (me.status_code, me.json()) == (200, {"user": person["user"]})


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer x", "Basic dTpw", "Bearer {token}x", "{token}"]
)
def test_nobody_is_who_the_token_does_not_say(server: Server, header: str) -> None:
    token = server.guest("Alice")["token"]
    good = {"Authorization": f"Bearer {token}"}
    assert server.http("GET", "/api/v1/me", headers=good).status_code == 200
    bad = {"Authorization": header.format(token=token), "Cookie": f"chatapp={token}"}
    refused(server.http("GET", "/api/v1/me", headers=bad), 401, "unauthenticated")
    refused(server.http("GET", "/api/v1/me"), 401, "unauthenticated")


def test_an_account_signs_up_and_in_and_out(server: Server) -> None:
    alice = name()
    first = sign_up(server, alice)
    assert first["user"]["kind"] == "person"
    signed_in = server.http("POST", "/api/v1/sessions", {"name": alice, "password": PASSWORD})
    assert signed_in.status_code == 201
    second = signed_in.json()
    assert second["user"] == first["user"]
    out = server.http("DELETE", "/api/v1/sessions/current", token=second["token"])
    assert (out.status_code, out.text) == (204, "")
    refused(server.http("GET", "/api/v1/me", token=second["token"]), 401, "unauthenticated")
    assert server.http("GET", "/api/v1/me", token=first["token"]).status_code == 200


def test_a_wrong_name_and_a_wrong_password_are_told_the_same(server: Server) -> None:
    alice = name()
    sign_up(server, alice)
    errors = []
    for who, password in ((alice, "a wrong one"), (name("Nobody"), PASSWORD)):
        response = server.http("POST", "/api/v1/sessions", {"name": who, "password": password})
        errors.append(refused(response, 401, "unauthenticated")["message"])
    assert errors[0] == errors[1]


def test_nobody_takes_the_name_of_an_account_or_one_that_looks_like_it(server: Server) -> None:
    alice = name()
    sign_up(server, alice)
    homoglyph = alice.replace("A", "А")
    for taken in (alice.upper(), homoglyph, alice.replace("l", "l\u200b"), f"\u202e{alice[::-1]}"):
        for path, more in (("guests", {}), ("accounts", {"password": PASSWORD})):
            response = server.http("POST", f"/api/v1/{path}", {"name": taken, **more})
            refused(response, 409, "name_taken")
    refused(server.http("POST", "/api/v1/guests", {"name": "assistant"}), 409, "name_taken")
    assert server.guest(name("Alicia"))["user"]["kind"] == "guest"


@pytest.mark.parametrize("bad", ["", " ", "x" * 41, "two\nlines", "\x1b[31mred"])
def test_a_name_that_is_none_is_told_what_is_allowed(server: Server, bad: str) -> None:
    error = refused(server.http("POST", "/api/v1/guests", {"name": bad}), 400, "bad_request")
    assert "1 to 40 visible characters" in error["message"]


def test_one_sees_ones_devices_and_ends_one_of_them(server: Server) -> None:
    alice = name()
    here = sign_up(server, alice)["token"]
    sign_in = {"name": alice, "password": PASSWORD}
    agent = {"User-Agent": "phone/2.1 (Android)"}
    phone = server.http("POST", "/api/v1/sessions", sign_in, headers=agent).json()["token"]
    devices = server.http("GET", "/api/v1/sessions", token=here).json()["sessions"]
    assert {device["label"]: device["current"] for device in devices} == {
        "python-requests/2.34.2": True,
        "phone/2.1": False,
    }
    other = next(device["id"] for device in devices if not device["current"])
    stranger = server.guest("Bob")["token"]
    path = f"/api/v1/sessions/{other}"
    refused(server.http("DELETE", path, token=stranger), 404, "not_found")
    assert server.http("GET", "/api/v1/me", token=phone).status_code == 200
    assert server.http("DELETE", path, token=here).status_code == 204
    refused(server.http("GET", "/api/v1/me", token=phone), 401, "unauthenticated")


def test_live_sockets_end_wherever_a_session_is_signed_out(server: Server, room: str) -> None:
    alice = name()
    here = sign_up(server, alice)["token"]
    sign_in = {"name": alice, "password": PASSWORD}
    phone = server.http("POST", "/api/v1/sessions", sign_in).json()["token"]
    # Several, so that with several workers some are on another one than the request.
    sockets = [server.connect(token=phone) for _ in range(4)]
    stays = server.connect(token=here)
    for socket in (*sockets, stays):
        socket.join(room)
    began = time.monotonic()
    assert server.http("DELETE", "/api/v1/sessions/current", token=phone).status_code == 204
    for socket in sockets:
        socket.sees("session_revoked", reason="signed_out", timeout=2)
        socket.is_disconnected(timeout=2)
    assert time.monotonic() - began < 2
    stays.send(room, "still here")
    assert stays.is_open
    assert server.http("DELETE", "/api/v1/sessions", token=here).status_code == 204
    stays.sees("session_revoked", timeout=2)


def test_a_new_name_is_told_and_a_new_password_ends_other_sessions(server: Server) -> None:
    alice = name()
    here = sign_up(server, alice)["token"]
    sign_in = {"name": alice, "password": PASSWORD}
    phone = server.http("POST", "/api/v1/sessions", sign_in).json()["token"]
    other = name("Alicia")
    renamed = server.http("PATCH", "/api/v1/me", {"name": other}, token=here)
    assert renamed.json()["user"]["name"] == other
    wrong = {"old": "not it", "new": "another one"}
    refused(server.http("PUT", "/api/v1/me/password", wrong, token=here), 403, "forbidden")
    assert server.http("GET", "/api/v1/me", token=phone).json()["user"]["name"] == other
    right = {"old": PASSWORD, "new": "another one"}
    assert server.http("PUT", "/api/v1/me/password", right, token=here).status_code == 204
    refused(server.http("GET", "/api/v1/me", token=phone), 401, "unauthenticated")
    assert server.http("GET", "/api/v1/me", token=here).status_code == 200


def test_a_page_gets_a_cookie_and_a_program_gets_none(
    server: Server, browser: Callable[..., Browser]
) -> None:
    program = server.http("POST", "/api/v1/guests", {"name": "Bot"})
    assert "Set-Cookie" not in program.headers
    page = browser()
    answer = page.api("POST", "/guests", {"name": "Alice"})
    assert answer.status_code == 201
    assert page.api("GET", "/me").json()["user"] == answer.json()["user"]
    # A fetch of our own page that does not know of the header has the Origin.
    other = browser()
    other.api("POST", "/guests", {"name": "Alice"}, headers={"Origin": server.url})
    assert "chatapp" in other.http.cookies


def test_every_sign_in_is_a_new_session_and_the_one_before_it_ends(
    server: Server, browser: Callable[..., Browser]
) -> None:
    page = browser()
    page.api("POST", "/guests", {"name": "Alice"})
    before = page.http.cookies["chatapp"]
    alice = name()
    page.api("POST", "/accounts", {"name": alice, "password": PASSWORD})
    after = page.http.cookies["chatapp"]
    assert before != after
    assert page.api("GET", "/me").json()["user"]["name"] == alice
    refused(server.http("GET", "/api/v1/me", token=before), 401, "unauthenticated")


def test_a_session_that_somebody_else_chose_is_not_taken_over(
    server: Server, browser: Callable[..., Browser]
) -> None:
    page = browser()
    page.http.cookies["chatapp"] = planted = "x" * 43
    answer = page.api("POST", "/guests", {"name": "Alice"})
    assert answer.cookies["chatapp"] != planted
    refused(server.http("GET", "/api/v1/me", token=planted), 401, "unauthenticated")


def test_signing_out_takes_the_cookie_back(browser: Callable[..., Browser]) -> None:
    page = browser()
    page.api("POST", "/guests", {"name": "Alice"})
    assert page.api("DELETE", "/sessions/current").status_code == 204
    assert "chatapp" not in page.http.cookies


def test_a_new_name_reaches_everyone_in_ones_rooms(server: Server, room: str) -> None:
    alice, bob, carol = (server.connect(who) for who in ("Alice", "Bob", "Carol"))
    for each in (alice, bob):
        each.join(room)
    carol.join(f"{room}-elsewhere")
    answer = server.http("PATCH", "/api/v1/me", {"name": "Alicia"}, token=alice.token)
    renamed = answer.json()["user"]
    assert renamed == {**alice.user, "name": "Alicia"}
    for each in (alice, bob):
        each.sees("user_changed", user=renamed)
    assert alice.send(room, "it is me")["sender"] == renamed
    assert bob.sees("message", body="it is me")["sender"] == renamed
    online = server.connect("Dora").join(room)["online"]
    assert renamed in online
    assert alice.user not in online
    carol.call("typing", {"room": f"{room}-elsewhere", "typing": True})
    carol.has_not_seen("user_changed")
