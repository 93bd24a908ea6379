"""One worker process as its supervisor sees it: started, watched, started again after a pause, stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping

from .assignment import Assignment
from .status import Board

STOP_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
# A worker that was ready for so long did not die at its start.
STEADY_SECONDS = 10.0
STARTS_THAT_MAY_FAIL = 5
# A worker exits so when its sentence on stderr will be true the next time as well: a wrong setting, a wrong schema.
HOPELESS = 2
IDLE_SECONDS = 60.0


class GiveUp(Exception):
    """Starting the worker again is of no use; one sentence says why."""


class Child:
    """A worker that is kept running."""

    def __init__(
        self, assignment: Assignment, environment: Mapping[str, str], board: Board
    ) -> None:
        self._assignment, self._environment, self._board = assignment, environment, board
        self._process: subprocess.Popen[bytes] | None = None
        self._due = time.monotonic()
        self._started = 0.0
        self._was_ready = False
        self._failures = 0  # deaths since it last ran steadily
        self._failed_starts = 0  # of those in a row, deaths before it was ready

    def tend(self, now: float, *, served: bool) -> float:
        """Start it if it is due, note its death. Returns the seconds until the next look.

        Raises GiveUp if it cannot be started, unless the server has `served` before: then what is in the way (a
        database that is restarting) may pass, and the other workers go on meanwhile.
        """
        if self._process is None and now >= self._due:
            self._start(now)
        if self._process is not None:
            code = self._process.poll()
            self._was_ready = self._was_ready or self._board.is_ready(self._assignment.index)
            if code is None:
                return IDLE_SECONDS
            self._bury(code, now, served)
        return max(self._due - now, 0.0)

    def _start(self, now: float) -> None:
        part = self._assignment
        self._process = subprocess.Popen(
            [sys.executable, "-m", "chatapp.runtime.worker", *part.arguments()],
            pass_fds=(part.listener, part.lifeline),
            env=self._environment,
            stdin=subprocess.DEVNULL,
        )
        self._started, self._was_ready = now, False

    def _bury(self, code: int, now: float, served: bool) -> None:
        self._process = None
        self._board.set_ready(self._assignment.index, False)
        name, how = self._assignment.name, _how(code)
        if code == 0:  # it was asked to stop
            self._failures = 0
        if self._was_ready:
            self._failed_starts = 0
            if now - self._started > STEADY_SECONDS:
                self._failures = 0
        else:
            self._failed_starts += 1
            if not served:
                self._consider_giving_up(code)
        pause = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures += 1
        self._due = now + pause
        sys.stderr.write(f"chatapp: worker {name} {how}; starting it again in {pause:.1f} s.\n")
        sys.stderr.flush()

    def _consider_giving_up(self, code: int) -> None:
        name, starts = self._assignment.name, self._failed_starts
        if code == HOPELESS:
            raise GiveUp(f"Worker {name} could not start; its reason stands above.")
        if starts >= STARTS_THAT_MAY_FAIL:
            raise GiveUp(
                f"Worker {name} {_how(code)} at its start {starts} times in a row; its messages stand above."
            )

    def running(self) -> bool:
        """Whether its process still exists."""
        return self._process is not None and self._process.poll() is None

    def terminate(self) -> None:
        """Ask it to stop gracefully."""
        if self._process is not None and self.running():
            self._process.terminate()

    def kill(self) -> None:
        """End it now, if it has not ended by itself, and reap it."""
        if self._process is not None:
            if self.running():
                self._process.kill()
                name = self._assignment.name
                sys.stderr.write(f"chatapp: worker {name} did not stop in time; killed it.\n")
            self._process.wait()


def _how(code: int) -> str:
    if code >= 0:
        return f"ended (exit code {code})"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
