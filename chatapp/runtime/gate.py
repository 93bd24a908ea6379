"""A bounded part of the loop's time for work that strangers and offenders cause."""

from __future__ import annotations

import gc
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import partial

from . import loop
from .crew import crew
from .giving_way import giving_way

log = logging.getLogger("chatapp.runtime")

Job = Callable[[], object]

# What comes through the gate has so long of a turn of the loop, in seconds; one job of it at least.
SLICE_S = 0.0004
# While a thread works for the loop (messages are being stored) it stays shut: what is stored shall be told at once. But no
# longer than this, in seconds: where something is always being stored, strangers come in all the same.
PATIENCE_S = 0.02
SHUT_S = 0.0003  # until it looks again
# Of the loop's time it has one part in so many.
SHARE = 4
# One job of offenders after so many of others, while both wait.
AHEAD = 4
# Requests leave cycles behind. From so many new objects on they are collected in the gate's own time: at the collector's
# threshold that took 15 to 40 ms of everybody's.
GARBAGE = 1_000
# So long after the last call for it the gate is wide again.
NARROW_S = 10.0


class Queue:
    """Jobs by the address they are for: addresses take turns, and each one's jobs keep their order."""

    def __init__(self) -> None:
        self._by_address: OrderedDict[str, deque[Job]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._by_address)

    def add(self, address: str, job: Job) -> None:
        """Behind the others of the address."""
        self._by_address.setdefault(address, deque()).append(job)

    def take(self) -> Job:
        """The first job of the address whose turn it is. There must be one."""
        address, jobs = self._by_address.popitem(last=False)
        job = jobs.popleft()
        if jobs:
            self._by_address[address] = jobs
        return job


class Gate:
    """Through here go jobs of clients that offend, always, and those of all whom we do not know, while it is narrow.

    Clients who came in before are served beside it, as if nothing was. Who has not offended is served before who has; within
    both, addresses take turns, so that it does not help to send more from one. Nothing is lost at the gate: it all only
    waits. In the loop of eventlet; elsewhere each client has a thread or a task of its own, and the gate stands open.
    """

    def __init__(self) -> None:
        #: set by the application: whether those at an address have offended lately, and for how many seconds they wait then
        self.offends: Callable[[str], bool] = lambda _address: False
        self.penance: Callable[[str], float] = lambda _address: 0.0
        self._door, self._clean, self._offenders = Queue(), Queue(), Queue()
        self._clean_in_a_row = 0
        self._narrow_until = 0.0
        self._free_at = 0.0  # when the loop's time that was used has been made up for
        self._due = 0.0  # when it is to open
        self._called = False

    @property
    def narrow(self) -> bool:
        """Whether strangers wait here."""
        return time.perf_counter() < self._narrow_until

    def narrow_down(self) -> None:
        """There are many offences: strangers wait here for a while from now on."""
        if loop.name() == "eventlet":
            self._narrow_until = time.perf_counter() + NARROW_S

    def submit(self, address: str, job: Job, *, offends: bool = False) -> None:
        """Have job() run when it is the turn of the address. `offends`: whatever its others do."""
        if loop.name() != "eventlet":
            crew.submit(job)
            return
        queue = self._offenders if offends or self.offends(address) else self._clean
        self._add(queue, address, partial(crew.run, job))

    def wait(self, address: str) -> None:
        """Return when it is the turn of the address: at once unless the gate is narrow."""
        if self.narrow:
            self._wait(self._offenders if self.offends(address) else self._clean, address)

    def wait_at_door(self) -> None:
        """As wait(), for the one who takes new connections: it is always the next."""
        if self.narrow:
            self._wait(self._door, "")

    def _wait(self, queue: Queue, address: str) -> None:
        from eventlet import hubs
        from eventlet.support import greenlets

        self._add(queue, address, greenlets.getcurrent().switch)
        hubs.get_hub().switch()

    def _add(self, queue: Queue, address: str, job: Job) -> None:
        queue.add(address, job)
        if not self._called:
            self._call(self._free_at - time.perf_counter())

    def _call(self, seconds: float) -> None:
        self._called = True
        seconds = max(0.0, seconds)
        self._due = time.perf_counter() + seconds
        self._come_back(seconds)

    def _come_back(self, seconds: float) -> None:
        from eventlet import hubs

        hubs.get_hub().schedule_call_global(seconds, self._open)

    def _open(self) -> None:
        # In the loop.
        if giving_way.owed and time.perf_counter() - self._due < PATIENCE_S:
            self._come_back(SHUT_S)
            return
        self._called = True  # while it is open, whoever comes is served below
        # One connection is taken in, and those that wait inside have their time all the same.
        at_door = self._do(self._door.take()) if self._door else 0.0
        spent = 0.0
        while spent < SLICE_S and (job := self._next()) is not None:
            spent += self._do(job)
        spent += at_door
        if gc.get_count()[0] > GARBAGE:
            spent += self._do(partial(gc.collect, 0))
        self._called = False
        now = time.perf_counter()
        self._free_at = now + spent * (SHARE - 1)
        if self._door or self._clean or self._offenders:
            self._call(self._free_at - now)

    @staticmethod
    def _do(job: Job) -> float:
        """Seconds that it took until it ended, or waited in the middle: then it goes on beside the gate."""
        begun = time.perf_counter()
        try:
            job()
        except Exception:
            log.exception("a task that came through the gate failed")
        took = time.perf_counter() - begun
        giving_way.now()  # what a thread is given is not the gate's
        return took

    def _next(self) -> Job | None:
        if self._clean and not (self._offenders and self._clean_in_a_row >= AHEAD):
            self._clean_in_a_row += 1
            return self._clean.take()
        self._clean_in_a_row = 0
        return self._offenders.take() if self._offenders else None


gate = Gate()
