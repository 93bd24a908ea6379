"""The product itself under its supervisor: several workers, default clients, stops and deaths."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import socketio

from tests.support.server import Server

CLIENTS = 40


def test_every_default_client_enters_and_is_heard_whichever_worker_answers(
    start_server: Callable[..., Server], room: str
) -> None:
    server = start_server()
    acks: list[Any] = []
    sids: list[str] = []

    def client(number: int) -> None:
        token = server.guest(f"guest {number}")["token"]
        with socketio.SimpleClient() as client:
            client.connect(server.url, auth={"token": token}, namespace="/chat", wait_timeout=20)
            acks.append(client.call("join", {"room": room}, timeout=20))
            body = {"room": room, "client_id": f"c{number}", "body": f"I am {number}"}
            acks.append(client.call("message", body, timeout=20))
            assert client.transport == "websocket"
            sids.append(client.client.eio.sid)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [ack["ok"] for ack in acks] == [True] * (2 * CLIENTS)
    assert {sid.split("-")[0] for sid in sids} == {
        f"w{number + 1}" for number in range(server.workers)
    }


def test_the_first_start_brings_an_empty_database_to_the_schema(
    start_server: Callable[..., Server], room: str
) -> None:
    server = start_server(bare=True)
    alice = server.connect("Alice")
    alice.join(room)

    assert alice.send(room, "the first of all")["seq"]


def test_a_stop_tells_clients_to_come_back_and_loses_nothing_acknowledged(
    start_server: Callable[..., Server], room: str
) -> None:
    server = start_server()
    people = [server.connect(f"guest {number}") for number in range(6)]
    for person in people:
        person.join(room)
    acked = [person.send(room, "before the stop")["seq"] for person in people]

    assert server.terminate() == 0

    for person in people:
        closing = person.sees("closing", reason="restart")
        assert closing["retry_after"] > 0
        person.is_closed_by_server()
    assert "did not stop in time" not in server.log
    server.start()
    late = server.connect("late")
    seqs = [message["seq"] for message in late.join(room)["messages"]]
    assert set(acked) <= set(seqs)
