"""What was sent against what is stored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

from tools.delivery.journal import Sent

from .evidence import Evidence, Finding, check


@check("acknowledged: stored once, as acknowledged")
def acknowledged(evidence: Evidence, finding: Finding) -> None:
    """Every ok is there exactly once, at the acknowledged place, with the text that was sent last."""
    stored = _stored(evidence)
    changed = _last_changes(evidence)
    for sent in evidence.messages():
        if sent.outcome != "ok":
            continue
        finding.looked_at += 1
        copies = stored.get((sent.person, sent.key), [])
        if len(copies) != 1:
            finding.add(f"{sent.key} is stored {len(copies)} times")
            continue
        seq, body, message_id = copies[0]
        if seq != sent.seq:
            finding.add(f"{sent.key} is stored at {seq}, acknowledged at {sent.seq}")
        if body not in changed.get(message_id, {sent.text}):
            finding.add(f"{sent.key} is stored as {body[:40]!r}, sent as {sent.text[:40]!r}")


@check("unknown: stored at most once")
def unknown(evidence: Evidence, finding: Finding) -> None:
    """What was never answered is there once or not at all."""
    stored = _stored(evidence)
    for sent in evidence.messages():
        if sent.outcome == "unknown":
            finding.looked_at += 1
            if len(copies := stored.get((sent.person, sent.key), [])) > 1:
                finding.add(f"{sent.key} is stored {len(copies)} times")


@check("refused: not stored")
def refused(evidence: Evidence, finding: Finding) -> None:
    """What was refused for good at the first attempt, or after answers that said that nothing was done, is not there."""
    _is_not_stored(evidence, finding, unanswered=False)


@check("refused after no answer: not stored")
def refused_after_all(evidence: Evidence, finding: Finding) -> None:
    """A refusal speaks for the attempts before it, too: what had no answer, and is refused when it is sent again, is not there."""
    _is_not_stored(evidence, finding, unanswered=True)


def _is_not_stored(evidence: Evidence, finding: Finding, *, unanswered: bool) -> None:
    stored = _stored(evidence)
    for sent in evidence.messages():
        if sent.outcome == "fail" and sent.unanswered == unanswered:
            finding.looked_at += 1
            if stored.get((sent.person, sent.key)):
                finding.add(
                    f"{sent.key} was refused ({sent.error}, attempt {sent.attempts}) and is stored"
                )


@check("stored: nothing twice, nothing from nowhere")
def stored_once(evidence: Evidence, finding: Finding) -> None:
    """Every key that is stored was sent, and every place and number belongs to one message."""
    sent = {(each.person, each.key) for each in evidence.messages()}
    for (person, key), copies in _stored(evidence).items():
        finding.looked_at += 1
        if len(copies) > 1:
            finding.add(f"{key} is stored {len(copies)} times")
        if person in evidence.people and (person, key) not in sent:
            finding.add(f"{key} is stored and was never sent")
    for slug, room in evidence.rooms.items():
        for name in ("seq", "changed_seq"):
            for number, times in Counter(each[name] for each in room.messages).items():
                if times > 1 or number > room.seq:
                    finding.add(f"{slug}: {name} {number} of {times} messages, last is {room.seq}")


@check("changes: exactly 1..last, and as acknowledged")
def numbers(evidence: Evidence, finding: Finding) -> None:
    """The database has every number once; an acknowledged change has the number it was acknowledged with."""
    for slug, room in evidence.rooms.items():
        if room.changes is None:
            continue
        finding.looked_at += len(room.changes)
        if [number for number, _, _ in room.changes] != list(range(1, room.seq + 1)):
            finding.add(f"{slug}: {len(room.changes)} changes are not 1..{room.seq}")
        kinds = {number: (kind, subject) for number, kind, subject in room.changes}
        for sent in evidence.record.sent:
            if sent.room == slug and sent.outcome == "ok" and sent.kind in ("message", "edit"):
                finding.looked_at += 1
                if kinds.get(sent.seq, ("nothing",))[0] != sent.kind:
                    finding.add(
                        f"{slug}: {sent.kind} acknowledged as {sent.seq} is {kinds.get(sent.seq)}"
                    )


@check("acknowledged numbers: each given once")
def given_once(evidence: Evidence, finding: Finding) -> None:
    """No two acknowledged acts share a number of a room."""
    given: dict[tuple[str, int], Sent] = {}
    for sent in evidence.record.sent:
        if sent.outcome == "ok" and sent.kind == "message":
            finding.looked_at += 1
            if (sent.room, sent.seq) in given:
                finding.add(f"{sent.room}: {sent.seq} was acknowledged twice")
            given[sent.room, sent.seq] = sent


@check("order: what was acknowledged before comes before")
def real_time(evidence: Evidence, finding: Finding) -> None:
    """If a was acknowledged before b was sent, a has the lower number; edits and deletions, too."""
    rooms: dict[str, list[Sent]] = defaultdict(list)
    for sent in evidence.record.sent:
        # A reaction that was there already changes nothing, and is answered with an earlier number.
        if sent.outcome == "ok" and sent.kind != "react":
            rooms[sent.room].append(sent)
    for slug, all_sent in rooms.items():
        done: list[tuple[float, int]] = []
        highest = 0
        for sent in sorted(all_sent, key=lambda each: each.invoked):
            finding.looked_at += 1
            heappush(done, (sent.ended, sent.seq))
            while done[0][0] < sent.invoked:
                highest = max(highest, heappop(done)[1])
            if sent.seq < highest:
                finding.add(f"{slug}: {sent.seq} was sent after {highest} was acknowledged")


@check("database: as a fresh fetch shows it")
def database(evidence: Evidence, finding: Finding) -> None:
    """The rows are what the API tells."""
    for slug, room in evidence.rooms.items():
        if room.rows is None:
            continue
        rows = {row.seq: row for row in room.rows}
        finding.looked_at += len(rows)
        if rows.keys() != {each["seq"] for each in room.messages} or len(rows) != len(room.rows):
            finding.add(f"{slug}: {len(room.rows)} rows, {len(room.messages)} messages")
        for message in room.messages:
            row = rows.get(message["seq"])
            if row and (row.changed_seq, row.body if not row.deleted else "", row.client_id) != (
                message["changed_seq"],
                message["body"],
                message["client_id"],
            ):
                finding.add(f"{slug}: {message['id']} is told otherwise than it is stored")


def _stored(evidence: Evidence) -> dict[tuple[str, str], list[tuple[int, str, str]]]:
    """(person, client_id) -> (place, text, id) of every copy."""
    found: dict[tuple[str, str], list[tuple[int, str, str]]] = defaultdict(list)
    for room in evidence.rooms.values():
        for message in room.messages:
            if message["client_id"]:
                key = message["sender"]["id"], message["client_id"]
                found[key].append((message["seq"], message["body"], message["id"]))
    return found


def _last_changes(evidence: Evidence) -> dict[str, set[str]]:
    """Message id -> the texts that it may have: what its last acknowledged change made of it, or one never answered."""
    found: dict[str, set[str]] = {}
    for before, sent in _by_message(evidence):
        if sent.kind == "react" or sent.outcome == "fail":
            continue
        text = "" if sent.kind == "delete" else sent.text
        if sent.outcome == "ok":
            found[sent.key] = {text}
        else:
            found.setdefault(sent.key, {before}).add(text)
    return found


def _by_message(evidence: Evidence) -> Iterator[tuple[str, Sent]]:
    """(the text first sent, change) of every change of a message, in the order of time: people change their own only."""
    texts: dict[str, str] = {}
    first = {(sent.person, sent.key): sent.text for sent in evidence.messages()}
    for (person, key), copies in _stored(evidence).items():
        for _, _, message_id in copies:
            texts[message_id] = first.get((person, key), "")
    for sent in sorted(evidence.record.sent, key=lambda each: each.invoked):
        if sent.kind != "message" and sent.key in texts:
            yield texts[sent.key], sent
