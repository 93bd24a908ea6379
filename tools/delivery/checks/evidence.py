"""What a run has to show, and how a check says what it found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from tools.delivery.journal import Journal, Sent
from tools.delivery.onlooker import News
from tools.delivery.place import Online
from tools.delivery.truth import RoomTruth

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


class Held(NamedTuple):
    """How far people have read a room, as a person's device shows it in the end."""

    person: str
    room: str
    reads: Mapping[str, int]


class Present(NamedTuple):
    """Who is in a room, as a person's device shows it in the end, and who of the run's people is."""

    person: str
    room: str
    online: Online
    there: Set[str]


class Listed(NamedTuple):
    """Somebody's rooms: as a device that has opened none shows them in the end, and as a fresh list has them."""

    person: str
    shown: Mapping[str, News]
    stored: Mapping[str, News]


class Fresh(NamedTuple):
    """What somebody who comes anew is told of a room; `mentions` None where nothing is said of them."""

    person: str
    room: str
    cursor: int
    unread: int
    mentions: int | None


@dataclass
class Evidence:
    """All that a run has."""

    record: Journal
    people: set[str]
    shown: Sequence[View]
    rooms: Mapping[str, RoomTruth]
    fresh: Sequence[Fresh] = ()
    held: Sequence[Held] = ()
    present: Sequence[Present] = ()
    lists: Sequence[Listed] = ()
    removal_seconds: float = AFTER_REMOVAL_SECONDS

    def messages(self) -> Iterator[Sent]:
        """The messages that were sent; changes of messages are left out."""
        return (sent for sent in self.record.sent if sent.kind == "message")


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
#: module -> name -> check
CHECKS: defaultdict[str, dict[str, Check]] = defaultdict(dict)


def check(name: str) -> Callable[[Check], Check]:
    """Name a check; the names stand in the verdict and in docs/guarantees.md."""

    def add(function: Check) -> Check:
        CHECKS[function.__module__][name] = function
        return function

    return add
