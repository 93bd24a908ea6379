"""`python -m tests.runtime.giving_way_loop`: on eventlet, how often a busy loop gives the processor up.

Prints one JSON line.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from chatapp import runtime
from chatapp.runtime.crew import soon
from chatapp.runtime.giving_way import giving_way

TURNS = 20
LONG_TURN_S = 0.5


@contextmanager
def counting() -> Iterator[list[None]]:
    """Has an entry for each time."""
    times: list[None] = []
    really = os.sched_yield

    def counted() -> None:
        times.append(None)
        really()

    os.sched_yield = counted
    yield times
    os.sched_yield = really


def busy() -> int:
    """In TURNS turns of a loop that has something to do in each."""
    over = runtime.Event()

    def turn(left: int) -> None:
        if left:
            soon(lambda: turn(left - 1))
        else:
            over.set()

    with counting() as times:
        soon(lambda: turn(TURNS))
        over.wait()
    return len(times)


def idle() -> int:
    """While the loop has nothing to do: it waits for the sockets, and need not give anything up."""
    with counting() as times:
        runtime.sleep(0.02)
    return len(times)


def handed_over() -> int:
    """In one long turn, how often a thread is given the interpreter that wants it all the time."""
    from eventlet import patcher

    pause = patcher.original("time").sleep
    turns, over = 0, False

    def thread() -> None:
        nonlocal turns
        while not over:
            turns += 1
            pause(0)  # gives the interpreter back, and wants it again

    runtime.os_thread(thread)
    until = time.perf_counter() + LONG_TURN_S
    while time.perf_counter() < until:
        pass
    over = True
    return turns


if __name__ == "__main__":
    runtime.patch("eventlet")
    found = {"before": busy()}
    giving_way.started()
    found["in the middle of a turn"] = handed_over()
    found |= {"while it works": busy(), "while both wait": idle()}
    giving_way.finished()
    found["afterwards"] = busy()
    print(json.dumps(found))
