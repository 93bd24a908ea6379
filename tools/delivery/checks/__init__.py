"""What must hold between what was seen and what is stored. Each check says how much it looked at, and what was wrong."""

from __future__ import annotations

from . import answers, elsewhere, hearing, missing, reading, storing
from .evidence import (
    AFTER_REMOVAL_SECONDS,
    CHECKS,
    Check,
    Evidence,
    Finding,
    Fresh,
    Held,
    Listed,
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
    "View",
    "lateness",
    "run",
    "unsettled",
]

#: where they stand, in the order of the verdict
PARTS = (storing, hearing, missing, reading, elsewhere, answers)
#: what hints without numbers tell, and rounds after them: it may take a little
SETTLING = (reading.shown, elsewhere.lists)


def run(evidence: Evidence) -> list[Finding]:
    """Every check."""
    checks = [each for part in PARTS for each in CHECKS[part.__name__].items()]
    return [_done(name, function, evidence) for name, function in checks]


def unsettled(evidence: Evidence) -> bool:
    """Whether something that comes by rounds is not right yet."""
    return any(_done("", function, evidence).wrong for function in SETTLING)


def _done(name: str, function: Check, evidence: Evidence) -> Finding:
    finding = Finding(name)
    function(evidence, finding)
    return finding
