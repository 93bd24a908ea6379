"""What must be true of the model at every moment, and after it has healed."""

from __future__ import annotations

from itertools import pairwise

from .log import Act
from .world import Client, World


def check_now(world: World) -> None:
    """No client stands at a number whose changes it has not seen."""
    log = world.log
    for client in world.clients:
        view, timeline = client.timeline.view, client.timeline
        if view.position is None or view.epoch != log.epoch or client.hurt:
            continue
        for seq, message in log.messages.items():
            if seq >= timeline.first and message["changed_seq"] <= view.position:
                assert timeline.messages.get(seq) == message, f"at {view.position} without {seq}"
        if 0 < log.renamed <= view.position:
            assert timeline.name == log.name


def check_moves(world: World) -> None:
    """By events everybody only moves forward: no number is sent or applied twice, none before an earlier one."""
    for worker in world.workers:
        for (_, last), (prev, number) in pairwise(worker.sent):
            assert last == prev < number, f"sent {number} with prev {prev} after {last}"
    for client in world.clients:
        assert not (client.connection and client.connection.holes)
        for before, number in client.timeline.moves:
            assert before < number, f"applied {number} at {before}"


def check_calm(world: World) -> None:
    """Once nothing is on its way any more, every client shows what a fresh fetch shows, which is what the log holds."""
    world.heal()
    _check_same(world, [client for client in world.clients if not client.hurt])


def check_healed(world: World) -> None:
    """As check_calm(), also for who lost a frame without noticing."""
    check_calm(world)
    # Who lost a frame cannot know before the next one: it has `prev`.
    world.commit(world.workers[0], [Act("post")])
    world.heal()
    _check_same(world, world.clients)


def _check_same(world: World, clients: list[Client]) -> None:
    log = world.log
    for client in clients:
        timeline = client.timeline
        assert (timeline.view.position, timeline.view.epoch) == (log.head, log.epoch)
        assert timeline.view.call is None
        assert timeline.name == log.name
        shown = {seq: each for seq, each in log.messages.items() if seq >= timeline.first}
        assert timeline.messages == shown
