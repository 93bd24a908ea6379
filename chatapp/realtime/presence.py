"""Presence: who is in a room now, on whichever worker.

A person is online in a room while at least one of their connections, anywhere, has joined it. Each worker owns the
truth about its own connections and tells the others; what a worker shows is the union. Assistants are never online.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from itertools import islice
from typing import NamedTuple

import msgspec

from chatapp import runtime
from chatapp.payloads import PresenceEvent, User

from . import frames
from .fanout import Fanout

LISTED = 100  # people named by online(), and by one announcement in each direction; the rest follow in the next
EVERY_SECONDS = 1.0  # between two announcements in a room
BACK_SECONDS = 1.0  # who is back this soon (a page that is loaded again) never left
LINGER_SECONDS = 10.0  # a room without anybody here is remembered this long
PEOPLE = frozenset({"person", "guest"})


class _Known(NamedTuple):
    """What all who were in a room showed of a person before what is to be announced of them; who came since was told anew."""

    here: bool
    asked: int  # RoomPresence._asked, then


class RoomPresence:
    """Who is in one room. Each step costs the same however many they are."""

    __slots__ = ("_asked", "_came", "_people", "_went", "here", "slug", "timer", "used")

    def __init__(self, slug: str = "") -> None:
        self.slug = slug
        self.here: dict[str, set[Hashable]] = {}  # person -> connections on this worker
        self.timer: runtime.Timer | None = None
        self.used = time.monotonic()
        self._people: dict[str, tuple[User, int]] = {}  # and on how many workers
        self._asked = 0  # how often somebody was told who is here, or how many
        self._came: dict[str, _Known] = {}  # to be announced, as are those
        self._went: dict[str, tuple[User, float, _Known]] = {}  # … and when

    def __len__(self) -> int:
        return len(self._people)

    def listed(self) -> list[User]:
        """Some of the people, LISTED at most, for somebody who comes: what was not announced until now, they know."""
        self._asked += 1
        return [user for user, _ in islice(self._people.values(), LISTED)]

    def user(self, user_id: str) -> User:
        return self._people[user_id][0]

    def add(self, user: User) -> None:
        """The person is in the room by one worker more."""
        _, workers = self._people.get(user.id, (user, 0))
        self._people[user.id] = (user, workers + 1)
        # Without anybody here there is nobody to tell: who comes first is answered who else is there.
        if workers or not self.here:
            return
        gone = self._went.pop(user.id, None)
        known = gone[2] if gone else _Known(False, self._asked)
        if known != (True, self._asked):  # else nobody knows that they were gone
            self._came[user.id] = known

    def remove(self, user_id: str) -> None:
        """The person is in the room by one worker less."""
        user, workers = self._people.pop(user_id)
        if workers > 1:
            self._people[user_id] = (user, workers - 1)
            return
        known = self._came.pop(user_id, None) or _Known(True, self._asked)
        if self.here and known != (False, self._asked):  # else nobody knows that they were here
            self._went[user_id] = (user, time.monotonic(), known)

    def rename(self, user: User) -> bool:
        """A person who is here has another name; who is not here has none to change. True: they are."""
        if user.id not in self._people:
            return False
        _, workers = self._people[user.id]
        self._people[user.id] = (user, workers)
        return True

    def hush(self) -> None:
        """Nobody is here any more to be told."""
        self._came.clear()
        self._went.clear()

    @property
    def due_in(self) -> float | None:
        """Seconds until there is something to announce: who came at once, who went when they do not come back."""
        if self._came:
            return 0.0
        if self._went:
            _, at, _ = next(iter(self._went.values()))
            return max(0.0, at + BACK_SECONDS - time.monotonic())
        return None

    def news(self) -> tuple[list[User], list[User]]:
        """(who came, who went) to be announced now; they count as announced."""
        joined = [self.user(user_id) for user_id in islice(self._came, LISTED)]
        gone = time.monotonic() - BACK_SECONDS
        left = [user for user, at, _ in islice(self._went.values(), LISTED) if at <= gone]
        for user in joined:
            del self._came[user.id]
        for user in left:
            del self._went[user.id]
        if joined or left:
            self._asked += 1  # how many are here is told with it: what is still to be announced is no secret any more
        return joined, left


class Presence:
    """Who is online in the rooms that this worker serves; announces changes as `presence`, once a second a room at most.

    This is the presence of a single process; redis_presence shares it between workers.
    """

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout
        self._rooms: dict[int, RoomPresence] = {}

    def start(self) -> None:
        """Begin to share with the other workers, if there are any."""

    def stop(self) -> None:
        """This worker ends. Its people stay for a moment, in which they may come back by another worker.

        Call it before their connections are closed.
        """

    def prepare(self, room_id: int, timeout: float = 0.3) -> None:
        """Wait, `timeout` seconds at most, until it is known who is in the room on other workers.

        Returns at once for a room served already, in a single process and while Redis is away. Call it when joining,
        outside of a turn, before enter() and online().
        """

    def enter(self, room_id: int, slug: str, user: User, connection: Hashable) -> None:
        """A connection joined the room. Again for the same connection: nothing happens."""
        if user.kind not in PEOPLE:
            return
        with runtime.turn:
            room = self._room(room_id)
            room.slug = slug
            connections = room.here.get(user.id)
            if connections is None:
                room.add(user)
                if not room.here and room.timer is not None:  # it was about to be forgotten
                    room.timer.cancel()
                    room.timer = None
                room.here[user.id] = {connection}
                self._changed_here(room_id, user, user.id)
                self._announce_soon(room_id, room)
            else:
                connections.add(connection)

    def leave(self, room_id: int, user_id: str, connection: Hashable) -> None:
        """A connection left the room or ended. Unknown: nothing happens."""
        with runtime.turn:
            room = self._rooms.get(room_id)
            connections = room.here.get(user_id) if room is not None else None
            if room is None or connections is None:
                return
            connections.discard(connection)
            if not connections:
                del room.here[user_id]
                room.remove(user_id)
                if not room.here:
                    room.used = time.monotonic()
                    room.hush()
                self._changed_here(room_id, None, user_id)
                self._announce_soon(room_id, room)

    def renamed(self, user: User) -> None:
        """Say from now on who is here under their new name. Nothing is announced: `user_changed` tells it."""
        with runtime.turn:
            for room_id, room in self._rooms.items():
                if room.rename(user) and user.id in room.here:
                    self._changed_here(room_id, user, user.id)

    def online(self, room_id: int) -> tuple[list[User], int]:
        """At most LISTED people who are there, and how many there are. Never waits."""
        with runtime.turn:
            room = self._rooms.get(room_id)
            return (room.listed(), len(room)) if room is not None else ([], 0)

    def _room(self, room_id: int) -> RoomPresence:
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = RoomPresence()
            self._announce_soon(room_id, room)
        room.used = time.monotonic()
        return room

    def _changed_here(self, room_id: int, user: User | None, user_id: str) -> None:
        """The first connection of a person on this worker, or (user None) the end of the last one."""

    def _let_go(self, room_id: int) -> None:
        """Nobody here is in the room any more, and nothing is left to say."""
        del self._rooms[room_id]

    # Telling the room

    def _announce_soon(self, room_id: int, room: RoomPresence) -> None:
        if room.here:
            pause = room.due_in
        else:
            pause = max(0.0, room.used + LINGER_SECONDS - time.monotonic())
        if room.timer is None and pause is not None:
            room.timer = runtime.call_later(pause, self._announce, room_id, room)

    def _announce(self, room_id: int, room: RoomPresence) -> None:
        with runtime.turn:
            room.timer = None
            if self._rooms.get(room_id) is not room:
                return
            if not room.here and time.monotonic() - room.used >= LINGER_SECONDS:
                self._let_go(room_id)
                return
            joined, left = room.news()
            if joined or left:
                event = PresenceEvent(room.slug, joined, left, len(room))
                packet = frames.event("presence", msgspec.json.encode(event))
                # Never dropped: what one of these tells, no later one repeats.
                self._fanout.send(f"room:{room_id}", packet)
                room.timer = runtime.call_later(EVERY_SECONDS, self._announce, room_id, room)
            else:
                self._announce_soon(room_id, room)
