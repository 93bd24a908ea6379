"""What has been answered is freed at once: the collector, which stops the loop while it looks, finds little to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.server import Server

TIMES = 100
# Functions of eventlet's, which know each other: it makes them anew for each answer to a request.
LEFT_BY_EVENTLET = 8


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize("runtime", ["eventlet"])
def test_neither_connections_nor_refusals_leave_work_for_the_collector(
    start_server: Callable[..., Server], room: str
) -> None:
    server = start_server(workers=1)
    alice = server.connect("Alice")
    alice.join(room)
    sent = alice.send(room, "hello")
    server.census(server.worker("w1"))  # what starting has left is gone

    for number in range(TIMES):
        assert server.http("GET", "/healthz", headers={"Connection": "close"}).status_code == 200
        refused = alice.refused("edit", {"message_id": f"{sent['id']}9", "body": "changed"})
        assert refused["code"] == "not_found"
        alice.join(f"{room}-{number}")  # refused inside, since there is none: so it is made

    assert server.census(server.worker("w1"))["garbage"] < (LEFT_BY_EVENTLET + 1) * TIMES
