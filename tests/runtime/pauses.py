"""`python -m tests.runtime.pauses eventlet`: tasks that pause; prints one JSON line of what was seen."""

from __future__ import annotations

import json
import sys
import time

from chatapp import runtime
from chatapp.runtime.giving_way import giving_way

TASKS = 20
LONG_S = 0.003  # more than those that come back have of a turn together
SHORT_S = 0.00015  # some of it, and more than they have while a thread works


def work(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def together(pause: float, seconds: float) -> dict[str, int]:
    """Tasks whose pauses end together, each with work to do: how many came back, and in one turn of the loop at most."""
    from chatapp.runtime.crew import soon

    seen = {"back": 0, "at_once": 0, "turns": 0}
    now = {"back": 0}
    over = runtime.Event()

    def turn() -> None:
        seen["at_once"] = max(seen["at_once"], now["back"])
        now["back"] = 0
        seen["turns"] += 1
        if seen["back"] < TASKS:
            soon(turn)
        else:
            over.set()

    def task() -> None:
        runtime.pause(pause)
        seen["back"] += 1
        now["back"] += 1
        work(seconds)

    for _ in range(TASKS):
        runtime.spawn(task)
    runtime.sleep(0)
    soon(turn)
    assert over.wait(30)
    return seen


def short_and_long() -> list[str]:
    """Who is back first of three, one of which is ended while it pauses."""
    back: list[str] = []
    over = runtime.Event()

    def task(name: str, seconds: float) -> None:
        began = time.monotonic()
        runtime.pause(seconds)
        back.append(name if time.monotonic() - began >= seconds else f"{name} too soon")
        if len(back) == 2:
            over.set()

    runtime.spawn(task, "never", 60.0)
    runtime.spawn(task, "long", 0.2)
    runtime.sleep(0)
    runtime.spawn(task, "short", 0.01)
    assert over.wait(30)
    return back


def main() -> None:
    runtime.patch(sys.argv[1])
    found = {"together": together(0.01, LONG_S), "back": short_and_long()}
    found["with little to do"] = together(0.01, SHORT_S)
    giving_way.started()
    found["while a thread works"] = together(0.01, SHORT_S)
    giving_way.finished()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
