"""Read cursors and counts of what is unread."""

from __future__ import annotations

from .evidence import Evidence, Finding, check


@check("cursors: only forward")
def cursors(evidence: Evidence, finding: Finding) -> None:
    """A read cursor never goes back: not on one connection, not from one confirmation to the next."""
    heard: dict[tuple[int, str, str], int] = {}
    confirmed: dict[tuple[str, str], int] = {}
    for connection, room, user, cursor, how in evidence.record.cursors:
        finding.looked_at += 1
        key = connection, room, user
        if how == "event":
            if cursor < heard.get(key, 0):
                finding.add(f"{room}: {user} was at {heard[key]}, then at {cursor}")
            heard[key] = max(cursor, heard.get(key, 0))
        else:
            if cursor < confirmed.get((user, room), 0):
                finding.add(f"{room}: {user} was told {confirmed[user, room]}, then {cursor}")
            confirmed[user, room] = max(cursor, confirmed.get((user, room), 0))
    for room, truth in evidence.rooms.items():
        for user, cursor in truth.cursors.items():
            if cursor < confirmed.get((user, room), 0):
                finding.add(f"{room}: {user} was told {confirmed[user, room]}, stored is {cursor}")


@check("unread: as counted")
def unread(evidence: Evidence, finding: Finding) -> None:
    """What a fresh join says is unread is what a count of the stored messages says."""
    for person, slug, cursor, told in evidence.fresh:
        finding.looked_at += 1
        counted = sum(
            1
            for message in evidence.rooms[slug].messages
            if message["seq"] > cursor
            and message["sender"]["id"] != person
            and message["type"] == "text"
            and message["deleted_at"] is None
        )
        if min(counted, 100) != told:
            finding.add(f"{person} in {slug}: {told} unread, counted {min(counted, 100)}")
