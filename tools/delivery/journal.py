"""What happened: every send with its outcome, every receipt. Times are seconds of time.monotonic()."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NamedTuple

Payload = dict[str, Any]
Outcome = Literal["unknown", "ok", "fail"]
How = Literal["live", "backfill", "snapshot"]
TERMINAL = {"done", "stopped", "failed", "interrupted"}

#: what everybody must agree on; counts of people, excerpts and the like follow other changes
_BODY = (
    "id", "seq", "changed_seq", "client_id", "type", "body",
    "created_at", "edited_at", "deleted_at", "status",
)  # fmt: skip


@dataclass(slots=True)
class Sent:
    """One act of a person: a message, or a change of one. `unknown` until an answer says otherwise."""

    kind: Literal["message", "edit", "delete", "react"]
    room: str
    person: str
    key: str  # a message's client_id, else the id of the message that is changed
    text: str
    invoked: float
    ended: float = 0.0
    outcome: Outcome = "unknown"
    seq: int = 0  # place of a message, number of a change
    attempts: int = 0
    unanswered: bool = (
        False  # an attempt had no answer, or one that says nothing: it may have been done
    )
    error: str = ""


class Receipt(NamedTuple):
    """A numbered change as a connection was told of it."""

    connection: int
    room: str
    epoch: str
    number: int
    prev: int | None
    digest: str
    how: How
    at: float


class Delta(NamedTuple):
    """A piece of an assistant's text, as it came."""

    connection: int
    message_id: str
    attempt: int
    offset: int
    text: str
    how: How


class Cursor(NamedTuple):
    """How far somebody has read, as a connection was told."""

    connection: int
    room: str
    user: str
    seq: int
    how: Literal["event", "ack", "join"]
    asked: int | None = (
        None  # of an answer: how many of these had been told to all when it was asked for
    )


class CaughtUp(NamedTuple):
    """What a join or sync told of what was missed between two numbers."""

    connection: int
    room: str
    since: int
    number: int
    found: tuple[tuple[int, int], ...]  # (place, number) of each message, as they came


@dataclass(slots=True)
class Session:
    """One connection of a person, from the answer to its join of a room until its end. A rejoin begins another."""

    connection: int
    person: str
    room: str
    worker: str
    joined_at: float
    number: int  # the room's number in the answer to join
    ended_at: float | None = None
    why: str = ""


@dataclass
class Journal:
    """Everything that one run saw."""

    sent: list[Sent] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    deltas: list[Delta] = field(default_factory=list)
    missed: list[CaughtUp] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    cursors: list[Cursor] = field(default_factory=list)
    #: (room, message id, attempt, status, number) of answers that ended, each event as it came
    endings: set[tuple[str, str, int, str, int]] = field(default_factory=set)
    #: (person, room, when the server confirmed it)
    removals: list[tuple[str, str, float]] = field(default_factory=list)
    #: (connection, room, what) of anything received there, by time; only for people who were removed
    after_removal: list[tuple[str, str, str, float]] = field(default_factory=list)
    #: (person, room, what) of anything but news that came to a connection which has not joined the room
    unasked: list[tuple[str, str, str]] = field(default_factory=list)
    #: (room, user, when) of people who were said to be gone
    left: list[tuple[str, str, float]] = field(default_factory=list)
    refetches: int = 0
    syncs: int = 0
    reconnections: int = 0
    acknowledged: int = 0  # messages
    refusals: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def now() -> float:
        return time.monotonic()

    def acked(self) -> int:
        """How many messages are acknowledged so far."""
        return self.acknowledged

    def told(self, connection: int, info: Payload, messages: list[Payload], how: How) -> None:
        """Messages came in an answer; `info` is the room there."""
        for message in messages:
            self.receipts.append(
                Receipt(
                    connection,
                    info["slug"],
                    info["epoch"],
                    message["changed_seq"],
                    None,
                    digest(message),
                    how,
                    self.now(),
                )
            )
            self.ended(message)

    def caught_up(
        self, connection: int, room: str, since: int, number: int, messages: list[Payload]
    ) -> None:
        """What was missed after `since` came in an answer that leads to `number`."""
        found = tuple((message["seq"], message["changed_seq"]) for message in messages)
        self.missed.append(CaughtUp(connection, room, since, number, found))

    def texts(self, connection: int, runs: list[Payload]) -> None:
        """Answers that are being written came in an answer, with their text so far."""
        for run in runs:
            self.grew(connection, run, 0, "snapshot")

    def grew(self, connection: int, piece: Payload, offset: int, how: How) -> None:
        """Some of an answer's text came."""
        self.deltas.append(
            Delta(connection, piece["message_id"], piece["attempt"], offset, piece["text"], how)
        )

    def ended(self, message: Payload) -> None:
        """A message came: if it is an answer that has ended, that is kept."""
        if message.get("status") in TERMINAL and not message["deleted_at"]:
            run = message["run"]["attempt"]
            self.endings.add(
                (message["room"], message["id"], run, message["status"], message["changed_seq"])
            )

    def refused(self, code: str) -> None:
        """Something was refused."""
        self.refusals[code] = self.refusals.get(code, 0) + 1


def digest(message: Payload) -> str:
    """A message as everybody must see it."""
    core = {name: message.get(name) for name in _BODY}
    # The first words of an answer take no number: of one that is being written, how far it is may differ.
    if core["status"] in ("thinking", "streaming"):
        core["status"] = "being written"
    core["sender"] = message["sender"]["id"]
    core["reactions"] = [
        [each["emoji"], each["count"], each["users"]] for each in message["reactions"]
    ]
    text = json.dumps(core, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@lru_cache(maxsize=4096)
def parse(frame: str) -> tuple[str, Payload, str]:
    """(event, payload, digest of a message) of an EVENT packet. Members are sent the same frame: it is read once."""
    name, *rest = json.loads(frame[frame.index("[") :])
    payload: Payload = rest[0] if rest else {}
    return name, payload, digest(payload) if name in ("message", "message_changed") else ""
