"""The application that the workers of tests.faults.serve make: the product's, with what a test asks for by its environment.

CHATAPP_TEST_DEFECTS names defects, with commas. CHATAPP_TEST_DIE names a file: while it exists, the next worker that has committed
something dies before it tells anybody. CHATAPP_TEST_LEASE_S shortens the leases of presence and of answers, CHATAPP_TEST_PING_S the
time between two pings and that for the answer.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from tests.faults.defects import DEFECTS, put


def create_app(settings: Any = None, *, worker: str = "w1") -> Any:
    """chatapp.create_app with what is asked for."""
    import chatapp

    for name in filter(None, os.environ.get("CHATAPP_TEST_DEFECTS", "").split(",")):
        DEFECTS[name]()
    if trigger := os.environ.get("CHATAPP_TEST_DIE"):
        _die_between_commit_and_publish(Path(trigger))
    if seconds := os.environ.get("CHATAPP_TEST_LEASE_S"):
        _short_leases(float(seconds))
    if seconds := os.environ.get("CHATAPP_TEST_PING_S"):
        _short_pings(int(seconds))
    return chatapp.create_app(settings, worker=worker)


def _die_between_commit_and_publish(trigger: Path) -> None:
    from chatapp.services.chat import Chat

    committed = Chat._committed

    def die(self: Any, told: Any) -> None:
        try:
            trigger.unlink()
        except FileNotFoundError:
            committed(self, told)
        else:
            os.kill(os.getpid(), signal.SIGKILL)

    put(Chat, "_committed", die)


def _short_pings(seconds: int) -> None:
    from chatapp import events
    from chatapp.realtime import overrides
    from chatapp.realtime.overrides import engine

    for module in (overrides, events, engine):
        put(module, "PING_INTERVAL_S", seconds)
        put(module, "PING_TIMEOUT_S", seconds)


def _short_leases(seconds: float) -> None:
    from chatapp.assistant import runs
    from chatapp.realtime import leases, redis_presence, shares
    from chatapp.store import run_rows

    for module in (leases, run_rows):
        put(module, "LEASE_MS", int(seconds * 1000))
    put(redis_presence, "LOOK_SECONDS", seconds / 6)
    put(shares, "GONE_SECONDS", seconds)
    put(runs, "SWEEP_S", seconds / 3)
