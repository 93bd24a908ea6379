"""Who is in a room."""

from __future__ import annotations

from .evidence import Evidence, Finding, check


@check("presence: everybody shows who is there")
def shown(evidence: Evidence, finding: Finding) -> None:
    """In the end who is counted and named, by a join and what was told after it, are those who are connected; where more are
    there than are named, nobody else is."""
    for person, slug, online, there in evidence.present:
        finding.looked_at += 1
        gone = online.people - there
        missing = there - online.people if online.named_all else set()
        if online.count != len(there) or gone or missing:
            finding.add(
                f"{slug}: {person} counts {online.count}, {len(there)} are there;"
                f" shows {sorted(gone)}, who are not, and not {sorted(missing)}, who are"
            )
