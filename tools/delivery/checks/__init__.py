"""What must hold between what was seen and what is stored. Each check says how much it looked at, and what was wrong."""

from __future__ import annotations

from . import answers, hearing, reading, storing
from .evidence import AFTER_REMOVAL_SECONDS, CHECKS, Evidence, Finding, View
from .lateness import lateness

__all__ = ["AFTER_REMOVAL_SECONDS", "Evidence", "Finding", "View", "lateness", "run"]

#: where they stand, in the order of the verdict
PARTS = (storing, hearing, reading, answers)


def run(evidence: Evidence) -> list[Finding]:
    """Every check."""
    findings = []
    for part in PARTS:
        for name, function in CHECKS[part.__name__].items():
            finding = Finding(name)
            function(evidence, finding)
            findings.append(finding)
    return findings
