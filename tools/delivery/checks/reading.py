"""Read cursors and counts of what is unread."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from .evidence import Evidence, Finding, Fresh, check

READS_MEMBERS = 200  # in larger rooms nobody is told how far others have read
MOST = 100  # is told as 99+


@check("cursors: only forward")
def cursors(evidence: Evidence, finding: Finding) -> None:
    """A read cursor never goes back: not on one connection, and not from what anybody was told of it to the answer to what
    was asked after that, on whichever connection. Of what was asked before, either may come first."""
    heard: dict[tuple[int, str, str], int] = {}
    #: by person and room: (when, as a place in the record; the furthest so far)
    furthest: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for place, told in enumerate(evidence.record.cursors):
        finding.looked_at += 1
        here, of_all = (told.connection, told.room, told.user), furthest[told.user, told.room]
        by_then = bisect_left(of_all, (told.asked, 0)) if told.asked is not None else 0
        before = max(heard.get(here, 0), of_all[by_then - 1][1] if by_then else 0)
        if told.seq < before:
            finding.add(f"{told.room}: {told.user} was at {before}, in {told.how} at {told.seq}")
        heard[here] = max(told.seq, heard.get(here, 0))
        of_all.append((place, max(told.seq, of_all[-1][1] if of_all else 0)))
    for room, truth in evidence.rooms.items():
        for user, cursor in truth.cursors.items():
            of_all = furthest[user, room]
            if of_all and cursor < of_all[-1][1]:
                finding.add(f"{room}: {user} was told {of_all[-1][1]}, stored is {cursor}")


@check("cursors: everybody shows what is stored")
def shown(evidence: Evidence, finding: Finding) -> None:
    """How far others have read, and oneself on another device, is shown as it is stored; others' only in rooms of up to 200."""
    for person, slug, reads in evidence.held:
        room = evidence.rooms[slug]
        small = room.members_count <= READS_MEMBERS
        for user, cursor in room.cursors.items():
            if small or user == person:
                finding.looked_at += 1
                if reads.get(user, 0) != cursor:
                    finding.add(
                        f"{slug}: {person} shows {user} at {reads.get(user, 0)}, stored is {cursor}"
                    )


@check("unread: as counted")
def unread(evidence: Evidence, finding: Finding) -> None:
    """What a fresh join and a fresh list say is unread is what a count of the stored messages says."""
    for person, slug, cursor, told, mentions in [*evidence.fresh, *_listed(evidence)]:
        finding.looked_at += 1
        behind = [
            message
            for message in evidence.rooms[slug].messages
            if message["seq"] > cursor
            and message["sender"]["id"] != person
            and message["type"] == "text"
            and message["deleted_at"] is None
        ]
        if min(len(behind), MOST) != told:
            finding.add(f"{person} in {slug}: {told} unread, counted {min(len(behind), MOST)}")
        counted = sum(
            any(each["user_id"] == person for each in message["mentions"]) for message in behind
        )
        if mentions is not None and min(counted, MOST) != mentions:
            finding.add(f"{person} in {slug}: {mentions} mentions, counted {min(counted, MOST)}")


def _listed(evidence: Evidence) -> Iterator[Fresh]:
    """What a fresh list says to those who have opened nothing."""
    for person, _shown, stored in evidence.lists:
        for slug, news in stored.items():
            cursor = evidence.rooms[slug].cursors.get(person)
            if cursor is not None:
                yield Fresh(person, slug, cursor, news.unread, news.mentions)
