"""kill -9 of one of two workers while twenty people send: nothing acknowledged is lost, nothing comes twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import psutil
import pytest

from tests.support.redis import RedisServer
from tests.support.sender import Sender
from tests.support.server import Server
from tests.support.waiting import eventually

PEOPLE = 20
BEFORE, AFTER = 100, 100  # acknowledged messages before the kill, and after it


@pytest.mark.redis
def test_a_killed_worker_takes_no_acknowledged_message_with_it(
    start_server: Callable[..., Server], redis_server: RedisServer, room: str
) -> None:
    server = start_server(workers=2, redis_url=redis_server.url)
    stop = threading.Event()
    people = [Sender(server, room, f"Person {n}", stop) for n in range(PEOPLE)]
    # All are there before the first one writes: a late join shows only the latest messages.
    for person in people:
        person.connected()
    for person in people:
        person.start()

    def acked() -> int:
        return sum(sent.acked is not None for person in people for sent in person.sent)

    eventually(lambda: acked() >= BEFORE, within=30, what="people talk")
    # Not just any worker: how a shared listener spreads connections is the kernel's affair.
    worker_of(server, people[0]).kill()
    at_death = acked()
    eventually(
        lambda: acked() >= at_death + AFTER and people[0].reconnections > 0,
        within=60,
        what="people go on talking, those of the dead worker too",
    )
    stop.set()
    for person in people:
        person.finish(timeout=60)
    assert [error for person in people for error in person.failed] == []

    stored = everything(server, room)
    by_key = {message["client_id"]: message for message in stored}
    assert len(by_key) == len(stored), "a message is stored twice"
    for person in people:
        for sent in person.sent:
            assert sent.acked is not None
            assert by_key[sent.client_id]["seq"] == sent.acked["seq"]
            assert by_key[sent.client_id]["body"] == sent.body
    assert [message["seq"] for message in stored] == list(range(1, len(stored) + 1))

    wanted = [(message["seq"], message["body"]) for message in stored]
    for person in people:
        person.connected()
        eventually(
            lambda person=person: person.timeline() == wanted,
            within=20,
            what=f"{person.name} sees what is stored",
        )


def worker_of(server: Server, person: Sender) -> psutil.Process:
    """The worker that serves somebody, from the session id that it gave (`w1-…`)."""
    assert person.client is not None
    opened = next(frame for frame in person.client.frames if str(frame).startswith("0{"))
    name = json.loads(str(opened)[1:])["sid"].partition("-")[0]
    return server.worker(name)


def everything(server: Server, room: str) -> list[dict[str, object]]:
    """Every message of a room, read page by page."""
    reader = server.connect("Reader")
    reader.join(room)
    messages: list[dict[str, object]] = []
    more, place = True, 0
    while more:
        page = reader.ok("history", {"room": room, "after": place, "limit": 100})
        messages += page["messages"]
        more, place = page["more"], messages[-1]["seq"]  # type: ignore[assignment]
    return messages
