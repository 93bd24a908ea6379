"""Which workers accept connections: one byte a worker in a file that all processes of the server map.

/healthz and /readyz are answered by any worker about all of them, so each must see the state of the others without
asking them.
"""

from __future__ import annotations

import mmap
from pathlib import Path

_DOWN, _READY = 0, 1


class Board:
    """The states of the workers, by index from 0. A worker sets its own; the supervisor clears those of the dead."""

    def __init__(self, path: Path, workers: int, *, create: bool = False) -> None:
        if create:
            path.write_bytes(bytes(workers))
        with path.open("r+b") as file:
            self._states = mmap.mmap(file.fileno(), workers)
        self._workers = workers

    def set_ready(self, index: int, ready: bool) -> None:
        """Say whether worker `index` accepts connections."""
        self._states[index] = _READY if ready else _DOWN

    def is_ready(self, index: int) -> bool:
        """Whether worker `index` accepts connections."""
        return self._states[index] == _READY

    def ready(self) -> int:
        """How many workers accept connections."""
        return sum(self._states[: self._workers])

    def all_ready(self) -> bool:
        """Whether every worker accepts connections."""
        return self.ready() == self._workers


_board: Board | None = None


def attach(board: Board | None) -> None:
    """Make `board` the one that this process answers from."""
    global _board
    _board = board


def any_ready() -> bool:
    """Whether at least one worker accepts connections. True where no supervisor runs: who asks is being served."""
    return _board is None or _board.ready() > 0


def all_ready() -> bool:
    """Whether every worker accepts connections. True where no supervisor runs."""
    return _board is None or _board.all_ready()
