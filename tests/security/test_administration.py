"""Administrators: who becomes one, what they do, what is recorded, and that nobody else can do it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from chatapp.payloads.routes import ROUTES
from tests.support.client import RefusedError
from tests.support.server import Server

from .people import PASSWORD, Person, command

pytestmark = pytest.mark.one_runtime


@pytest.fixture(scope="module")
def admin(server: Server) -> Person:
    """Made by the command, as every first administrator is."""
    admin = Person.account(server, "Root")
    done = command(server, "make-admin", admin.name.upper())
    assert done.returncode == 0, done.stderr
    return admin


def path_of(route: Any) -> str:
    return str(route.path).replace("{user_id}", "a" * 16).replace("{session_id}", "a" * 16)


ADMIN_ROUTES = [route for route in ROUTES if route.path.startswith("/admin")]


def audit(admin: Person, **fields: Any) -> list[Any]:
    """Entries of the record with these fields, the newest first."""
    entries = admin.does("GET", "/admin/audit")["entries"]
    return [entry for entry in entries if fields.items() <= entry.items()]


def test_nobody_else_does_what_administrators_do_and_the_try_is_recorded(
    server: Server, admin: Person
) -> None:
    for eve in (Person.account(server, "Eve"), Person.guest(server, "Eve")):
        for route in ADMIN_ROUTES:
            assert eve.refused(route.method, path_of(route), {}) == "forbidden", route
        tried = {entry["target"] for entry in audit(admin, actor_id=eve.id, result="forbidden")}
        assert tried == {f"{route.method} /api/v1{path_of(route)}" for route in ADMIN_ROUTES}
        socket = eve.connects()
        for event in ("ban", "admin", "make_admin", "end_session"):
            assert socket.refused(event, {"user_id": admin.id})["code"] == "unknown_event"
        page = server.http(
            "GET", "/admin", headers={"Cookie": f"chatapp={eve.token}", "Accept": "text/html"}
        )
        assert page.status_code == 403
        # Tries are recorded only as long as they are not a flood.
    nobody = server.http("GET", "/api/v1/admin/people")
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "unauthenticated")
    assert admin.does("GET", "/admin/people")["people"]


def test_a_ban_ends_every_session_on_every_worker_and_no_other_begins(
    server: Server, admin: Person, room: str
) -> None:
    eve = Person.account(server, "Eve")
    sockets = [eve.connects() for _ in range(4)]
    admin.does("POST", "/admin/bans", {"user_id": eve.id, "reason": "spam"})
    for socket in sockets:
        assert socket.sees("session_revoked")["reason"] == "banned"
        socket.is_disconnected()
    assert eve.asks("GET", "/me").status_code == 401
    with pytest.raises(RefusedError):
        eve.connects()
    right = eve.signs_in()
    assert (right.status_code, right.json()["error"]["code"]) == (403, "forbidden")
    wrong = {"name": eve.name, "password": "not it at all"}
    assert server.http("POST", "/api/v1/sessions", wrong).status_code == 401  # tells nothing
    assert [b["user"]["id"] for b in admin.does("GET", "/admin/bans")["bans"]].count(eve.id) == 1
    (person,) = admin.does("GET", f"/admin/people?q={eve.name[-6:]}")["people"]
    assert (person["banned"], person["sessions"]) == (True, 0)
    (entry,) = audit(admin, action="ban", target=eve.id)
    assert (entry["actor_id"], entry["target_name"]) == (admin.id, eve.name)
    admin.does("DELETE", f"/admin/bans/{eve.id}")
    assert eve.signs_in().status_code == 201
    assert audit(admin, action="unban", target=eve.id)


def test_an_administrator_is_not_banned_and_one_always_stays(server: Server, admin: Person) -> None:
    second = Person.account(server, "Second")
    admin.does("PUT", f"/admin/people/{second.id}/admin", {"admin": True})
    assert second.does("GET", "/admin/rooms")["rooms"] is not None
    assert second.refused("POST", "/admin/bans", {"user_id": admin.id}) == "conflict"
    assert admin.refused("POST", "/admin/bans", {"user_id": admin.id}) == "conflict"
    admin.does("PUT", f"/admin/people/{second.id}/admin", {"admin": False})
    # At once, in the session that was an administrator's.
    assert second.refused("GET", "/admin/rooms") == "forbidden"
    assert admin.refused("PUT", f"/admin/people/{admin.id}/admin", {"admin": False}) == "conflict"
    guest = Person.guest(server)
    assert admin.refused("PUT", f"/admin/people/{guest.id}/admin", {"admin": True}) == "conflict"
    assert audit(admin, action="make_admin", target=second.id)
    assert audit(admin, action="unmake_admin", target=second.id)


def test_an_administrator_ends_a_session_and_sees_no_secret(server: Server, admin: Person) -> None:
    bob = Person.account(server, "Bob")
    socket = bob.connects()
    text = admin.asks("GET", f"/admin/sessions?user_id={bob.id}").text
    assert bob.token not in text
    assert "hash" not in text
    (session,) = admin.does("GET", f"/admin/sessions?user_id={bob.id}")["sessions"]
    admin.does("DELETE", f"/admin/sessions/{session['id']}")
    assert socket.sees("session_revoked")["reason"] == "signed_out"
    assert bob.asks("GET", "/me").status_code == 401
    assert audit(admin, action="end_session", target=bob.id)[0]["details"] == session["id"]
    assert admin.refused("DELETE", f"/admin/sessions/{session['id']}") == "not_found"


def test_every_act_in_a_room_is_recorded(server: Server, admin: Person, room: str) -> None:
    owner, bob = Person.guest(server, "Owner"), Person.guest(server, "Bob")
    owner.does("POST", "/rooms", {"slug": room, "private": True})
    member = {"user_id": bob.id}
    owner.does("POST", f"/rooms/{room}/members", member)
    owner.does("POST", f"/rooms/{room}/members", {**member, "role": "readonly"})
    owner.does("DELETE", f"/rooms/{room}/members", member)
    owner.does("POST", f"/rooms/{room}/bans", {**member, "reason": "why not"})
    owner.does("DELETE", f"/rooms/{room}/bans/{bob.id}")
    owner.does("POST", f"/rooms/{room}/members", member)
    owner.does("POST", f"/rooms/{room}/owner", member)
    acts = [entry["action"] for entry in audit(admin, room=room, actor_id=owner.id)]
    assert acts[::-1] == [
        "add_member",
        "set_role",
        "remove_member",
        "ban",
        "unban",
        "add_member",
        "transfer",
    ]
    # What is said in a private room is no business of an administrator.
    rooms = admin.asks("GET", "/admin/rooms").text
    assert room in rooms
    assert admin.refused("GET", f"/rooms/{room}/messages") == "not_found"


def test_the_first_administrator_is_made_by_a_command_only(
    start_server: Callable[..., Server],
) -> None:
    server = start_server()
    names = ["admin", "root", "first"]
    answers: list[Any] = []

    def sign_up(name: str) -> None:
        new = {"name": name, "password": PASSWORD}
        answers.append(Person(server, server.http("POST", "/api/v1/accounts", new)))

    threads = [threading.Thread(target=sign_up, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Whoever signs up first, or is called so, is nobody in particular.
    assert [person.refused("GET", "/admin/people") for person in answers] == ["forbidden"] * 3
    done = command(server, "make-admin", "root")
    assert (done.returncode, done.stdout) == (0, "root is an administrator now.\n"), done.stderr
    can = [person.asks("GET", "/admin/people").status_code for person in answers]
    assert sorted(can) == [200, 403, 403]
    victim = next(person for person in answers if person.name == "first")
    socket = victim.connects()
    assert command(server, "ban", victim.id, "--reason", "by command").stdout == "Banned.\n"
    socket.sees("session_revoked", reason="banned")
    record = command(server, "audit").stdout.splitlines()
    assert "(command)\tban\tfirst" in record[0]
    if server.workers == 1:
        assert "root\tperson\tadmin\t" in command(server, "people").stdout
        assert f"{victim.id}\tfirst\t" in command(server, "bans").stdout
        assert command(server, "ban", "nobody").returncode == 1
