"""What a worker knows of the others: who is in which room by each of them. Pure code: no I/O, no clock.

Each share has a version that only rises, and what is told of it says from which version to which, so a word that was lost
shows by the next one, or by comparing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from chatapp.payloads import User

# A lease that is missing counts as run out only after this: when Redis was emptied, the living sign again at their next look.
GONE_SECONDS = 9.0


class Share(NamedTuple):
    """Who is in a room by one worker, after its change number `version`."""

    version: int
    people: dict[str, User]


class News(msgspec.Struct):
    """A change of one worker's share of a room, from version `prev` (0: replace all) to `version`."""

    worker: str
    prev: int
    version: int
    came: list[User]
    went: list[str]


NOTHING = Share(0, {})


class Shares:
    """The shares of all other workers, room by room."""

    def __init__(self, changed: Callable[[int, list[User], list[str]], None]) -> None:
        """`changed(room_id, came, went)` for each share that changes."""
        self._changed = changed
        self._rooms: dict[int, dict[str, Share]] = {}
        self._missing: dict[str, float] = {}  # workers without a lease, and since when
        self._absent: set[tuple[int, str]] = (
            set()
        )  # shares that Redis did not have when last compared

    def heard(self, room_id: int, news: News) -> bool:
        """Another worker told who came and went. False: something before it was not heard."""
        share = self._share(room_id, news.worker)
        if news.version <= share.version:
            return True
        if news.prev not in {0, share.version}:
            return False
        people = {} if news.prev == 0 else dict(share.people)
        people |= {user.id: user for user in news.came}
        for user_id in news.went:
            people.pop(user_id, None)
        self._put(room_id, news.worker, Share(news.version, people))
        return True

    def read(self, room_id: int, worker: str, share: Share) -> None:
        """Redis has this share. What was heard later counts."""
        known = self._rooms.get(room_id, {}).get(worker)
        if known is None or known.version < share.version:
            self._put(room_id, worker, share)

    def forget(self, room_id: int) -> None:
        """Nobody here is in the room any more."""
        self._rooms.pop(room_id, None)

    def look(self, living: set[str], now: float) -> None:
        """These workers' leases last: drop the people of those whose lease has been missing for GONE_SECONDS."""
        known = {worker for shares in self._rooms.values() for worker in shares}
        self._missing = {worker: self._missing.get(worker, now) for worker in known - living}
        dead = {worker for worker, at in self._missing.items() if now - at >= GONE_SECONDS}
        for room_id, shares in self._rooms.items():
            for worker in dead & shares.keys():
                self._put(room_id, worker, NOTHING)
                del shares[worker]

    def versions(self) -> dict[tuple[int, str], int]:
        """{(room, worker): version} of the shares that have somebody in them."""
        return {
            (room_id, worker): share.version
            for room_id, shares in self._rooms.items()
            for worker, share in shares.items()
            if share.people
        }

    def compare(self, found: Mapping[tuple[int, str], int | None]) -> set[int]:
        """Redis has these versions (None: no such share). Returns the rooms to be read again."""
        # Missing once may be a Redis that was emptied. Twice: nobody writes that share any more.
        absent = {pair for pair, version in found.items() if version is None}
        for room_id, worker in absent & self._absent:
            self._put(room_id, worker, Share(self._share(room_id, worker).version, {}))
        self._absent = absent
        return {
            room_id
            for (room_id, worker), version in found.items()
            if version is not None and version > self._share(room_id, worker).version
        }

    def _share(self, room_id: int, worker: str) -> Share:
        return self._rooms.get(room_id, {}).get(worker, NOTHING)

    def _put(self, room_id: int, worker: str, share: Share) -> None:
        before = self._share(room_id, worker).people
        self._rooms.setdefault(room_id, {})[worker] = share
        went = [user_id for user_id in before if user_id not in share.people]
        came = [user for user_id, user in share.people.items() if user_id not in before]
        self._changed(room_id, came, went)
