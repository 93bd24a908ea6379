"""The model driven by hypothesis: any step that is possible, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from .checks import check_calm, check_healed, check_moves, check_now
from .log import Act
from .moves import act, connected, moves
from .world import Client, Connection, Worker, World

T = TypeVar("T")

WORKERS, CLIENTS = 2, 2  # more only spread the same steps thinner
one_of_them = st.integers(0, 30)
a_kind = st.sampled_from(["post", "post", "edit", "react", "delete", "rename"])
some_acts = st.lists(st.tuples(a_kind, one_of_them), min_size=1, max_size=3)


def given_any(found: Callable[[Machine], Sequence[object]]) -> Callable[[T], T]:
    """The rule has something to work on: steps that would do nothing are not drawn."""
    return precondition(lambda self: hasattr(self, "world") and bool(found(self)))  # type: ignore[return-value]


def pick(found: Sequence[T], choice: int) -> T:
    return found[choice % len(found)]


class Machine(RuleBasedStateMachine):
    """People write, hints are lost, late and repeated, workers die, clients come and go."""

    def world_to_test(self) -> World:
        return World(WORKERS, CLIENTS)

    @initialize()
    def begin(self) -> None:
        """A room with a past, and people in it."""
        self.world = self.world_to_test()
        self.world.commit(self.world.workers[0], [Act("post")] * 5)
        self.world.heal()

    # who is there

    def hinted(self) -> list[Worker]:
        return [worker for worker in self.world.workers if worker.inbox]

    def connected(self) -> list[tuple[Client, Connection]]:
        return connected(self.world)

    def hearing(self) -> list[tuple[Client, Connection]]:
        frames = [(pair, pair[1].frames) for pair in self.connected()]
        return [pair for pair, waiting in frames if waiting and waiting[0]["do"] == "event"]

    def reading_back(self) -> list[Client]:
        return [client for client, _ in self.connected() if client.timeline.may_ask_history]

    def acts(self, drawn: list[tuple[str, int]]) -> list[Act]:
        """Of one transaction: on messages from before it, so the same one may change twice in it."""
        return [act(self.world, kind, choice) for kind, choice in drawn]

    # changes

    @rule(worker=one_of_them, acts=some_acts, too_large=st.booleans())
    def somebody_writes(self, worker: int, acts: list[tuple[str, int]], too_large: bool) -> None:
        self.world.commit(pick(self.world.workers, worker), self.acts(acts), too_large=too_large)

    @given_any(connected)
    @rule(client=one_of_them, kind=st.sampled_from(["post", "edit", "react"]), message=one_of_them)
    def a_client_writes(self, client: int, kind: str, message: int) -> None:
        found, connection = pick(self.connected(), client)
        if found.timeline.view.position is not None:
            connection.requests.append({"act": self.acts([(kind, message)])[0]})

    # time

    @rule(choices=st.lists(one_of_them, min_size=1, max_size=8))
    def things_go_on(self, choices: list[int]) -> None:
        for choice in choices:
            pick(moves(self.world), choice)()

    @rule(worker=one_of_them)
    def heads_are_compared(self, worker: int) -> None:
        self.world.heads(pick(self.world.workers, worker))

    @rule()
    def it_becomes_calm(self) -> None:
        check_calm(self.world)

    # what people do

    @rule(client=one_of_them, worker=one_of_them)
    def a_client_connects(self, client: int, worker: int) -> None:
        found = pick(self.world.clients, client)
        if found.connection is not None:
            self.world.cut(found)
        self.world.connect(found, pick(self.world.workers, worker))

    @given_any(connected)
    @rule(client=one_of_them)
    def a_device_wakes_up(self, client: int) -> None:
        self.world.doubt(pick(self.connected(), client)[0])

    @given_any(reading_back)
    @rule(client=one_of_them)
    def older_messages_are_asked_for(self, client: int) -> None:
        self.world.ask_history(pick(self.reading_back(), client))

    # faults

    @given_any(hinted)
    @rule(worker=one_of_them, hint=one_of_them, twice=st.booleans())
    def a_hint_is_lost_or_comes_twice(self, worker: int, hint: int, twice: bool) -> None:
        found = pick(self.hinted(), worker)
        index = hint % len(found.inbox)
        if twice:
            self.world.deliver(found, index, keep=True)
        else:
            found.inbox.pop(index)

    @given_any(hearing)
    @rule(client=one_of_them, twice=st.booleans())
    def a_frame_is_lost_or_comes_twice(self, client: int, twice: bool) -> None:
        found, connection = pick(self.hearing(), client)
        if twice:
            connection.frames.appendleft(connection.frames[0])
        else:
            connection.frames.popleft()
            found.hurt = True

    @rule(
        worker=one_of_them,
        acts=some_acts,
        what=st.sampled_from(["cut"] * 4 + ["die", "commit and die", "restore"]),
    )
    def something_breaks(self, worker: int, acts: list[tuple[str, int]], what: str) -> None:
        """A connection, a worker (also between a commit and telling of it), or the database, from a backup."""
        world, found = self.world, pick(self.world.workers, worker)
        if what == "die":
            world.die(found)
        elif what == "commit and die":
            world.commit_and_die(found, self.acts(acts))
        elif what == "restore":
            world.restore(world.log.head - len(acts))
        elif connected := self.connected():
            world.cut(pick(connected, worker)[0])

    # what must hold

    @invariant()
    def nobody_has_a_hole(self) -> None:
        check_now(self.world)
        check_moves(self.world)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            check_healed(self.world)
