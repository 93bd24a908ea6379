"""The one place where tests wait for a state that nothing announces."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PACE = 0.02


def eventually(check: Callable[[], T], *, within: float = 20.0, what: str | None = None) -> T:
    """Ask `check` until its answer is true, and return that; AssertionError after `within` seconds.

    An AssertionError or OSError raised by `check` counts as "not yet" and is the failure's cause.
    """
    deadline = time.monotonic() + within
    while True:
        cause: Exception | None = None
        try:
            if answer := check():
                return answer
        except (AssertionError, OSError) as error:
            cause = error
        if time.monotonic() > deadline:
            name = what or getattr(check, "__name__", "the condition")
            raise AssertionError(f"{name}: not so within {within:g} s") from cause
        time.sleep(PACE)
