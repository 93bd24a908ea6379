"""What can happen to one client: told step by step, each rule and each trap once, and walks at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from .log import Act
from .moves import act, connected, moves
from .timeline import Timeline
from .world import LIMIT, World

WALK_STEPS = 60


class Told:
    """A world with one client whose every step is written down, and the words to tell a story with."""

    def __init__(self, past: int = 2) -> None:
        self.world = World(workers=2, clients=1, timeline=lambda: Timeline(LIMIT))
        self.here, self.there = self.world.workers
        self.client = self.world.clients[0]
        self.steps: list[dict[str, Any]] = []
        self.client.step = self._write
        for _ in range(past):
            self.world.commit(self.here, [Act("post")])

    def _write(self, step: dict[str, Any], applied: list[int]) -> None:
        view, timeline = self.client.timeline.view, self.client.timeline
        self.steps.append(
            step
            | {
                "expect": {
                    "epoch": view.epoch,
                    "position": view.position,
                    "call": view.call._asdict() if view.call else None,
                    "applied": applied,
                    "name": timeline.name,
                    "first": timeline.first,
                    "messages": [
                        [seq, message["changed_seq"]]
                        for seq, message in sorted(timeline.messages.items())
                    ],
                }
            }
        )

    def join(self) -> None:
        self.world.connect(self.client, self.here)
        self.serve()
        self.receive()

    def lose(self) -> None:
        self.world.cut(self.client)

    def post(self) -> None:
        self.change(Act("post"))

    def change(self, *acts: Act) -> None:
        self.world.commit(self.here, list(acts))

    def elsewhere(self, *acts: Act) -> None:
        """On the other worker, whose hint is lost."""
        self.world.commit(self.there, list(acts))
        self.here.inbox.clear()

    def fill(self) -> None:
        """The worker finds what it misses in the database."""
        self.world.heads(self.here)
        if self.here.stream.gap:
            self.world.begin_fill(self.here)
            self.world.end_fill(self.here)

    def take_up(self) -> None:
        assert self.client.connection is not None
        self.world.read_for(self.client.connection)

    def answer(self) -> None:
        assert self.client.connection is not None
        self.world.answer(self.client.connection)

    def serve(self) -> None:
        """All requests are answered."""
        connection = self.client.connection
        while connection and connection.requests:
            if "answer" not in connection.requests[0]:
                self.take_up()
            self.answer()

    def receive(self) -> None:
        """All frames arrive."""
        connection = self.client.connection
        while connection and connection.frames:
            self.world.receive(self.client)

    def settle(self) -> None:
        """Back and forth, until nothing is left to ask."""
        connection = self.client.connection
        while connection and (connection.requests or connection.frames):
            self.serve()
            self.receive()

    def drop(self) -> None:
        """The next frame never arrives."""
        assert self.client.connection is not None
        self.client.connection.frames.popleft()

    def repeat(self) -> None:
        """The next frame arrives twice."""
        assert self.client.connection is not None
        frames = self.client.connection.frames
        frames.appendleft(frames[0])

    def write(self, wanted: Act) -> None:
        """The client itself writes; the answer is on its way."""
        assert self.client.connection is not None
        self.client.connection.requests.append({"act": wanted})


def first_visit(t: Told) -> None:
    """A first visit gets the latest page; messages, an edit and a rename then move it on, number by number."""
    t.join()
    t.post()
    t.change(Act("edit", 1))
    t.change(Act("rename"))
    t.receive()


def doubled_frames(t: Told) -> None:
    """What comes twice, or late, is dropped: its number is not above the position."""
    t.join()
    t.post()
    t.repeat()
    t.post()
    t.receive()


def merged_numbers(t: Told) -> None:
    """Numbers that were merged into a later one are skipped: `prev` says that nothing is missing."""
    t.join()
    t.elsewhere(Act("post"), Act("edit", 3), Act("edit", 1), Act("react", 1))
    t.fill()
    t.receive()


def hole(t: Told) -> None:
    """A `prev` above the position is a hole: the client asks, holds what comes meanwhile, and goes on without a break."""
    t.join()
    t.post()
    t.drop()
    t.post()
    t.receive()
    t.take_up()
    t.post()
    t.answer()
    t.post()
    t.receive()


def hole_after_hole(t: Told) -> None:
    """What was held while asking shows another hole, so the client asks once more from where it stands."""
    t.join()
    t.post()
    t.drop()
    t.post()
    t.receive()
    t.take_up()
    t.post()
    t.post()
    t.drop()
    t.settle()


def full_buffer(t: Told) -> None:
    """More events than the client holds while it asks: it forgets them, and asks again after the answer."""
    t.join()
    t.world.doubt(t.client)
    t.take_up()
    for _ in range(LIMIT + 2):
        t.post()
    t.answer()
    t.settle()


def answered_twice(t: Told) -> None:
    """The device wakes up and asks though nothing is missing; the answer moves it, and the events that follow are old."""
    t.join()
    t.world.doubt(t.client)
    t.post()
    t.change(Act("rename"))
    t.take_up()
    t.answer()
    t.settle()


def rejoin(t: Told) -> None:
    """Back after an outage: everything changed since the position, each message once, then live again."""
    t.join()
    t.lose()
    t.post()
    t.change(Act("edit", 1))
    t.change(Act("react", 1))
    t.join()
    t.post()
    t.receive()


def rejoin_while_people_write(t: Told) -> None:
    """What is sent to the room while the join is being read comes right after its answer."""
    t.join()
    t.lose()
    t.world.connect(t.client, t.here)
    t.take_up()
    t.post()
    t.change(Act("edit", 1))
    t.answer()
    t.post()
    t.receive()


def too_far_behind(t: Told) -> None:
    """Too much was missed: `refetch` replaces all that was loaded by the latest page."""
    t.join()
    t.lose()
    for _ in range(9):
        t.post()
    t.join()
    t.post()
    t.receive()


def restored_backup(t: Told) -> None:
    """A backup was restored: another epoch, so what was loaded is replaced, though the number looks like one's own."""
    t.join()
    for _ in range(3):
        t.post()
    t.receive()
    t.world.restore(3)
    t.fill()
    t.join()
    t.post()
    t.receive()


