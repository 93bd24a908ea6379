"""What must hold between what was seen and what is stored. Each check says how much it looked at, and what was wrong."""

from __future__ import annotations

from . import answers, elsewhere, hearing, missing, presence, reading, storing
from .evidence import (
    AFTER_REMOVAL_SECONDS,
    CHECKS,
    Check,
    Evidence,
    Finding,
    Fresh,
    Held,
    Listed,
    Present,
    View,
)
from .lateness import lateness

__all__ = [
    "AFTER_REMOVAL_SECONDS",
    "Evidence",
    "Finding",
    "Fresh",
    "Held",
    "Listed",
    "Present",
    "View",
    "lateness",
    "only_presence",
    "run",
    "unsettled",
]

#: where they stand, in the order of the verdict
PARTS = (storing, hearing, missing, reading, presence, elsewhere, answers)
#: what hints without numbers tell, and rounds after them: it may take a little
SETTLING = (reading.shown, elsewhere.lists, presence.shown)


def run(evidence: Evidence) -> list[Finding]:
    """Every check."""
    checks = [each for part in PARTS for each in CHECKS[part.__name__].items()]
    return [_done(name, function, evidence) for name, function in checks]


def unsettled(evidence: Evidence) -> set[Check]:
    """Which of the checks of what comes by rounds do not hold yet."""
    return {function for function in SETTLING if _done("", function, evidence).wrong}


def only_presence(found: set[Check]) -> bool:
    """Whether it is but that a dead worker's people are still taken for present, until its lease has run out."""
    return found == {presence.shown}


def _done(name: str, function: Check, evidence: Evidence) -> Finding:
    finding = Finding(name)
    function(evidence, finding)
    return finding
