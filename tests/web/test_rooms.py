from __future__ import annotations

from typing import Any

import pytest

from tests.support.server import Server

from .test_accounts import refused

pytestmark = pytest.mark.one_runtime


class Person:
    """Somebody who uses the API by token."""

    def __init__(self, server: Server, name: str) -> None:
        guest = server.guest(name)
        self.server = server
        self.token: str = guest["token"]
        self.user: dict[str, Any] = guest["user"]
        self.id: str = self.user["id"]

    def asks(self, method: str, path: str, body: Any = None) -> Any:
        return self.server.http(method, f"/api/v1{path}", body, token=self.token)

    def gets(self, path: str) -> Any:
        answer = self.asks("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def makes(self, slug: str, **more: Any) -> Any:
        answer = self.asks("POST", "/rooms", {"slug": slug, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["room"]

    def says(self, room: str, body: str, client_id: str) -> Any:
        answer = self.asks(
            "POST", f"/rooms/{room}/messages", {"client_id": client_id, "body": body}
        )
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture
def alice(server: Server) -> Person:
    return Person(server, "Alice")


@pytest.fixture
def bob(server: Server) -> Person:
    return Person(server, "Bob")


def test_who_makes_a_room_owns_it(alice: Person, room: str) -> None:
    made = alice.makes(room.upper(), name="Tea  time", retention=30)
    assert made["slug"] == room
    assert (made["name"], made["role"], made["retention"]) == ("Tea time", "owner", 30)
    assert alice.gets(f"/rooms/{room}") == {"room": made}
    members = alice.gets(f"/rooms/{room}/members")["members"]
    assert {(member["user"]["name"], member["role"]) for member in members} == {
        ("Alice", "owner"),
        ("assistant", "member"),
    }
    refused(alice.asks("POST", "/rooms", {"slug": room}), 409, "conflict")


@pytest.mark.parametrize("slug", ["x" * 10_000, "../etc", "a b", "tea🍵", "", "a/b", "direct-x"])
def test_a_strange_name_is_told_what_is_allowed(alice: Person, room: str, slug: str) -> None:
    error = refused(alice.asks("POST", "/rooms", {"slug": slug}), 400, "bad_request")
    if 0 < len(slug) < 200 and slug != "direct-x":
        assert "1 to 64 letters" in error["message"]
    assert alice.makes(f"{room}-방_1")["slug"] == f"{room}-방_1"


@pytest.mark.parametrize("retention", [0, -1, 5000, "always", 1.5, None])
def test_a_room_is_kept_for_ever_for_days_or_while_somebody_is_there(
    alice: Person, room: str, retention: Any
) -> None:
    refused(
        alice.asks("POST", "/rooms", {"slug": room, "retention": retention}), 400, "bad_request"
    )
    assert alice.makes(room, retention="live")["retention"] == "live"


def test_who_is_not_a_member_cannot_tell_a_room_from_no_room(
    alice: Person, bob: Person, room: str
) -> None:
    alice.makes(room, private=True)
    message = alice.says(room, "secret", "a")
    message_id = message["id"]
    body = {"client_id": "b", "body": "hi"}
    for method, path, payload in [
        ("GET", "/rooms/{}", None),
        ("GET", "/rooms/{}/members", None),
        ("POST", "/rooms/{}/members", {"user_id": "assistant"}),
        ("POST", "/rooms/{}/members", {"user_id": bob.id}),
        ("DELETE", "/rooms/{}/members", {"user_id": alice.id}),
        ("GET", "/rooms/{}/messages", None),
        ("POST", "/rooms/{}/messages", body),
        ("GET", "/search?q=secret&room={}", None),
    ]:
        known = refused(bob.asks(method, path.format(room), payload), 404, "not_found")
        if payload != {"user_id": bob.id}:  # that makes an unknown room, as joining it does
            unknown = bob.asks(method, path.format(f"{room}-none"), payload)
            assert known["message"] == refused(unknown, 404, "not_found")["message"], path
        assert room not in known["message"]
    for path in (f"/messages/{message_id}/versions", f"/messages/{message_id}/run"):
        known = refused(bob.asks("GET", path), 404, "not_found")
        unknown = refused(bob.asks("GET", path.replace(message_id, "9-99")), 404, "not_found")
        assert known["message"] == unknown["message"]
    assert bob.gets("/search?q=secret") == {"messages": [], "more": False}
    assert bob.gets("/rooms") == {"rooms": []}
    assert len(alice.gets(f"/rooms/{room}/messages")["messages"]) == 1
    assert len(alice.gets("/search?q=secret")["messages"]) == 1


def test_one_enters_a_public_room_by_http_and_leaves_it(
    alice: Person, bob: Person, room: str
) -> None:
    alice.makes(room)
    refused(bob.asks("GET", f"/rooms/{room}"), 404, "not_found")
    entered = bob.asks("POST", f"/rooms/{room}/members", {"user_id": bob.id})
    assert (entered.status_code, entered.json()) == (
        201,
        {"member": {"user": bob.user, "role": "member"}},
    )
    assert bob.gets(f"/rooms/{room}")["room"]["members_count"] == 2
    assert bob.asks("DELETE", f"/rooms/{room}/members").status_code == 204
    refused(bob.asks("GET", f"/rooms/{room}"), 404, "not_found")


def test_the_owner_brings_people_in_gives_them_roles_and_takes_them_out(
    server: Server, alice: Person, bob: Person, room: str
) -> None:
    alice.makes(room, private=True)
    members = f"/rooms/{room}/members"
    assert alice.asks("POST", members, {"user_id": bob.id}).status_code == 201
    bob.says(room, "thank you", "a")
    readonly = {"user_id": bob.id, "role": "readonly"}
    assert alice.asks("POST", members, readonly).json()["member"]["role"] == "readonly"
    message = {"client_id": "b", "body": "hi"}
    refused(bob.asks("POST", f"/rooms/{room}/messages", message), 403, "forbidden")
    owner = {"user_id": bob.id, "role": "owner"}
    refused(bob.asks("POST", members, owner), 403, "forbidden")
    refused(alice.asks("POST", members, {"user_id": bob.id, "role": "king"}), 400, "bad_request")
    refused(alice.asks("POST", members, {"user_id": "nobody"}), 404, "not_found")
    assert alice.asks("DELETE", members, {"user_id": bob.id}).status_code == 204
    refused(bob.asks("GET", f"/rooms/{room}/messages"), 404, "not_found")


def test_the_same_people_have_one_direct_room(server: Server, alice: Person, bob: Person) -> None:
    made = alice.asks("POST", "/direct", {"user_ids": [bob.id]})
    assert made.status_code == 201
    direct = made.json()["room"]
    assert direct["kind"] == "direct"
    again = bob.asks("POST", "/direct", {"user_ids": [alice.id]}).json()["room"]
    assert again["slug"] == direct["slug"]
    carol = Person(server, "Carol")
    refused(carol.asks("GET", f"/rooms/{direct['slug']}"), 404, "not_found")
    refused(alice.asks("POST", "/direct", {"user_ids": ["nobody"]}), 404, "not_found")
    refused(alice.asks("POST", "/direct", {"user_ids": []}), 400, "bad_request")


def test_ones_rooms_say_what_is_new_in_them(alice: Person, bob: Person, room: str) -> None:
    quiet, loud = f"{room}-quiet", f"{room}-loud"
    for slug in (quiet, loud):
        alice.makes(slug)
        bob.asks("POST", f"/rooms/{slug}/members", {"user_id": bob.id})
    for index in range(3):
        alice.says(loud, f"hello {index}", f"a{index}")
    last = alice.says(loud, "@Bob, look", "b")
    entries = bob.gets("/rooms")["rooms"]
    assert [entry["room"]["slug"] for entry in entries] == [loud, quiet]
    assert [(entry["unread"], entry["mentions"]) for entry in entries] == [(4, 1), (0, 0)]
    assert (entries[0]["last"], entries[1]["last"]) == (last, None)
    mine = alice.gets("/rooms")["rooms"]
    assert [entry["unread"] for entry in mine] == [0, 0]


def test_more_than_99_unread_are_told_as_100(alice: Person, bob: Person, room: str) -> None:
    alice.makes(room)
    bob.asks("POST", f"/rooms/{room}/members", {"user_id": bob.id})
    socket = alice.server.connect(token=alice.token)
    for index in range(103):
        socket.send(room, f"message {index}")
    assert bob.gets("/rooms")["rooms"][0]["unread"] == 100


def test_what_is_posted_is_what_the_socket_hears(alice: Person, bob: Person, room: str) -> None:
    alice.makes(room)
    socket = bob.server.connect(token=bob.token)
    socket.join(room)
    first = alice.says(room, "hello", "a")
    event = socket.sees("message", body="hello")
    assert {key: value for key, value in event.items() if key != "prev"} == first
    reply = {"client_id": "b", "body": "and?", "reply_to": first["id"]}
    answer = alice.asks("POST", f"/rooms/{room}/messages", reply).json()
    assert socket.sees("message", body="and?")["reply_to"] == answer["reply_to"]
    # The same key again is the same message, and with another text it is refused.
    assert alice.says(room, "hello", "a") == first
    other = {"client_id": "a", "body": "something else"}
    refused(alice.asks("POST", f"/rooms/{room}/messages", other), 409, "conflict")
    assert len(alice.gets(f"/rooms/{room}/messages")["messages"]) == 2


def test_messages_come_in_pages_oldest_first(alice: Person, room: str) -> None:
    alice.makes(room)
    for index in range(1, 8):
        alice.says(room, f"message {index}", f"a{index}")

    def page(query: str) -> tuple[list[int], bool]:
        answer = alice.gets(f"/rooms/{room}/messages?{query}")
        return [message["seq"] for message in answer["messages"]], answer["more"]

    assert page("") == ([1, 2, 3, 4, 5, 6, 7], False)
    assert page("limit=3") == ([5, 6, 7], True)
    assert page("before=5&limit=3") == ([2, 3, 4], True)
    assert page("before=2&limit=3") == ([1], False)
    assert page("after=5&limit=3") == ([6, 7], False)
    assert page("after=2&limit=3") == ([3, 4, 5], True)
    assert page("around=4&limit=4") == ([2, 3, 4, 5], True)


def test_two_hangul_syllables_are_found(alice: Person, room: str) -> None:
    alice.makes(room)
    first = alice.says(room, "오늘 배포회의는 세 시입니다", "a")
    second = alice.says(room, "배포했습니다", "b")
    alice.says(room, "점심 먹었어요", "c")
    found = alice.gets(f"/search?q=배포&room={room}")
    assert found == {"messages": [first, second], "more": False}
    assert alice.gets("/search?q=배포회의")["messages"] == [first]
    refused(alice.asks("GET", "/search?q=%20"), 400, "bad_request")
    refused(alice.asks("GET", "/search"), 400, "bad_request")


def test_earlier_texts_stay_with_a_message(alice: Person, room: str) -> None:
    alice.makes(room)
    message = alice.says(room, "first", "a")
    socket = alice.server.connect(token=alice.token)
    socket.ok("edit", {"message_id": message["id"], "body": "second"})
    versions = alice.gets(f"/messages/{message['id']}/versions")["versions"]
    assert [(version["version"], version["body"]) for version in versions] == [(1, "first")]
    refused(alice.asks("GET", f"/messages/{message['id']}/run"), 404, "not_found")


def test_what_an_answer_was_made_from_can_be_seen(alice: Person, room: str) -> None:
    alice.makes(room)
    socket = alice.server.connect(token=alice.token)
    socket.join(room)
    question = alice.says(room, "@assistant hello", "a")
    answer = socket.sees("message_changed", status="done", timeout=20)
    report = alice.gets(f"/messages/{answer['id']}/run")
    assert (report["state"], report["question"]) == ("done", question["id"])
    assert report["asker"] == alice.user
    assert question["id"] in report["context"]
