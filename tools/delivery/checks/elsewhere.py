"""People who are connected and have not opened a room."""

from __future__ import annotations

from .evidence import Evidence, Finding, check


@check("elsewhere: lists of rooms are as stored")
def lists(evidence: Evidence, finding: Finding) -> None:
    """What somebody's list shows who has opened nothing is what a fresh one has: rooms, unread, mentions, the latest message."""
    for person, shown, stored in evidence.lists:
        for slug in sorted({*shown, *stored}):
            finding.looked_at += 1
            if slug not in shown:
                finding.add(f"{person} is not told of {slug}")
            elif slug not in stored:
                finding.add(f"{person} shows {slug}, and is no member")
            elif shown[slug] != stored[slug]:
                finding.add(f"{person} shows {slug} as {shown[slug]}, stored is {stored[slug]}")


@check("elsewhere: nothing but news")
def unasked(evidence: Evidence, finding: Finding) -> None:
    """A connection that has not joined a room hears no more of it than that something moved there."""
    finding.looked_at = len(evidence.lists)
    for person, room, what in evidence.record.unasked:
        finding.add(f"{person} was told {what} of {room} and had not joined it")
