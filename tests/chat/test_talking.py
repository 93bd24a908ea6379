"""People in a room: joining, talking, changing what was said, reading."""

from __future__ import annotations

from tests.support.client import Client
from tests.support.server import Server
from tests.support.waiting import eventually


def test_a_message_reaches_everybody_in_the_room_the_sender_included(
    server: Server, room: str
) -> None:
    alice, bob = server.connect("Alice"), server.connect("Bob")
    assert alice.user["name"] == "Alice"
    joined = alice.join(room)
    assert joined["room"]["slug"] == room
    assert joined["room"]["role"] == "owner"
    assert joined["messages"] == []
    bob.join(room)
    sent = alice.send(room, "안녕하세요")
    for client in (alice, bob):
        seen = client.sees("message", body="안녕하세요")
        assert (seen["id"], seen["seq"], seen["prev"]) == (sent["id"], 1, 0)
        assert seen["sender"]["name"] == "Alice"
        assert seen["client_id"] == sent["client_id"]


def test_who_is_not_in_the_room_hears_nothing(server: Server, room: str) -> None:
    alice, bob = server.connect("Alice"), server.connect("Bob")
    alice.join(room)
    bob.join(f"{room}-2")
    alice.send(room, "only here")
    bob.send(f"{room}-2", "over there")
    bob.sees("message", body="over there")
    bob.has_not_seen("message", body="only here")


def test_one_clients_messages_keep_their_order(server: Server, room: str) -> None:
    alice, bob = server.connect("Alice"), server.connect("Bob")
    alice.join(room)
    bob.join(room)
    requests = [
        alice.request("message", {"room": room, "client_id": f"n{n}", "body": str(n)})
        for n in range(100)
    ]
    acks = [alice.ack(request) for request in requests]
    assert [ack["message"]["seq"] for ack in acks] == list(range(1, 101))
    bob.sees("message", body="99")
    seen = bob.events("message")
    assert [event["body"] for event in seen] == [str(n) for n in range(100)]
    assert all(event["prev"] < event["changed_seq"] for event in seen)


def test_sending_again_gives_the_first_message(server: Server, room: str) -> None:
    alice, bob = server.connect("Alice"), server.connect("Bob")
    alice.join(room)
    bob.join(room)
    payload = {"room": room, "client_id": "same", "body": "once"}
    first, again = alice.ok("message", payload), alice.ok("message", payload)
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert first["message"] == again["message"]
    assert alice.refused("message", {**payload, "body": "other"})["code"] == "conflict"
    alice.send(room, "after")
    bob.sees("message", body="after")
    assert len(bob.events("message", client_id="same")) == 1


def test_edit_react_and_delete_reach_everybody_with_their_numbers(
    server: Server, room: str
) -> None:
    alice, bob = server.connect("Alice"), server.connect("Bob")
    alice.join(room)
    bob.join(room)
    sent = alice.send(room, "frist")
    edited = alice.ok("edit", {"message_id": sent["id"], "body": "first"})["message"]
    assert (edited["seq"], edited["changed_seq"]) == (1, 2)
    bob.ok("react", {"message_id": sent["id"], "emoji": "👍", "on": True})
    seen = alice.sees("message_changed", changed_seq=3)
    assert seen["reactions"] == [{"emoji": "👍", "count": 1, "users": [bob.user["id"]]}]
    assert (
        bob.refused("edit", {"message_id": sent["id"], "body": "mine now"})["code"] == "forbidden"
    )
    alice.ok("delete", {"message_id": sent["id"]})
    gone = bob.sees("message_changed", changed_seq=4)
    assert (gone["body"], gone["reactions"], gone["prev"]) == ("", [], 3)
    assert gone["deleted_at"] is not None


def test_a_reply_shows_what_it_answers(server: Server, room: str) -> None:
    alice = server.connect("Alice")
    alice.join(room)
    question = alice.send(room, "무엇을 먹을까요?")
    answer = alice.send(room, "국수", reply_to=question["id"])
    assert answer["reply_to"]["excerpt"] == "무엇을 먹을까요?"
    assert answer["reply_to"]["id"] == question["id"]


def test_read_cursors_move_forward_and_are_told(server: Server, room: str) -> None:
    alice, bob = server.connect("Alice"), server.connect("Bob")
    alice.join(room)
    bob.join(room)
    for n in range(3):
        alice.send(room, str(n))
    assert bob.ok("read", {"room": room, "seq": 2}) == {"ok": True, "seq": 2, "unread": 1}
    alice.sees("read", reads={bob.user["id"]: 2})
    assert bob.ok("read", {"room": room, "seq": 1})["seq"] == 2
    assert bob.ok("read", {"room": room, "seq": 50}) == {"ok": True, "seq": 3, "unread": 0}


def test_typing_reaches_the_others_and_ends_by_itself(server: Server, room: str) -> None:
    alice, bob = server.connect("Alice"), server.connect("Bob")
    alice.join(room)
    bob.join(room)
    alice.ok("typing", {"room": room, "typing": True})
    assert bob.sees("typing", typing=True)["user"]["name"] == "Alice"
    bob.sees("typing", typing=False, timeout=15)
    assert alice.events("typing") == []


