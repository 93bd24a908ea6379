"""The writer: commits everything that waits in one transaction, and never blocks the loop.

Jobs are queued on the loop; a batch runs in an OS thread that owns its SQLite connection, or in a background task on
PostgreSQL. While one batch is being committed the next one gathers, so the batches grow with the load by themselves.
After the commit, on the loop: the relay is told what happened, then each job's Pending is resolved, in order.
"""

from __future__ import annotations

import logging
from _queue import SimpleQueue
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.runtime.crew import crew
from chatapp.runtime.giving_way import giving_way

from .backends import Backend
from .gathering import Gathering
from .pending import Pending
from .posting import PostMessage
from .tx import Told, Tx

R = TypeVar("R", covariant=True)

log = logging.getLogger("chatapp.store")

MAX_WAITING = 8_192
MAX_BATCH = 512

Outcome = tuple[Any, Exception | None]


class Job(Protocol[R]):
    """A change, as plain data. `rooms()` are locked before it runs; run() validates first and writes then.

    A ChatError raised by run() is this job's answer; whatever it wrote is undone, the others in the batch stand.
    """

    def rooms(self) -> list[int]: ...
    def run(self, tx: Tx) -> R: ...


class Writer:
    """One per process."""

    def __init__(
        self,
        backend: Backend,
        told: Callable[[list[Told]], None],
        flush: Callable[[], None] = lambda: None,
    ) -> None:
        """`told` is called on the loop after each commit, before the jobs' own callbacks, and `flush` after them: what
        they had to send goes out now, before whatever else this turn of the loop has to do."""
        self._backend = backend
        self._told = told
        self._flush = flush
        self._waiting: deque[tuple[Job[Any], Pending[Any]]] = deque()
        self._busy = False
        self._gathering = Gathering(self._go_on, MAX_BATCH)
        self._started = False
        self._stopped = runtime.Event()
        self._batches: SimpleQueue[list[tuple[Job[Any], Pending[Any]]] | None] = SimpleQueue()
        self._bridge = runtime.Bridge()

    def submit(self, job: Job[R]) -> Pending[R]:
        """Queue a job. Its Pending is resolved after the commit, or with ChatError.

        Raises ChatError `overloaded` when too much waits already; then nothing was done.
        """
        pending: Pending[R] = Pending()
        with runtime.turn:
            if len(self._waiting) >= MAX_WAITING:
                raise ChatError("overloaded", "The server is busy. Try again.", 1)
            self._waiting.append((job, pending))
            if self._gathering.holding:
                self._gathering.submitted(len(self._waiting))
            elif not self._busy:
                self._busy = True
                # Not at once: what else arrives in this turn of the loop belongs in the same transaction.
                crew.submit(self._next)
        return pending

    def run(self, job: Job[R]) -> R:
        """Submit and wait for the result."""
        return self.submit(job).wait()

    def _next(self) -> None:
        with runtime.turn:
            if not self._waiting:
                self._busy = False
                return
            size = min(len(self._waiting), MAX_BATCH)
            batch = [self._waiting.popleft() for _ in range(size)]
        if not self._backend.in_thread:
            outcomes, told = self._backend.commit([job for job, _ in batch])
            with runtime.turn:
                self._finish(batch, outcomes, told)
            return
        if not self._started:
            self._started = True
            self._bridge.start()
            runtime.os_thread(self._work)
        giving_way.started()
        self._batches.put(batch)

    def _work(self) -> None:
        """The OS thread: touches nothing but the backend's own connection, the queue and the bridge."""
        while (batch := self._batches.get()) is not None:
            outcomes, told = self._backend.commit([job for job, _ in batch])
            self._bridge.post(self._back, batch, outcomes, told)
        self._backend.close()
        self._bridge.post(self._end)

    def _end(self) -> None:
        self._bridge.close()
        self._stopped.set()

    def _back(
        self, batch: list[tuple[Job[Any], Pending[Any]]], outcomes: list[Outcome], told: list[Told]
    ) -> None:
        giving_way.finished()
        self._finish(batch, outcomes, told)

    def _finish(
        self, batch: list[tuple[Job[Any], Pending[Any]]], outcomes: list[Outcome], told: list[Told]
    ) -> None:
        # It is committed: whatever goes wrong in telling, every job must have its answer.
        try:
            if told:
                self._told(told)
        except Exception:
            log.exception("telling what was committed failed")
        causes = (error.__cause__ for _, error in outcomes if error is not None)
        if cause := next(filter(None, causes), None):
            log.warning("the database did not take what was to be stored: %s", cause)
        for (_, pending), (result, error) in zip(batch, outcomes, strict=True):
            try:
                pending.resolve(result, error)
            except Exception:
                log.exception("a callback of a committed job failed")
        try:
            self._flush()
        except Exception:
            log.exception("what was committed could not be written out")
        posts = sum(isinstance(job, PostMessage) for job, _ in batch)
        self._gathering.committed(posts, len(self._waiting))

    def _go_on(self) -> None:
        if self._waiting:
            crew.submit(self._next)
        else:
            self._busy = False

    def close(self, timeout: float = 10.0) -> None:
        """Stop after what was queued is committed."""
        deadline = timeout
        while self._busy and deadline > 0:
            runtime.sleep(0.01)
            deadline -= 0.01
        if self._started:
            self._batches.put(None)
            self._stopped.wait(timeout)
        else:
            self._backend.close()
