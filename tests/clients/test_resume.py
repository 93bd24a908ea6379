"""Coming back, by whatever client: exactly what was missed, or an honest start afresh; what was sent is stored once."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.client import Client, Payload
from tests.support.node import Node
from tests.support.server import Server
from tests.support.waiting import eventually

from .callers import Caller, NodeSocketIO, PythonSocketIO, Raw

pytestmark = pytest.mark.node

BACKLOG = 500  # changed messages that a client is brought up to date with
NAMES = ["raw", "python-socketio", "socket.io-client"]


@pytest.fixture
def make(node: Node) -> Iterator[Callable[[str], Caller]]:
    made: list[Caller] = []

    def caller(name: str) -> Caller:
        kinds: dict[str, Callable[[], Caller]] = {
            "raw": Raw,
            "python-socketio": PythonSocketIO,
            "socket.io-client": lambda: NodeSocketIO(node),
        }
        made.append(kinds[name]())
        return made[-1]

    yield caller
    for each in made:
        each.cut()


@pytest.fixture(params=NAMES)
def alice(request: pytest.FixtureRequest, make: Callable[[str], Caller]) -> Caller:
    return make(request.param)


@pytest.fixture(scope="module")
def home(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker with SQLite: what a client does to come back depends on neither."""
    server = Server(tmp_path_factory.mktemp("home"), runtime=runtime)
    yield server.start()
    server.close()


def ok(caller: Caller, event: str, payload: Payload) -> Payload:
    ack = caller.call(event, payload)
    assert ack["ok"] is True, ack
    return ack


def post(room: str, body: str) -> Payload:
    return {"room": room, "client_id": str(uuid.uuid4()), "body": body}


def enter(caller: Caller, server: Server, room: str) -> tuple[str, Payload]:
    """A new guest joins; their token, and the ack of the join."""
    token = server.guest("Alice")["token"]
    caller.connect(server.url, token)
    return token, ok(caller, "join", {"room": room})


def test_after_a_cut_each_message_that_changed_comes_once_and_then_the_live_ones(
    home: Server, room: str, alice: Caller
) -> None:
    bob = home.connect("Bob")
    bob.join(room)
    first, second = bob.send(room, "first"), bob.send(room, "second")
    token, joined = enter(alice, home, room)
    assert [message["body"] for message in joined["messages"]] == ["first", "second"]
    alice.cut()
    third = bob.send(room, "third")
    for body in ("edited", "edited twice"):
        bob.ok("edit", {"message_id": first["id"], "body": body})
    bob.ok("delete", {"message_id": second["id"]})
    alice.connect(home.url, token)
    known = {"room": room, "since": joined["room"]["seq"], "epoch": joined["room"]["epoch"]}
    back = ok(alice, "join", known)
    assert [message["id"] for message in back["messages"]] == [
        third["id"],
        first["id"],
        second["id"],
    ]
    assert back["messages"][1]["body"] == "edited twice"
    assert back["messages"][2]["deleted_at"] is not None
    assert (back["more"], "refetch" in back) == (False, False)
    live = bob.send(room, "live")
    eventually(lambda: any(name == "message" for name, _ in alice.events()), what="it is live")
    (event,) = [payload for name, payload in alice.events() if name == "message"]
    assert event["id"] == live["id"]
    assert event["prev"] <= back["room"]["seq"] < event["changed_seq"]
    assert ok(alice, "sync", {**known, "since": live["seq"]})["messages"] == []


