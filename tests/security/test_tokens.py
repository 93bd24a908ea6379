"""Tokens with a lifetime, for phones and programs: refreshed, or over when their time is."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support.client import RefusedError
from tests.support.server import Server
from tests.support.waiting import eventually

from .conftest import Weakened
from .people import Person

pytestmark = pytest.mark.one_runtime

# Long enough that no step takes so long on a busy machine, short enough to be waited for.
BRIEF = 160
SECONDS = BRIEF / 20


@pytest.fixture
def brief(weakened: Weakened) -> Iterator[Weakened]:
    """A server where the seconds of a lifetime are counted as a twentieth: BRIEF is eight seconds."""
    weakened.off("lifetimes_are_whole")
    yield weakened
    weakened.off("none")


def test_a_socket_ends_with_its_token_unless_it_is_refreshed(brief: Weakened, room: str) -> None:
    alice, carol = (Person.guest(brief, name, lifetime=BRIEF) for name in ("Alice", "Carol"))
    bob = Person.guest(brief, "Bob")
    ends, refreshed, stays = alice.connects(), carol.connects(), bob.connects()
    for socket in (ends, refreshed, stays):
        socket.join(room)
    first, began = carol.token, time.monotonic()
    # Longer than the lifetime: without a refresh it would be over. Use alone does not prolong it.
    while time.monotonic() - began < SECONDS + 3:
        answer = carol.does("POST", "/sessions/current/refresh")
        assert answer["token"] != carol.token
        carol.token = answer["token"]
        eventually(lambda: carol.asks("GET", "/me").status_code == 200, within=20)
        alice.asks("GET", "/me")
        refreshed.ok("leave", {"room": room})
        refreshed.join(room)
        time.sleep(1)  # it is time that must pass
    assert refreshed.is_open
    assert brief.http("GET", "/api/v1/me", token=first).status_code == 401
    assert ends.sees("session_revoked", timeout=30)["reason"] == "expired"
    ends.is_disconnected(timeout=20)
    assert alice.asks("GET", "/me").status_code == 401
    assert alice.refused("POST", "/sessions/current/refresh") == "unauthenticated"
    with pytest.raises(RefusedError):
        alice.connects()
    stays.send(room, "still here")


def test_a_token_says_when_it_ends_and_is_refreshed_once(server: Server) -> None:
    guest = server.http("POST", "/api/v1/guests", {"name": "Alice", "lifetime": 3600}).json()
    usual = server.guest("Bob")
    assert guest["expires_at"] < usual["expires_at"]
    alice = Person.account(server)
    for bad in (0, 59, 90 * 24 * 3600 + 1, "60", 1e3 + 0.5):
        answer = alice.signs_in(lifetime=bad)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request"), bad
    old = alice.token
    new = alice.does("POST", "/sessions/current/refresh")
    assert alice.refused("POST", "/sessions/current/refresh") == "unauthenticated"
    assert server.http("GET", "/api/v1/me", token=new["token"]).json()["user"] == alice.user
    assert server.http("GET", "/api/v1/me", token=old).status_code == 401
    # It is the same session: one device, not two.
    devices = server.http("GET", "/api/v1/sessions", token=new["token"]).json()["sessions"]
    assert [device["current"] for device in devices] == [True]
    headers = {"Cookie": f"chatapp={new['token']}", "X-Chatapp-Csrf": "1"}
    by_cookie = server.http("POST", "/api/v1/sessions/current/refresh", headers=headers)
    assert by_cookie.json()["error"]["code"] == "forbidden"
