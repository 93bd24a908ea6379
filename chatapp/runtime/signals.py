"""Signals as bytes in a pipe, so that the loop of the supervisor and that of a worker wait for them like for a socket.

A Python signal handler runs between two bytecodes of the main thread; an event loop asleep in the kernel would hear
of it late. The interpreter's wake-up descriptor is written at once, in C.
"""

from __future__ import annotations

import os
import posix
import signal
from collections.abc import Iterable


class SignalPipe:
    """The pipe; make it in the main thread, once for a process.

    A signal that was ignored when the process began (nohup, a shell's background job) stays ignored.
    """

    def __init__(self, wanted: Iterable[signal.Signals]) -> None:
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in wanted:
            # A handler must exist for the byte to be written; all that it would do is done by who reads the pipe.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _nothing)

    def fileno(self) -> int:
        """For select()."""
        return self._reader

    def read(self) -> set[int]:
        """The numbers of the signals that came since the last call; never waits."""
        try:
            # Not os.read: where that is monkey-patched it waits, also on a descriptor that does not block.
            return set(posix.read(self._reader, 4096))
        except BlockingIOError:
            return set()


def _nothing(_number: int, _frame: object) -> None:
    pass
