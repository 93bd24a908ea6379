"""What a run is to do."""

from __future__ import annotations

from dataclasses import dataclass

from .checks import AFTER_REMOVAL_SECONDS
from .wire import Address

HEAL_SECONDS = 60.0
AGREE_SECONDS = 15.0  # within which cursors and lists of rooms are right, once all is quiet
PRESENCE_SECONDS = 50.0  # … and who is there: a dead worker's people go with its lease


@dataclass(frozen=True)
class Plan:
    """What to do. `rate`: acts a second of each person."""

    url: str
    people: int = 20
    rooms: int = 2
    rate: float = 5.0
    addresses: tuple[Address, ...] = ()  # person n begins with address n; default: the url
    database_url: str | None = None
    token: str | None = None  # of an account, where guests are not let in: everybody is it
    listeners: int = 0  # the first so many people say nothing
    devices: int = 2  # so many people have a second device, which only listens
    onlookers: int = 4  # people who open no room: half of them members, half to be invited
    ask: float = 0.0  # questions to the assistant a second, of all together
    invite: bool = True  # them, while people talk
    remove: bool = True  # take one person out of the first room
    impatient: float = 0.1  # share of messages that are tried once only
    changes: float = 0.2  # share of acts that are edits, deletes, reactions and cursors
    heal_seconds: float = HEAL_SECONDS
    agree_seconds: float = AGREE_SECONDS
    presence_seconds: float = PRESENCE_SECONDS
    label: str = "talk"  # stands in the rooms' slugs
    removal_seconds: float = AFTER_REMOVAL_SECONDS
