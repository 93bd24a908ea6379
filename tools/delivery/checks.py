"""What must hold between what was seen and what is stored. Each check says how much it looked at, and what was wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from .journal import Journal, Sent
from .truth import RoomTruth

AFTER_REMOVAL_SECONDS = 5.0
KEPT = 5  # examples of what was wrong, for each check


class View(NamedTuple):
    """What a person shows of a room in the end."""

    person: str
    room: str
    epoch: str | None
    position: int
    first: int  # older messages are not held
    messages: Mapping[str, str]  # id -> digest


@dataclass
class Evidence:
    """All that a run has."""

    record: Journal
    people: set[str]
    shown: Sequence[View]
    rooms: Mapping[str, RoomTruth]
    #: what people are told in the end when they come anew: (person, room, cursor, unread)
    fresh: Sequence[tuple[str, str, int, int]] = ()
    removal_seconds: float = AFTER_REMOVAL_SECONDS


@dataclass
class Finding:
    """The outcome of one check."""

    name: str
    looked_at: int = 0
    wrong: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, what: str) -> None:
        self.wrong += 1
        if len(self.examples) < KEPT:
            self.examples.append(what)


Check = Callable[[Evidence, Finding], None]
CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Name a check; the names stand in the verdict and in docs/guarantees.md."""

    def add(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return add


def run(evidence: Evidence) -> list[Finding]:
    """Every check."""
    findings = []
    for name, function in CHECKS.items():
        finding = Finding(name)
        function(evidence, finding)
        findings.append(finding)
    return findings


def _messages(evidence: Evidence) -> Iterator[Sent]:
    return (sent for sent in evidence.record.sent if sent.kind == "message")


@check("acknowledged: stored once, as acknowledged")
def acknowledged(evidence: Evidence, finding: Finding) -> None:
    """Every ok is there exactly once, at the acknowledged place, with the text that was sent last."""
    stored = _stored(evidence)
    changed = _last_changes(evidence)
    for sent in _messages(evidence):
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
    for sent in _messages(evidence):
        if sent.outcome == "unknown":
            finding.looked_at += 1
            if len(copies := stored.get((sent.person, sent.key), [])) > 1:
                finding.add(f"{sent.key} is stored {len(copies)} times")


@check("refused: not stored")
def refused(evidence: Evidence, finding: Finding) -> None:
    """What was refused for good is not there."""
    stored = _stored(evidence)
    for sent in _messages(evidence):
        if sent.outcome == "fail":
            finding.looked_at += 1
            if stored.get((sent.person, sent.key)):
                finding.add(f"{sent.key} was refused ({sent.error}) and is stored")


@check("stored: nothing twice, nothing from nowhere")
def stored_once(evidence: Evidence, finding: Finding) -> None:
    """Every key that is stored was sent, and every place and number belongs to one message."""
    sent = {(each.person, each.key) for each in _messages(evidence)}
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
    """If a was acknowledged before b was sent, a has the lower number."""
    rooms: dict[str, list[Sent]] = defaultdict(list)
    for sent in _messages(evidence):
        if sent.outcome == "ok":
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


@check("live: in order, once, without a hole")
def live(evidence: Evidence, finding: Finding) -> None:
    """On each connection numbers rise, and each names as `prev` a number that the connection had reached."""
    started = {(each.connection, each.room): each.number for each in evidence.record.sessions}
    reached: dict[tuple[int, str], int] = dict(started)
    last_live: dict[tuple[int, str], int] = {}
    for receipt in evidence.record.receipts:
        key = receipt.connection, receipt.room
        if receipt.how != "live":
            continue
        finding.looked_at += 1
        where = f"{receipt.room}, connection {receipt.connection}"
        before = last_live.get(key, 0)
        if receipt.number == before:
            finding.add(f"{where}: {receipt.number} came twice")
        elif receipt.number < before:
            finding.add(f"{where}: {receipt.number} came after {before}")
        if receipt.prev is not None and receipt.prev > reached.get(key, 0):
            finding.add(
                f"{where}: a hole, {receipt.number} follows {receipt.prev}, not {reached.get(key)}"
            )
        last_live[key] = max(before, receipt.number)
        reached[key] = max(reached.get(key, 0), receipt.number)


@check("receipts: the same text for everybody")
def same_text(evidence: Evidence, finding: Finding) -> None:
    """A number of a room stands for the same state of the same message, however it came, and as it is stored."""
    seen = {
        (slug, room.epoch, message["changed_seq"]): (room.digests[message["id"]], "stored")
        for slug, room in evidence.rooms.items()
        for message in room.messages
    }
    for receipt in evidence.record.receipts:
        if not receipt.digest:
            continue
        finding.looked_at += 1
        where = f"{receipt.how} on connection {receipt.connection}"
        number = receipt.room, receipt.epoch, receipt.number
        text, first = seen.setdefault(number, (receipt.digest, where))
        if text != receipt.digest:
            finding.add(f"{receipt.room}: {receipt.number} is not the same {first} and {where}")


@check("folded: everybody shows what is stored")
def folded(evidence: Evidence, finding: Finding) -> None:
    """What each person folded is what a fresh fetch shows, message by message."""
    for view in evidence.shown:
        room = evidence.rooms[view.room]
        wanted = {
            each["id"]: room.digests[each["id"]]
            for each in room.messages
            if each["seq"] >= view.first
        }
        finding.looked_at += len(wanted)
        who = f"{view.person} in {view.room}"
        if (view.epoch, view.position) != (room.epoch, room.seq):
            finding.add(f"{who} stands at {view.position}, the room at {room.seq}")
        for key in wanted.keys() - view.messages.keys():
            finding.add(f"{who} does not show {key}")
        for key in view.messages.keys() - wanted.keys():
            finding.add(f"{who} shows {key}, which is not stored")
        for key in view.messages.keys() & wanted.keys():
            if view.messages[key] != wanted[key]:
                finding.add(f"{who} shows another text of {key}")


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


@check("removed: nothing more after 5 s")
def removed(evidence: Evidence, finding: Finding) -> None:
    """Who was removed from a room hears nothing of it any more."""
    when = {(person, room): at for person, room, at in evidence.record.removals}
    finding.looked_at = len(when)
    for person, room, what, at in evidence.record.after_removal:
        if (person, room) in when and at > when[person, room] + evidence.removal_seconds:
            finding.add(
                f"{person} got {what} of {room} {at - when[person, room]:.1f} s after removal"
            )


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


@check("answers: one end each")
def one_end(evidence: Evidence, finding: Finding) -> None:
    """An attempt of an assistant's answer ends once, and in the end every answer has ended."""
    ends: dict[tuple[str, int], set[str]] = defaultdict(set)
    for _room, message_id, attempt, status, _number in evidence.record.endings:
        ends[message_id, attempt].add(status)
    for (message_id, attempt), found in ends.items():
        finding.looked_at += 1
        if len(found) > 1:
            finding.add(f"attempt {attempt} of {message_id} ended as {' and '.join(sorted(found))}")
    for slug, room in evidence.rooms.items():
        for message in room.messages:
            if message.get("status") in ("queued", "thinking", "streaming"):
                finding.add(f"{slug}: {message['id']} is still {message['status']}")


@check("answers: what was streamed is the text")
def streamed(evidence: Evidence, finding: Finding) -> None:
    """Each piece stands in the final text where it said; a cut answer's text is where its pieces begin."""
    finals = {
        (message["id"], message["run"]["attempt"]): message
        for room in evidence.rooms.values()
        for message in room.messages
        if message.get("status") in ("done", "stopped", "interrupted") and not message["deleted_at"]
    }
    for delta in evidence.record.deltas:
        final = finals.get((delta.message_id, delta.attempt))
        if final is None:
            continue
        finding.looked_at += 1
        text = final["body"]
        end = delta.offset + len(delta.text)
        piece = delta.text if end <= len(text) else delta.text[: max(0, len(text) - delta.offset)]
        if final["status"] != "interrupted" and end > len(text):
            finding.add(f"{delta.message_id}: a piece ends at {end}, the text at {len(text)}")
        elif text[delta.offset : delta.offset + len(piece)] != piece:
            finding.add(f"{delta.message_id}: the piece at {delta.offset} is not in the text")


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
    first = {(sent.person, sent.key): sent.text for sent in _messages(evidence)}
    for (person, key), copies in _stored(evidence).items():
        for _, _, message_id in copies:
            texts[message_id] = first.get((person, key), "")
    for sent in sorted(evidence.record.sent, key=lambda each: each.invoked):
        if sent.kind != "message" and sent.key in texts:
            yield texts[sent.key], sent


def lateness(evidence: Evidence, workers: Callable[[str], bool] = lambda _worker: True) -> float:
    """Seconds between an ack and its receipt by every connection that stood all the while; the longest."""
    steps: dict[tuple[int, str], list[tuple[int, float]]] = defaultdict(list)
    for receipt in evidence.record.receipts:
        if receipt.how == "live":
            steps[receipt.connection, receipt.room].append((receipt.number, receipt.at))
    worst = 0.0
    acks: dict[str, list[Sent]] = defaultdict(list)
    for sent in _messages(evidence):
        if sent.outcome == "ok":
            acks[sent.room].append(sent)
    for session in evidence.record.sessions:
        if workers(session.worker):
            got = steps.get((session.connection, session.room), [])
            worst = max(worst, _worst(acks[session.room], session.joined_at, session.ended_at, got))
    return worst


def _worst(
    acks: list[Sent], since: float, until: float | None, got: list[tuple[int, float]]
) -> float:
    """Of one connection: `got` are its (number, time), both rising."""
    worst, at = 0.0, 0
    for sent in sorted(acks, key=lambda each: each.seq):
        while at < len(got) and got[at][0] < sent.seq:
            at += 1
        if sent.invoked < since or (until is not None and sent.ended > until - 1):
            continue
        if at < len(got):
            worst = max(worst, got[at][1] - sent.ended)
    return worst
