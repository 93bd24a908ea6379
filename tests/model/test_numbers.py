"""Whatever happens on the way: after healing everybody shows the log, and nobody ever stood at a number unseen."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from .machine import Machine

TestNumbers = Machine.TestCase
TestNumbers.settings = settings(
    max_examples=150,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