def test_a_message_whose_ack_was_lost_is_sent_again_and_stored_once(
    home: Server, room: str, alice: Caller
) -> None:
    bob = home.connect("Bob")
    bob.join(room)
    token, joined = enter(alice, home, room)
    said = post(room, "once")
    alice.fire("message", said)
    stored = bob.sees("message", body="once")
    alice.cut()
    alice.connect(home.url, token)
    known = {"room": room, "since": joined["room"]["seq"], "epoch": joined["room"]["epoch"]}
    (missed,) = ok(alice, "join", known)["messages"]
    again = ok(alice, "message", said)
    assert (again["duplicate"], again["message"]["id"]) == (True, stored["id"])
    assert missed["client_id"] == said["client_id"]
    # Shown once: the next message is the next number, and nobody was told twice.
    after = ok(alice, "message", post(room, "after"))
    assert (after["duplicate"], after["message"]["seq"]) == (False, stored["seq"] + 1)
    bob.sees("message", body="after")
    assert len(bob.events("message")) == 2


def refetches(caller: Caller, known: Payload, latest: Payload) -> None:
    """Both ways to come back say that what the client knows is of no use; the join brings the room afresh."""
    synced = ok(caller, "sync", known)
    assert (synced["refetch"], synced["messages"]) == (True, [])
    joined = ok(caller, "join", known)
    assert joined["refetch"] is True
    assert joined["messages"][-1]["id"] == latest["id"]
    assert joined["room"]["seq"] == latest["changed_seq"]


def test_another_epoch_a_number_from_the_future_and_too_long_away_are_a_start_afresh(
    home: Server, room: str, alice: Caller
) -> None:
    bob = home.connect("Bob")
    bob.join(room)
    latest = bob.send(room, "first")
    _, joined = enter(alice, home, room)
    epoch = joined["room"]["epoch"]
    refetches(alice, {"room": room, "since": latest["seq"], "epoch": "another"}, latest)
    refetches(alice, {"room": room, "since": latest["seq"] + 1, "epoch": epoch}, latest)
    for _ in range(2):
        waiting = [bob.request("message", post(room, "more")) for _ in range(BACKLOG // 2)]
        latest = [bob.ack(number, timeout=60)["message"] for number in waiting][-1]
    whole = ok(alice, "sync", {"room": room, "since": 1, "epoch": epoch})
    assert (len(whole["messages"]), "refetch" in whole) == (BACKLOG, False)
    latest = bob.send(room, "one more")
    refetches(alice, {"room": room, "since": 1, "epoch": epoch}, latest)


def another_epoch(server: Server, room: str) -> None:
    """What the restore of a backup does."""
    with sqlite3.connect(server.folder / "data" / "chat.sqlite3") as database:
        database.execute("UPDATE rooms SET epoch = 'restored' WHERE slug = ?", (room,))
    database.close()


def test_a_retry_reaches_a_server_that_was_killed_and_a_restored_room_is_another(
    runtime: str, tmp_path: Path, make: Callable[[str], Caller]
) -> None:
    server = Server(tmp_path / "server", runtime=runtime).start()
    try:
        bob = Client(server.url, {"token": server.guest("Bob")["token"]})
        for room in ("kept", "restored"):
            bob.join(room)
        callers = {name: make(name) for name in NAMES}
        tokens: dict[str, str] = {}
        said: dict[str, Payload] = {}
        stored: dict[str, Payload] = {}
        for name, caller in callers.items():
            tokens[name], joined = enter(caller, server, "kept")
            ok(caller, "join", {"room": "restored"})
            said[name] = post("kept", name)
            caller.fire("message", said[name])
            stored[name] = bob.sees("message", body=name)
        epoch, since = joined["room"]["epoch"], stored[NAMES[0]]["seq"]
        server.kill()
        another_epoch(server, "restored")
        server.start()
        for name, caller in callers.items():
            caller.cut()
            caller.connect(server.url, tokens[name])
            again = ok(caller, "message", said[name])
            assert (again["duplicate"], again["message"]["id"]) == (True, stored[name]["id"])
            missed = ok(caller, "join", {"room": "kept", "since": since, "epoch": epoch})
            assert [message["body"] for message in missed["messages"]] == NAMES[1:]
            afresh = ok(caller, "join", {"room": "restored", "since": 0, "epoch": epoch})
            assert (afresh["refetch"], afresh["room"]["epoch"]) == (True, "restored")
    finally:
        server.close()
