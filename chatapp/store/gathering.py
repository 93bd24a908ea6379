"""When the next transaction begins: at once, or when those who were just answered have written again.

Who writes as fast as answers come writes in waves. While one wave is committed the next one gathers, and a wave that
begins too early stays split: two commits, and two deliveries to each member, where one would do. So after a batch the
writer waits for as many jobs as there were, for a few milliseconds at most, and only while waiting pays: where they do
not come it is tried ever less often. (MySQL has the same two limits: binlog_group_commit_sync_delay, _no_delay_count.)
"""

from __future__ import annotations

from collections.abc import Callable

from chatapp import runtime
from chatapp.runtime.crew import soon

HOLD_S = 0.004  # at most, after what was committed has been written out
LARGE = 4  # posts in a batch; fewer mean that there is time enough
MOST_SKIPPED = 64  # batches without another try


class Gathering:
    """One for a writer; everything happens on the loop, inside a turn."""

    def __init__(self, begin: Callable[[], None], most: int) -> None:
        """`begin()` starts the next transaction, which takes up to `most` jobs."""
        self._begin, self._most = begin, most
        self._wanted = 0  # jobs to wait for; 0: nothing is held back
        self._holds = 0  # tells the timer of one hold from another's
        self._skip = self._penalty = 0

    @property
    def holding(self) -> bool:
        """Whether the next transaction waits for more jobs."""
        return self._wanted > 0

    def committed(self, posts: int, waiting: int) -> None:
        """`posts` were committed and told while `waiting` jobs came. Begins the next transaction now or later.

        Other jobs in the batch do not count: nobody writes again because an answer was saved.
        """
        if posts < LARGE or waiting >= self._most:
            self._begin()
        elif self._skip:
            self._skip -= 1
            self._begin()
        else:
            self._wanted = min(posts + waiting, self._most)
            self._holds += 1
            # In the turn's order this comes after the sockets are written: those who wait for an answer have it.
            soon(lambda hold=self._holds: runtime.call_later(HOLD_S, self._in_vain, hold))  # type: ignore[misc]

    def submitted(self, waiting: int) -> None:
        """A job came while the transaction is held back; `waiting` there are."""
        if waiting >= self._wanted:
            self._wanted = self._penalty = 0
            self._begin()

    def _in_vain(self, hold: int) -> None:
        with runtime.turn:
            if self._wanted and hold == self._holds:
                self._wanted = 0
                self._skip = self._penalty = min(MOST_SKIPPED, 2 * self._penalty or 1)
                self._begin()
