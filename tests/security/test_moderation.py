"""Rights in a room: owner, moderator, member, readonly, removed, banned; and the record of who used them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.server import Server

from .people import Person

pytestmark = pytest.mark.one_runtime


@pytest.fixture
def owner(server: Server, room: str) -> Person:
    owner = Person.guest(server, "Owner")
    owner.does("POST", "/rooms", {"slug": room})
    return owner


def join(owner: Person, room: str, role: str) -> Person:
    other = Person.guest(owner.server, role.title())
    owner.does("POST", f"/rooms/{room}/members", {"user_id": other.id, "role": role})
    return other


ACTS = {
    "rename": lambda room, who: ("POST", f"/rooms/{room}/members", {"user_id": who.id}),
    "remove": lambda room, who: ("DELETE", f"/rooms/{room}/members", {"user_id": who.id}),
    "ban": lambda room, who: ("POST", f"/rooms/{room}/bans", {"user_id": who.id}),
    "lift": lambda room, who: ("DELETE", f"/rooms/{room}/bans/{who.id}", None),
    "bans": lambda room, who: ("GET", f"/rooms/{room}/bans", None),
    "transfer": lambda room, who: ("POST", f"/rooms/{room}/owner", {"user_id": who.id}),
    "promote": lambda room, who: (
        "POST",
        f"/rooms/{room}/members",
        {"user_id": who.id, "role": "moderator"},
    ),
}


def test_what_each_role_may_do(owner: Person, room: str) -> None:
    moderator, member, readonly = (
        join(owner, room, role) for role in ("moderator", "member", "readonly")
    )
    stranger = Person.guest(owner.server, "Stranger")
    victim = join(owner, room, "member")

    def codes(who: Person, target: Person) -> dict[str, str]:
        return {name: who.refused(*act(room, target)) for name, act in ACTS.items()}

    for who in (member, readonly):
        assert set(codes(who, victim).values()) == {"forbidden"}
    assert set(codes(stranger, victim).values()) == {"not_found"}
    # A moderator has no power over owners and moderators, makes none, and gives no room away.
    for above in (owner, moderator):
        for name in ("remove", "ban", "promote"):
            if above is owner or name == "ban":
                code = moderator.refused(*ACTS[name](room, above))
                assert code in {"forbidden", "conflict"}, name
    assert moderator.refused(*ACTS["transfer"](room, moderator)) == "forbidden"
    assert moderator.refused(*ACTS["promote"](room, member)) == "forbidden"
    # And the positive: a moderator bans a member, lifts it, and an owner does all.
    moderator.does(*ACTS["ban"](room, victim))
    assert [ban["user"]["id"] for ban in moderator.does(*ACTS["bans"](room, victim))["bans"]] == [
        victim.id
    ]
    moderator.does(*ACTS["lift"](room, victim))
    owner.does(*ACTS["promote"](room, member))
    owner.does(*ACTS["remove"](room, moderator))


def test_who_is_banned_is_put_out_everywhere_and_does_not_come_back(
    owner: Person, room: str
) -> None:
    eve = join(owner, room, "member")
    speaker, *devices = [owner.connects(), *(eve.connects() for _ in range(3))]
    for each in (speaker, *devices):
        each.join(room)
    owner.does("POST", f"/rooms/{room}/bans", {"user_id": eve.id, "reason": "spam", "days": 7})
    for device in devices:
        assert device.sees("removed", room=room)["reason"] == "banned"
    assert speaker.sees("room", kind="member", role=None)["reason"] == "banned"
    speaker.send(room, "after the ban")
    speaker.sees("message", body="after the ban")
    for device in devices:
        assert device.refused("join", {"room": room})["code"] == "forbidden"
        assert device.refused("history", {"room": room})["code"] == "not_found"
        body = {"room": room, "client_id": "x", "body": "hi"}
        assert device.refused("message", body)["code"] == "not_found"
        device.has_not_seen("message", body="after the ban")
    assert eve.refused("POST", f"/rooms/{room}/members", {"user_id": eve.id}) == "forbidden"
    assert eve.refused("GET", f"/rooms/{room}/stream") == "forbidden"
    # Nobody brings them in by mistake either.
    assert owner.refused("POST", f"/rooms/{room}/members", {"user_id": eve.id}) == "forbidden"
    (ban,) = owner.does("GET", f"/rooms/{room}/bans")["bans"]
    assert (ban["user"]["id"], ban["reason"], ban["by"]) == (eve.id, "spam", "Owner")
    assert ban["expires_at"] > ban["at"]
    owner.does("DELETE", f"/rooms/{room}/bans/{eve.id}")
    assert devices[0].join(room)["room"]["role"] == "member"


def test_who_never_came_can_be_banned_and_nobody_bans_themselves(owner: Person, room: str) -> None:
    eve = Person.guest(owner.server, "Eve")
    owner.does("POST", f"/rooms/{room}/bans", {"user_id": eve.id})
    assert eve.connects().refused("join", {"room": room})["code"] == "forbidden"
    assert owner.refused("POST", f"/rooms/{room}/bans", {"user_id": owner.id}) == "conflict"
    assert owner.refused("POST", f"/rooms/{room}/bans", {"user_id": "assistant"}) == "not_found"
    assert owner.refused("DELETE", f"/rooms/{room}/bans/nobody") == "not_found"
    for bad in ({"days": 0}, {"days": 4_000}, {"reason": "x" * 201}, {"reason": "a\nb"}):
        body = {"user_id": eve.id, **bad}
        assert owner.refused("POST", f"/rooms/{room}/bans", body) == "bad_request", bad


def test_a_room_is_handed_over_and_live_connections_know_it(owner: Person, room: str) -> None:
    heir = join(owner, room, "member")
    sees = heir.connects()
    sees.join(room)
    owner.does("POST", f"/rooms/{room}/owner", {"user_id": heir.id})
    assert sees.sees("room", kind="role", role="owner")["user"]["id"] == heir.id
    sees.sees("room", kind="role", role="moderator")

    def role(who: Person) -> Any:
        return who.does("GET", f"/rooms/{room}")["room"]["role"]

    assert (role(heir), role(owner)) == ("owner", "moderator")
    assert owner.refused("POST", f"/rooms/{room}/owner", {"user_id": owner.id}) == "forbidden"
    stranger = Person.guest(owner.server)
    assert heir.refused("POST", f"/rooms/{room}/owner", {"user_id": stranger.id}) == "not_found"
    # A former owner may leave: the room has one.
    owner.does("DELETE", f"/rooms/{room}/members")


def test_a_demotion_counts_at_once_also_for_live_sockets(owner: Person, room: str) -> None:
    bob = join(owner, room, "moderator")
    eve = join(owner, room, "member")
    socket = bob.connects()
    socket.join(room)
    said = eve.connects()
    said.join(room)
    message = said.send(room, "to be moderated")
    owner.does("POST", f"/rooms/{room}/members", {"user_id": bob.id, "role": "readonly"})
    socket.sees("room", kind="role", role="readonly")
    assert socket.refused("delete", {"message_id": message["id"]})["code"] == "forbidden"
    body = {"room": room, "client_id": "a", "body": "x"}
    assert socket.refused("message", body)["code"] == "forbidden"
    assert bob.refused("POST", f"/rooms/{room}/bans", {"user_id": eve.id}) == "forbidden"
