"""The database of the model: one room, its numbers, and what can be read of it in one snapshot."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Message = dict[str, Any]

SLUG = "general"
PAGE = 3  # messages that a fresh join is given (50 in the product)
BEHIND = 6  # messages that changed since; more are a refetch (500 in the product)


@dataclass(frozen=True)
class Event:
    """A numbered event; `body` is a message, or {room, seq, kind, name}."""

    seq: int
    event: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Act:
    """What somebody does: post, rename, or change the message at place `seq`."""

    kind: Literal["post", "edit", "delete", "react", "rename"]
    seq: int = 0


class Log:
    """The room: `changes[n - 1]` is change number n, as (kind, place of its message or 0)."""

    def __init__(self) -> None:
        self.epochs = 1
        self.name = "General"
        self.renamed = 0  # the number of the latest rename
        self.changes: list[tuple[str, int]] = []
        self.messages: dict[int, Message] = {}

    @property
    def epoch(self) -> str:
        return f"epoch{self.epochs}"

    @property
    def head(self) -> int:
        return len(self.changes)

    def commit(self, acts: Sequence[Act]) -> list[Event]:
        """One transaction: each act takes the next number and has its event."""
        return [self._apply(act) for act in acts]

    def _apply(self, act: Act) -> Event:
        number = self.head + 1
        if act.kind == "rename":
            self.name, self.renamed = f"General {number}", number
            self.changes.append(("rename", 0))
            return self._renamed()
        seq = number if act.kind == "post" else act.seq
        if act.kind == "post":
            message = self.messages[seq] = {
                "id": f"1-{seq}",
                "room": SLUG,
                "seq": seq,
                "body": f"posted as {seq} in {self.epoch}",
                "deleted_at": None,
                "reactions": [],
            }
        else:
            message = self.messages[seq]
        if act.kind == "edit":
            message["body"] = f"edited by change {number} in {self.epoch}"
        elif act.kind == "delete":
            message |= {"body": "", "deleted_at": "2026-01-01T00:00:00.000Z", "reactions": []}
        elif act.kind == "react":
            count = sum(each["count"] for each in message["reactions"]) + 1
            message["reactions"] = [{"emoji": "👍", "count": count, "users": []}]
        message["changed_seq"] = number
        self.changes.append((act.kind, seq))
        name = "message" if act.kind == "post" else "message_changed"
        return Event(number, name, copy.deepcopy(message))

    def _renamed(self) -> Event:
        body = {"room": SLUG, "seq": self.renamed, "kind": "room", "name": self.name}
        return Event(self.renamed, "room", body)

    def room(self) -> dict[str, Any]:
        return {"slug": SLUG, "name": self.name, "epoch": self.epoch, "seq": self.head}

    def latest(self, limit: int = PAGE, before: int | None = None) -> tuple[list[Message], bool]:
        """(a page oldest first, whether older ones exist)."""
        places = [seq for seq in sorted(self.messages) if before is None or seq < before]
        page = [copy.deepcopy(self.messages[seq]) for seq in places[-limit:]]
        return page, len(places) > limit

    def changed_after(self, since: int) -> list[Message]:
        """Each message that changed after a number, once, by number."""
        found = [each for each in self.messages.values() if each["changed_seq"] > since]
        return copy.deepcopy(sorted(found, key=lambda each: int(each["changed_seq"])))

    def events_after(self, seq: int) -> list[Event]:
        """As the relay reads them to fill a gap."""
        events = [
            Event(each["changed_seq"], "message" if each["seq"] > seq else "message_changed", each)
            for each in self.changed_after(seq)
        ]
        if self.renamed > seq:
            events.append(self._renamed())
        return sorted(events, key=lambda event: event.seq)

    def answer_join(self, since: int | None, epoch: str | None) -> dict[str, Any]:
        """What join is answered, read in one snapshot."""
        missed = self._missed(since, epoch)
        if since is not None and missed is not None:
            return {"room": self.room(), "messages": missed, "more": False}
        messages, more = self.latest()
        answer = {"room": self.room(), "messages": messages, "more": more}
        return answer if since is None else answer | {"refetch": True}

    def answer_sync(self, since: int, epoch: str) -> dict[str, Any]:
        """What sync is answered, read in one snapshot."""
        missed = self._missed(since, epoch)
        if missed is None:
            return {"room": self.room(), "messages": [], "seq": self.head, "refetch": True}
        return {"room": self.room(), "messages": missed, "seq": self.head}

    def _missed(self, since: int | None, epoch: str | None) -> list[Message] | None:
        if since is None or epoch != self.epoch or since > self.head:
            return None
        messages = self.changed_after(since)
        return None if len(messages) > BEHIND else messages

    def restored(self, kept: int) -> Log:
        """A backup that knew the first `kept` changes, brought back: the numbers after them will be taken again."""
        other = Log()
        other.epochs = self.epochs
        for number, (kind, seq) in enumerate(self.changes[:kept], 1):
            other.commit([Act(kind, 0 if seq == number else seq)])  # type: ignore[arg-type]
        other.epochs += 1
        return other
