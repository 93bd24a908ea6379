"""The end of a turn of the loop, and tasks shared by many short jobs."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from . import loop

log = logging.getLogger("chatapp.runtime")

# Jobs that go on are given so much of a turn together, in seconds; one of them at least.
_GO_ON_S = 0.002

# Tasks kept for later jobs. More than this many jobs seldom wait at the same time.
_KEEP_IDLE = 32


def soon(fn: Callable[[], object]) -> None:
    """Run fn() after all that is ready in this turn of the loop. On eventlet it runs in the loop itself: it must not wait."""
    if loop.name() == "eventlet":
        from eventlet import hubs

        hubs.get_hub().schedule_call_global(0, fn)
    else:
        loop.call_later(0, fn)


class Crew:
    """Runs jobs that seldom wait, and may wait.

    A task for each job would cost more than most jobs do, and a task for each connection costs memory while nothing
    happens. So on eventlet one task works through all jobs of a turn; only when a job waits does the loop hand the
    rest to another one. What is submitted meanwhile is for the next turn, after the sockets had theirs. Jobs that had
    their share and go on come behind all others, and take no more than a part of a turn: however many clients send
    more than they are served, who sends little is served at once. Elsewhere every job gets a task of its own.
    """

    def __init__(self) -> None:
        self._jobs: deque[Callable[[], object]] = deque()
        self._idle: list[Any] = []
        self._going_on: deque[Callable[[], object]] = deque()
        self._called = False
        self._left = 0  # jobs that still belong to this turn
        self._going_on_left = 0
        self._until: float | None = None  # when this turn has had enough of those that go on

    def submit(self, job: Callable[[], object]) -> None:
        """Have job() run soon. Jobs start in the order in which they came; what one raises is logged."""
        if loop.name() != "eventlet":
            loop.spawn(job)
            return
        self._jobs.append(job)
        self._call()

    def go_on(self, job: Callable[[], object]) -> None:
        """As submit(), for the rest of a job that had its share: behind the others."""
        if loop.name() != "eventlet":
            loop.spawn(job)
            return
        self._going_on.append(job)
        self._call()

    def run(self, job: Callable[[], object]) -> None:
        """Run job() now, until it ends or waits. Only on eventlet, in the loop."""
        self._jobs.appendleft(job)
        self._left = 1
        self._work_on()

    def _call(self) -> None:
        if not self._called:
            self._called = True
            soon(self._hand_out)

    def _hand_out(self) -> None:
        self._called = False
        self._left, self._going_on_left, self._until = len(self._jobs), len(self._going_on), None
        self._work_on()
        if self._going_on:
            self._call()

    def _work_on(self) -> None:
        # In the loop. switch() comes back when that task has run out of jobs, or waits in the middle of one.
        from eventlet import hubs
        from eventlet.support import greenlets

        while self._left or self._going_on_left:
            task = self._idle.pop() if self._idle else greenlets.greenlet(self._work)
            task.parent = hubs.get_hub().greenlet
            task.switch()

    def _work(self) -> None:
        from eventlet import hubs
        from eventlet.support import greenlets

        while True:
            while (job := self._next()) is not None:
                try:
                    job()
                except Exception:
                    log.exception("job %s failed", getattr(job, "__qualname__", job))
            if len(self._idle) >= _KEEP_IDLE:
                return
            self._idle.append(greenlets.getcurrent())
            hubs.get_hub().switch()

    def _next(self) -> Callable[[], object] | None:
        if self._left:
            self._left -= 1
            return self._jobs.popleft()
        if not self._going_on_left:
            return None
        now = time.perf_counter()
        if self._until is None:
            self._until = now + _GO_ON_S
        elif now > self._until:
            self._going_on_left = 0
            return None
        self._going_on_left -= 1
        return self._going_on.popleft()


crew = Crew()
