"""Tests run side by side in several processes; those marked `alone` have the machine to themselves."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def turn(item: pytest.Item) -> Iterator[None]:
    """Wait until this test may run beside those that run now, and keep the others away if it must be alone."""
    worker = getattr(item.config, "workerinput", None)
    if worker is None:
        yield
        return
    alone = item.get_closest_marker("alone") is not None
    name = f"chatapp-tests-{worker['testrunuid']}"
    folder = Path(tempfile.gettempdir())
    with (
        (folder / f"{name}-gate").open("w") as gate,
        (folder / f"{name}-machine").open("w") as machine,
    ):
        # Whoever waits for the machine holds the gate: nobody overtakes a test that must be alone.
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(machine, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield
