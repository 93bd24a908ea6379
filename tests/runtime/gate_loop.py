"""`python -m tests.runtime.gate_loop`: on eventlet, in which order and in how much of the time jobs come through a gate.

Prints one JSON line.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from chatapp import runtime
from chatapp.runtime import gate as gate_module
from chatapp.runtime.gate import Gate
from chatapp.runtime.giving_way import giving_way


def finished(went: list[Any], count: int) -> list[Any]:
    while len(went) < count:
        runtime.sleep(0.001)
    return went


def with_eve() -> Gate:
    """A gate at which Eve is an offender."""
    gate = Gate()
    gate.offends = lambda address: address == "eve"
    return gate


def order() -> list[str]:
    """Of an offender's jobs and of those of two others, all there at once."""
    gate = with_eve()
    went: list[str] = []
    for number in range(3):
        gate.submit("eve", partial(went.append, f"eve {number}"))
    for who in ("amy", "bob"):
        for number in range(3):
            gate.submit(who, partial(went.append, f"{who} {number}"))
    return finished(went, 9)


def waiting() -> list[str]:
    """A job that waits, and one behind it."""
    gate = Gate()
    went: list[str] = []
    heard = runtime.Event()

    def wait() -> None:
        heard.wait()
        went.append("waited")

    gate.submit("amy", wait)
    gate.submit("amy", partial(went.append, "next"))
    finished(went, 1)
    heard.set()
    return finished(went, 2)


def tasks(narrow: bool) -> list[str]:
    """Tasks that wait at the gate: an offender's, the door's, another's."""
    gate = with_eve()
    went: list[str] = []
    if narrow:
        gate.narrow_down()

    def come(name: str, wait: Callable[[], None]) -> None:
        wait()
        went.append(name)

    runtime.spawn(come, "eve", partial(gate.wait, "eve"))
    runtime.spawn(come, "amy", partial(gate.wait, "amy"))
    runtime.spawn(come, "door", gate.wait_at_door)
    return finished(went, 3)


def spent() -> tuple[float, float]:
    """(seconds that jobs took, seconds in which they were done)."""
    gate = Gate()
    went: list[float] = []

    def work() -> None:
        begun = time.perf_counter()
        while time.perf_counter() - begun < 0.001:
            pass
        went.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    for number in range(50):
        gate.submit(f"eve {number}", work, offends=True)
    return sum(finished(went, 50)), time.perf_counter() - begun


def beside_a_thread(patience: float) -> list[str]:
    """A job that comes while a thread works for the loop, which it does until the job was done or a few turns have passed."""
    gate_module.PATIENCE_S = patience
    gate = with_eve()
    went: list[str] = []
    giving_way.started()
    gate.submit("eve", partial(went.append, "eve"))
    if patience < 1:
        finished(went, 1)
    else:
        runtime.sleep(0.01)
    went.append("thread")
    giving_way.finished()
    return finished(went, 2)


if __name__ == "__main__":
    runtime.patch("eventlet")
    found = {
        "order": order(),
        "waiting": waiting(),
        "wide": tasks(narrow=False),
        "narrow": tasks(narrow=True),
        "spent": spent(),
        "beside a thread": beside_a_thread(600),
        "beside one that works on": beside_a_thread(0.01),
    }
    print(json.dumps(found))