def refetch_by_sync(t: Told) -> None:
    """A sync that cannot be answered says `refetch`: the client joins afresh, on the same connection."""
    t.join()
    t.post()
    t.drop()
    for _ in range(8):
        t.change(Act("post"), Act("post"))
    t.settle()
    t.post()
    t.receive()


def own_words(t: Told) -> None:
    """The answer to one's own message shows it, but only its event moves the position."""
    t.join()
    t.write(Act("post"))
    t.take_up()
    t.answer()
    frames = t.client.connection.frames if t.client.connection else []
    frames.rotate(1)  # type: ignore[union-attr]
    t.receive()


def late_answer(t: Told) -> None:
    """The answer to one's own edit comes after somebody's later change: the older state does not replace the newer."""
    t.join()
    t.write(Act("edit", 1))
    t.take_up()
    t.change(Act("react", 1))
    t.answer()
    t.receive()


def older_page(t: Told) -> None:
    """A message that changes while its page is being loaded is shown in its newer state."""
    t.join()
    t.world.ask_history(t.client)
    t.take_up()
    t.change(Act("edit", 4))
    t.change(Act("edit", 1))
    t.receive()
    t.answer()
    t.receive()
    t.world.ask_history(t.client)
    t.serve()
    t.receive()


def older_page_of_another_time(t: Told) -> None:
    """A page that was asked for before everything was replaced is not put under the new one: there would be a hole."""
    t.join()
    t.world.ask_history(t.client)
    t.take_up()
    t.post()
    t.drop()
    for _ in range(4):
        t.change(Act("post"), Act("post"))
    t.receive()
    t.answer()
    frames = t.client.connection.frames if t.client.connection else []
    history = frames.pop()
    t.serve()
    t.receive()
    t.serve()
    frames.append(history)
    t.receive()


STORIES: dict[Callable[[Told], None], int] = {
    first_visit: 2,
    doubled_frames: 2,
    merged_numbers: 2,
    hole: 2,
    hole_after_hole: 2,
    full_buffer: 2,
    answered_twice: 2,
    rejoin: 2,
    rejoin_while_people_write: 2,
    too_far_behind: 2,
    restored_backup: 3,
    refetch_by_sync: 2,
    own_words: 2,
    late_answer: 2,
    older_page: 6,
    older_page_of_another_time: 6,
}


def walk(t: Told, chance: random.Random) -> None:
    """Anything at all happens, then everything comes to rest."""
    world = t.world
    while len(t.steps) < WALK_STEPS:
        found = [*moves(world), *_happenings(t, chance)]
        chance.choice(found)()
    world.heal()


def _happenings(t: Told, chance: random.Random) -> Iterator[Callable[[], object]]:
    world, client = t.world, t.client
    yield lambda: world.heads(chance.choice(world.workers))
    yield lambda: world.commit(t.there, [act(world, "rename", 0), act(world, "delete", 1)])
    if client.connection is None:
        yield lambda: world.connect(client, chance.choice(world.workers))
        return
    connection = connected(world)[0][1]
    if client.timeline.may_ask_history:
        yield lambda: world.ask_history(client)
    if connection.frames and connection.frames[0]["do"] == "event":
        yield t.repeat
        yield t.drop
    # The worse, the rarer.
    worse: list[Callable[[], object]] = [
        lambda: world.doubt(client),
        lambda: world.cut(client),
        lambda: world.die(connection.worker),
        lambda: world.restore(world.log.head - 2),
    ]
    yield lambda: chance.choice(worse)() if chance.random() < 0.5 else None
