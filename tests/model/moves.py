"""What can happen next in a World, as calls: for whoever drives it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from .log import Act
from .world import Client, Connection, World

Move = Callable[[], object]


def act(world: World, kind: str, choice: int) -> Act:
    """An act on one of the messages that exist: `choice` counts from the newest."""
    places = sorted(world.log.messages)
    if kind in {"post", "rename"} or not places:
        return Act("rename" if kind == "rename" else "post")
    return Act(kind, places[-1 - choice % len(places)])  # type: ignore[arg-type]


def connected(world: World) -> list[tuple[Client, Connection]]:
    return [(each, each.connection) for each in world.clients if each.connection]


def moves(world: World) -> list[Move]:
    """All that goes on without a fault: hints, gaps, requests and frames, and people who go on writing."""
    found: list[Move] = []
    for worker in world.workers:
        found += [
            partial(world.commit, worker, [act(world, *drawn)])
            for drawn in (("post", 0), ("edit", 0), ("react", 3))
        ]
        if worker.inbox:
            found += [partial(world.deliver, worker, 0), partial(world.deliver, worker, -1)]
        if worker.reading is not None:
            found += [
                partial(world.end_fill, worker),
                partial(world.end_fill, worker, part=True),
                partial(world.fail_fill, worker),
            ]
        elif worker.stream.gap:
            found += [partial(world.begin_fill, worker)] * 2
    for client, connection in connected(world):
        if connection.requests:
            ready = "answer" in connection.requests[0]
            found += [partial(world.answer if ready else world.read_for, connection)] * 3
        if connection.frames:
            found += [partial(world.receive, client)] * 3
    return found
