"""Each limit as it is when nobody changed it: what is just within is taken, what is just beyond is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from chatapp.realtime.namespace import MAX_STRIKES
from chatapp.services.limits import BOUNDS, LIMITS
from tests.support.client import RefusedError
from tests.support.server import Server
from tests.support.waiting import eventually
from tests.transport.wire import TEXT, frame

from .lines import POLLING, WEBSOCKET
from .world import World

KIB_64 = 64 * 1024


@pytest.fixture(scope="module")
def limited(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker with the limits of an installation."""
    server = Server(
        tmp_path_factory.mktemp("limited"), runtime=runtime, env={"CHATAPP_RATE_LIMITS": "on"}
    )
    yield server.start()
    server.close()


@pytest.fixture
def world(limited: Server) -> Iterator[World]:
    world = World(limited)
    yield world
    world.close()


def padded(room: str, size: int) -> str:
    """An event whose Engine.IO packet has exactly `size` bytes."""
    event = f'42/chat,7["message",{{"room":"{room}","client_id":"a","body":"%s"}}]'
    return event % ("x" * (size - len(event) + 2))


def test_a_frame_of_64_kib_is_read_and_one_byte_more_is_not(world: World) -> None:
    talk = world.talk(WEBSOCKET, "Alice")
    talk.line.say(padded(world.room, KIB_64))
    assert talk.ack(7)["error"]["code"] in {"not_found", "too_long"}  # it was read
    other = world.wire().enter(world.guest("Bob")["token"])
    other.send(frame(TEXT, padded(world.room, KIB_64 + 1).encode()))
    assert other.close_code() == 1009


def test_a_poll_of_64_kib_is_read_and_one_byte_more_is_not(world: World) -> None:
    talk = world.talk(POLLING, "Alice")
    session = talk.line.session  # type: ignore[attr-defined]
    assert session.post(padded(world.room, KIB_64)) == 200
    assert talk.ack(7)["error"]["code"] in {"not_found", "too_long"}
    assert session.post(padded(world.room, KIB_64 + 1)) == 413
    talk.is_kept()


def test_a_message_of_4000_code_points_is_taken_and_one_more_is_not(world: World) -> None:
    alice = world.connect("Alice")
    alice.join(world.room)
    for letter in ("x", "가", "😀"):
        assert len(alice.send(world.room, letter * 4_000)["body"]) == 4_000
        payload = {"room": world.room, "client_id": "long", "body": letter * 4_001}
        assert alice.refused("message", payload)["code"] == "too_long"


def test_a_name_of_64_letters_is_a_room_and_one_more_is_not(world: World) -> None:
    alice = world.connect("Alice")
    name = (world.room + "가" * 64)[:64]
    assert alice.join(name)["room"]["slug"] == name
    assert alice.refused("join", {"room": name + "가"})["code"] == "bad_request"


def test_a_person_has_so_many_sockets_and_somebody_else_has_their_own(world: World) -> None:
    token = world.guest("Many")["token"]
    bound = BOUNDS["sockets_of_person"]
    sockets = [world.connect(token=token) for _ in range(bound)]
    with pytest.raises(RefusedError) as refused:
        world.connect(token=token)
    assert refused.value.data["code"] == "rate_limited"
    assert refused.value.data["retry_after"] > 0
    assert world.connect("Bob").is_open
    sockets.pop().close()

    # The place is free once the server has noticed.
    def comes_in() -> bool:
        try:
            return world.connect(token=token).is_open
        except RefusedError as error:
            raise AssertionError(str(error)) from None

    assert eventually(comes_in, within=20)


def test_an_address_has_only_so_many_sockets_without_a_person(world: World) -> None:
    path = "/socket.io/?EIO=4&transport=polling"
    statuses: list[int] = []
    # On a slow machine the first of them have run out of their ten seconds meanwhile.
    while 429 not in statuses and len(statuses) < 4 * BOUNDS["sockets_without_person"]:
        statuses.append(world.server.http("GET", path).status_code)
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= BOUNDS["sockets_without_person"] - 5
    # They go by themselves, and then there is room again.
    eventually(lambda: world.server.http("GET", path).status_code == 200, within=30)


def test_a_flood_is_refused_and_then_closed(world: World) -> None:
    flood, other = world.talk(WEBSOCKET, "Flood"), world.connect("Bob")
    other.join(world.room)
    count = LIMITS["event"].burst + MAX_STRIKES * 4
    leave = '["leave",{"room":"nowhere"}]'
    flood.line.say(*(f"42/chat,{number}{leave}" for number in range(1, count)))
    codes: list[str] = []
    for packet in flood._came:
        if packet.startswith("43/chat,"):
            answer = json.loads(packet[packet.index("[") :])[0]
            codes.append(answer["error"]["code"])
            if answer["error"]["code"] == "rate_limited":
                assert answer["error"]["retry_after"] > 0
    assert codes[: LIMITS["event"].burst] == ["not_found"] * LIMITS["event"].burst
    assert "rate_limited" in codes
    assert len(codes) < count - 1  # it was closed before the end
    assert other.send(world.room, "not disturbed")["seq"]


def test_assistants_are_asked_only_so_often(world: World) -> None:
    alice = world.connect("Alice")
    alice.join(world.room)
    burst = LIMITS["ai"].burst
    for number in range(burst * 3):
        alice.send(world.room, f"@assistant question {number}")
    refused = alice.sees("refused", room=world.room, timeout=30)
    assert refused["error"]["code"] == "rate_limited"
    history = alice.ok("history", {"room": world.room})["messages"]
    answers = [message for message in history if message.get("run")]
    assert {answer["run"]["asker"]["id"] for answer in answers} == {alice.user["id"]}
    for answer in reversed(answers):
        alice.call("stop", {"message_id": answer["id"]})  # nobody waits for what they would say
