"""A busy loop gives the processor up for a thread that works for it, once in each turn, and only then."""

from __future__ import annotations

import json
import subprocess
import sys

from chatapp.runtime.giving_way import GivingWay

from .giving_way_loop import LONG_TURN_S, TURNS

DEFAULT_S = 0.005  # after which Python by itself has one thread give way to another


def test_a_busy_loop_gives_way_once_a_turn_while_a_thread_works_for_it_and_in_a_long_turn_too() -> (
    None
):
    command = [sys.executable, "-W", "ignore", "-m", "tests.runtime.giving_way_loop"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert TURNS <= found.pop("while it works") <= TURNS + 3
    assert found.pop("while both wait") <= 3
    assert found.pop("in the middle of a turn") > 1.5 * LONG_TURN_S / DEFAULT_S
    assert found == {"before": 0, "afterwards": 0}


def test_on_threads_nothing_is_owed() -> None:
    way = GivingWay()
    way.started()
    assert not way.owed
    way.now()
    way.finished()
    assert not way.owed
