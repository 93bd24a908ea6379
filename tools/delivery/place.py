"""A person's view of one room, folded from what arrives: the rules for clients in docs/protocol.md, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import journal

Payload = dict[str, Any]
DELTA_LIMIT = 64 * 1024


@dataclass
class Shown:
    """A message as it stands here."""

    seq: int
    changed_seq: int
    digest: str


@dataclass
class Online:
    """Who is in a room."""

    people: set[str] = field(default_factory=set)  # those who were named
    count: int = 0
    named_all: bool = True  # larger rooms name some

    def joined(self, reply: Payload) -> None:
        """Take in the answer to a join."""
        self.people = {user["id"] for user in reply["online"]}
        self.count = reply["online_count"]
        self.named_all = len(self.people) == self.count

    def changed(self, event: Payload) -> None:
        """Some came, some went."""
        self.people |= {user["id"] for user in event["joined"]}
        self.people -= {user["id"] for user in event["left"]}
        self.count = event["online_count"]


@dataclass
class Place:
    """One room. `position` is the number up to which everything is in `messages`."""

    room: str
    epoch: str | None = None
    position: int = 0
    first: int = 0  # older messages are not held
    messages: dict[str, Shown] = field(default_factory=dict)
    texts: dict[tuple[str, int], str] = field(
        default_factory=dict
    )  # answers as they grow: (id, attempt)
    reads: dict[str, int] = field(default_factory=dict)  # how far people have read; oneself too
    online: Online = field(default_factory=Online)
    asking: bool = False  # a sync is under way: events are kept
    _kept: list[tuple[int, int, str, Payload, str]] = field(default_factory=list)

    def joined(self, user_id: str, reply: Payload) -> None:
        """Take in the answer to a join of `user_id`: what was missed, or the latest messages in place of all that was held."""
        info = reply["room"]
        fresh = self.epoch is None or bool(reply.get("refetch"))
        if fresh:
            self.messages.clear()
            self.texts.clear()
            self.first = reply["messages"][0]["seq"] if reply["more"] else 0
        self.epoch = info["epoch"]
        self.reads = {**reply.get("reads", {}), user_id: reply["read_seq"]}
        self.online.joined(reply)
        self._answered(reply["messages"], reply["runs"], info["seq"])

    def synced(self, reply: Payload) -> None:
        """Take in the answer to a sync (without `refetch`)."""
        self._answered(reply["messages"], reply["runs"], max(self.position, reply["seq"]))

    def _answered(self, messages: list[Payload], runs: list[Payload], number: int) -> None:
        for message in messages:
            self._show(message, journal.digest(message))
        self.texts |= {(run["message_id"], run["attempt"]): run["text"] for run in runs}
        self.position, self.asking = number, False
        kept, self._kept = self._kept, []
        for event in kept:
            self.heard(*event)

    def lost(self) -> None:
        """The connection is gone: what was kept comes again."""
        self._kept.clear()
        self.asking = False
        self.texts.clear()

    def heard(self, number: int, prev: int, name: str, payload: Payload, digest: str) -> None:
        """A numbered event. Sets `asking` when something before it is missing: call sync then."""
        if self.asking:
            self._kept.append((number, prev, name, payload, digest))
        elif number > self.position:
            if prev > self.position:
                self.asking = True
                self._kept.append((number, prev, name, payload, digest))
                return
            self.position = number
            if name != "room":
                self._show(payload, digest)

    def _show(self, message: Payload, digest: str) -> None:
        held = self.messages.get(message["id"])
        if message["seq"] < self.first or (held and held.changed_seq >= message["changed_seq"]):
            return
        self.messages[message["id"]] = Shown(message["seq"], message["changed_seq"], digest)

    def grew(self, delta: Payload) -> bool:
        """More of an answer's text. False: there is a hole, sync is to be called."""
        key = delta["message_id"], delta["attempt"]
        held, offset = self.texts.get(key, ""), delta["offset"]
        if offset > len(held):
            return False
        self.texts[key] = (held + delta["text"][len(held) - offset :])[:DELTA_LIMIT]
        return True

    def read(self, reads: Mapping[str, int]) -> None:
        """People have read up to there. News of it come by several ways: the furthest counts."""
        for user_id, seq in reads.items():
            self.reads[user_id] = max(seq, self.reads.get(user_id, 0))

    def digests(self) -> dict[str, str]:
        """What is shown: message id -> its state."""
        return {key: each.digest for key, each in self.messages.items()}
