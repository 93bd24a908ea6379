"""Presence shared between workers: each tells the others who came and went, and keeps its share in Redis under a lease.

Whoever serves a room knows the share of every other worker in it: read once from Redis, then followed by what they tell.
Redis can be away, be emptied or come back: what was known stays known until the lease of its worker has run out.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from chatapp import ids, runtime
from chatapp.payloads import User

from .bus import Bus, Kind
from .fanout import Fanout
from .leases import Away, Change, Leases
from .presence import Presence, RoomPresence
from .shares import News, Shares

log = logging.getLogger("chatapp.presence")

LOOK_SECONDS = 5.0  # so often one's lease is renewed and it is looked whose have run out
REFRESH_LOOKS = 3  # … of these, one prolongs the shares and compares their versions
TOGETHER_SECONDS = (
    0.02  # after a change was written: what changes meanwhile is written and told together
)
STAY_MS = 10_000  # how long those of a worker that stops may take to come back by another

_news = msgspec.json.Decoder(News)


class RedisPresence(Presence):
    """See presence.Presence. Without Redis it knows this worker's people and what it last heard of the others'."""

    def __init__(self, connect: Callable[..., Any], prefix: str, fanout: Fanout, bus: Bus) -> None:
        """`connect(**options)` makes a Redis client."""
        super().__init__(fanout)
        self._bus = bus
        self._worker = ids.new_id()  # of this process: who takes its place later is another
        self._leases = Leases(connect, f"{prefix}:presence", self._worker)
        # The others'
        self._shares = Shares(self._changed_elsewhere)
        self._wanted: dict[int, runtime.Event] = {}  # rooms to be read, and who waits for that
        self._known: set[int] = set()  # rooms that were read
        self._living: set[str] = set()
        # This worker's
        self._dirty: defaultdict[int, dict[str, User | None]] = defaultdict(dict)
        self._whole: set[int] = (
            set()
        )  # rooms to be written as a whole: what Redis has of them is unknown
        self._written: dict[int, int] = {}  # room -> version in Redis
        self._versions = count(1)
        self._wake = runtime.Event()
        self._running = self._away = False
        bus.on(Kind.PRESENCE, self._heard)
        bus.on_resubscribed(self._resubscribed)
        bus.on_published_again(self._write_all)

    def start(self) -> None:
        self._running = True
        runtime.spawn(self._keep)

    def stop(self) -> None:
        self._running = False
        self._wake.set()
        try:
            self._leases.sign(STAY_MS)
        except Away as error:
            log.debug("the lease could not be shortened: %s", error)

    def prepare(self, room_id: int, timeout: float = 0.3) -> None:
        with runtime.turn:
            self._room(room_id)
            if room_id in self._known:
                return
            waiting = self._want(room_id)
            if self._away:
                return
        waiting.wait(timeout)

    # — here ——————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _changed_here(self, room_id: int, user: User | None, user_id: str) -> None:
        self._dirty[room_id][user_id] = user
        if room_id not in self._known:
            self._want(room_id)
        self._wake.set()

    def _let_go(self, room_id: int) -> None:
        super()._let_go(room_id)
        self._shares.forget(room_id)
        self._known.discard(room_id)

    # — elsewhere —————————————————————————————————————————————————————————————————————————————————————————————————————

    def _heard(self, key: str, body: bytes) -> None:
        room_id = int(key)
        if room_id in self._rooms and not self._shares.heard(room_id, _news.decode(body)):
            self._want(room_id)

    def _changed_elsewhere(self, room_id: int, came: list[User], went: list[str]) -> None:
        room = self._rooms[room_id]
        for user_id in went:
            room.remove(user_id)
        for user in came:
            room.add(user)
        self._announce_soon(room_id, room)

    def _want(self, room_id: int) -> runtime.Event:
        self._wake.set()
        return self._wanted.setdefault(room_id, runtime.Event())

    def _resubscribed(self) -> None:
        """What the others said meanwhile was not heard."""
        self._write_all()
        self._want_all()

    def _write_all(self) -> None:
        """The others may not have heard us."""
        self._whole |= {room_id for room_id, room in self._rooms.items() if room.here}
        self._wake.set()

    def _want_all(self) -> None:
        for room_id in self._rooms:
            self._want(room_id)

    # — Redis, in one task ————————————————————————————————————————————————————————————————————————————————————————————

    def _keep(self) -> None:
        looks, next_look = 0, 0.0
        while True:
            self._wake.wait(max(0.0, next_look - time.monotonic()))
            self._wake.clear()
            if not self._running:
                return
            try:
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + LOOK_SECONDS
                    looks += 1
                    self._look(refresh=looks % REFRESH_LOOKS == 0)
                if self._wanted:
                    self._sign()  # who began a moment ago may be in these rooms
                    self._read()
                # Without a pause before: who comes next, by whichever worker, is to find who came just now.
                wrote = self._write()
                self._away = False
                runtime.sleep(TOGETHER_SECONDS if wrote else 0.0)
            except Away as error:
                if not self._away:
                    log.warning("presence is not shared while Redis is away (%s)", error)
                self._redis_is_away()
                next_look = 0.0
                runtime.sleep(1.0)
            except Exception:
                log.exception("presence could not be looked after; trying on")
                runtime.sleep(1.0)

    def _redis_is_away(self) -> None:
        self._leases.forget()
        with runtime.turn:
            self._away = True
            self._living.clear()
            for waiting in self._wanted.values():
                waiting.set()
            self._wanted = {room_id: runtime.Event() for room_id in self._wanted}

    def _look(self, *, refresh: bool) -> None:
        """Renew the lease and see whose have run out; `refresh`: also prolong the shares and compare the others'."""
        self._sign()
        with runtime.turn:
            self._shares.look(self._living, time.monotonic())
            written, versions = list(self._written), self._shares.versions()
        if not refresh:
            return
        lost = self._leases.refresh(written)
        found = self._leases.versions(versions)
        with runtime.turn:
            self._whole.update(lost)
            for room_id in self._shares.compare(dict(zip(versions, found, strict=True))):
                self._want(room_id)

    def _sign(self) -> None:
        lost, living = self._leases.sign()
        living.discard(self._worker)
        with runtime.turn:
            if lost or living - self._living:
                self._want_all()
            if lost:
                self._write_all()
            self._living = living

    def _write(self) -> bool:
        """Write what changed here, then tell the others. False: nothing did."""
        with runtime.turn:
            dirty, self._dirty = self._dirty, defaultdict(dict)
            whole, self._whole = self._whole, set()
            changes: dict[int, Change] = {}
            for room_id in dirty.keys() | whole:
                prev = 0 if room_id in whole else self._written.get(room_id, 0)
                changed = dirty[room_id] if prev else self._all_here(room_id)
                changes[room_id] = Change(prev, next(self._versions), changed)
        if not changes:
            return False
        try:
            self._leases.write(changes)
        except Away:
            with runtime.turn:
                self._whole.update(changes)
            raise
        with runtime.turn:
            for room_id, (prev, version, people) in changes.items():
                came = [user for user in people.values() if user]
                went = [user_id for user_id, user in people.items() if not user]
                news = News(self._worker, prev, version, came, went)
                self._bus.publish(Kind.PRESENCE, str(room_id), msgspec.json.encode(news))
                if self._all_here(room_id):
                    self._written[room_id] = version
                else:
                    self._written.pop(room_id, None)  # the empty share tells it until it runs out
        return True

    def _all_here(self, room_id: int) -> dict[str, User | None]:
        room: RoomPresence | None = self._rooms.get(room_id)
        return {user_id: room.user(user_id) for user_id in room.here} if room else {}

    def _read(self) -> None:
        """Read the others' shares of the rooms that are wanted."""
        with runtime.turn:
            wanted, self._wanted = self._wanted, {}
            living = set(self._living)
        try:
            for room_id, worker, share in self._leases.read(wanted, living):
                with runtime.turn:
                    if share is not None and room_id in self._rooms:
                        self._shares.read(room_id, worker, share)
        except Away:
            with runtime.turn:
                self._wanted = wanted | self._wanted
            raise
        with runtime.turn:
            self._known |= wanted.keys() & self._rooms.keys()
        for waiting in wanted.values():
            waiting.set()
