"""The end of a turn of the loop, and tasks shared by many short jobs."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from . import loop

log = logging.getLogger("chatapp.runtime")

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
    rest to another one. What is submitted meanwhile is for the next turn, after the sockets had theirs. Elsewhere
    every job gets a task of its own.
    """

    def __init__(self) -> None:
        self._jobs: deque[Callable[[], object]] = deque()
        self._idle: list[Any] = []
        self._called = False
        self._left = 0  # jobs that still belong to this turn

    def submit(self, job: Callable[[], object]) -> None:
        """Have job() run soon. Jobs start in the order in which they came; what one raises is logged."""
        if loop.name() != "eventlet":
            loop.spawn(job)
            return
        self._jobs.append(job)
        if not self._called:
            self._called = True
            soon(self._hand_out)

    def _hand_out(self) -> None:
        # In the loop. switch() comes back when that task has run out of jobs, or waits in the middle of one.
        from eventlet import hubs
        from eventlet.support import greenlets

        self._called = False
        self._left = len(self._jobs)
        while self._left:
            task = self._idle.pop() if self._idle else greenlets.greenlet(self._work)
            task.parent = hubs.get_hub().greenlet
            task.switch()

    def _work(self) -> None:
        from eventlet import hubs
        from eventlet.support import greenlets

        while True:
            while self._left:
                self._left -= 1
                job = self._jobs.popleft()
                try:
                    job()
                except Exception:
                    log.exception("job %s failed", getattr(job, "__qualname__", job))
            if len(self._idle) >= _KEEP_IDLE:
                return
            self._idle.append(greenlets.getcurrent())
            hubs.get_hub().switch()


crew = Crew()