def came(client: Client) -> set[str]:
    """Who was announced to have come."""
    return {user["name"] for event in client.events("presence") for user in event["joined"]}


def test_presence_tells_who_comes_and_goes(server: Server, room: str) -> None:
    alice = server.connect("Alice")
    assert alice.join(room)["online_count"] == 1
    bob = server.connect("Bob")
    online = {user["name"] for user in bob.join(room)["online"]}
    # Who came by another worker a moment ago may be told a moment later.
    eventually(lambda: online | came(bob) == {"Alice", "Bob"}, what="Bob knows of Alice")
    seen = alice.sees("presence", online_count=2)
    assert [user["name"] for user in seen["joined"]] == ["Bob"]
    bob.close()
    gone = alice.sees("presence", online_count=1)
    assert [user["name"] for user in gone["left"]] == ["Bob"]


def test_a_second_device_of_the_same_person_is_not_announced(server: Server, room: str) -> None:
    alice = server.connect("Alice")
    alice.join(room)
    token = server.guest("Bob")["token"]
    phone, laptop = server.connect(token=token), server.connect(token=token)
    phone.join(room)
    alice.sees("presence", online_count=2)
    laptop.join(room)
    phone.close()
    carol = server.connect("Carol")
    carol.join(room)
    alice.sees("presence", online_count=3)
    assert all(event["left"] == [] for event in alice.events("presence"))


def test_history_pages_backwards(server: Server, room: str) -> None:
    alice = server.connect("Alice")
    alice.join(room)
    for n in range(1, 61):
        alice.request("message", {"room": room, "client_id": f"n{n}", "body": str(n)})
    late = server.connect("Late")
    alice.sees("message", body="60")
    joined = late.join(room)
    assert [message["seq"] for message in joined["messages"]] == list(range(11, 61))
    assert joined["more"] is True
    older = late.ok("history", {"room": room, "before": 11, "limit": 20})
    assert [message["seq"] for message in older["messages"]] == list(range(1, 11))
    assert older["more"] is False


def test_who_comes_back_gets_exactly_what_was_missed(server: Server, room: str) -> None:
    alice = server.connect("Alice")
    alice.join(room)
    token = server.guest("Bob")["token"]
    bob = server.connect(token=token)
    first = alice.send(room, "before")
    place = bob.join(room)["room"]
    bob.cut()
    alice.send(room, "while away")
    alice.ok("edit", {"message_id": first["id"], "body": "before, edited"})
    again = server.connect(token=token)
    missed = again.join(room, since=place["seq"], epoch=place["epoch"])
    assert [(m["body"], m["changed_seq"]) for m in missed["messages"]] == [
        ("while away", 2),
        ("before, edited", 3),
    ]
    assert missed["more"] is False
    assert "refetch" not in missed
    alice.send(room, "and on")
    assert again.sees("message", body="and on")["prev"] == 3
    afresh = again.join(room, since=place["seq"], epoch="another")
    assert afresh["refetch"] is True
    assert len(afresh["messages"]) == 3
    synced = again.ok("sync", {"room": room, "since": 3, "epoch": place["epoch"]})
    assert [m["body"] for m in synced["messages"]] == ["and on"]
    assert synced["seq"] == 4


def test_a_room_that_one_is_not_looking_at_says_when_something_moves(
    server: Server, room: str
) -> None:
    alice, bob = server.connect("Alice"), server.connect("Bob")
    alice.join(room)
    bob.join(room)
    bob.ok("leave", {"room": room})
    alice.send(room, "are you there?")
    news = bob.sees("room_changed", room=room)
    assert news["unread"] == 1
    assert news["last"]["body"] == "are you there?"
    bob.has_not_seen("message", body="are you there?")


def test_reading_on_one_device_tells_the_others(server: Server, room: str) -> None:
    alice, token = server.connect("Alice"), server.guest("Bob")["token"]
    alice.join(room)
    desk, phone = server.connect(token=token), server.connect(token=token)
    desk.join(room)
    alice.send(room, "one")
    assert phone.sees("room_changed", room=room)["unread"] == 1
    desk.ok("read", {"room": room, "seq": 1})
    assert phone.sees("room_changed", room=room, unread=0)["last"]["body"] == "one"
    desk.has_not_seen("room_changed", room=room)


def test_search_finds_two_syllables_in_ones_own_rooms(server: Server, room: str) -> None:
    eve = server.guest("Eve")
    token = server.guest("Carol")["token"]
    assert server.http("POST", "/api/v1/rooms", {"slug": room, "private": True}, token=token).ok
    carol = server.connect(token=token)
    carol.join(room)
    carol.send(room, "금요일배포준비 완료")
    found = server.http("GET", "/api/v1/search", params={"q": "배포"}, token=token).json()
    assert [message["body"] for message in found["messages"]] == ["금요일배포준비 완료"]
    nothing = server.http("GET", "/api/v1/search", params={"q": "배포"}, token=eve["token"]).json()
    assert nothing["messages"] == []
