"""Notices a loop that stands still: first it shows where, then it ends the process, which the supervisor starts again.

Both clocks run outside Python: faulthandler's thread is written in C and needs no interpreter lock, and SIGALRM's
default action is the kernel's. So they work on every runtime, also when C code holds the interpreter lock, which no
watchdog written in Python outlives.
"""

from __future__ import annotations

import faulthandler
import signal

from . import loop

BEAT_SECONDS = 1.0
# After that the stacks of all threads go to stderr, and again each time it has passed.
STACKS_AFTER_SECONDS = 5.0
# After that nobody's connection is alive any more (a ping cycle is 30 s). Time in SIGSTOP counts, a sleeping laptop's
# does not.
DEATH_AFTER_SECONDS = 60.0


def start() -> None:
    """Watch the loop of this process from now on. Call it on the loop."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    loop.spawn(_beat)


def _beat() -> None:
    while True:
        faulthandler.dump_traceback_later(STACKS_AFTER_SECONDS, repeat=True, file=2)
        signal.setitimer(signal.ITIMER_REAL, DEATH_AFTER_SECONDS)
        loop.sleep(BEAT_SECONDS)
