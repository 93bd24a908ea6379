"""A client as the protocol wants it: one connection that is made again when it breaks, and everything written down."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

from . import journal
from .journal import Journal, Receipt, Sent, Session
from .outbox import ANSWER_SECONDS, RETRYABLE, Outbox
from .place import Place
from .wire import Address, LostError, RefusedError, Wire

Payload = dict[str, Any]
FIRST_WAIT = (0.1, 0.5)
LONGEST_WAIT = 3.0

_connections = itertools.count(1)


class Person:
    """Somebody with an account in some rooms."""

    def __init__(
        self,
        record: Journal,
        token: str,
        user_id: str,
        rooms: Sequence[str],
        addresses: Sequence[Address],
    ) -> None:
        """`addresses` are tried in turn."""
        self.record, self.token, self.id = record, token, user_id
        self.places = {room: Place(room) for room in rooms}
        self.removed: set[str] = set()
        self.wire: Wire | None = None
        self.connection = 0
        self.ended: str | None = None  # why it does not come back
        self.addresses, self._turn = list(addresses), 0
        self._sessions: dict[str, Session] = {}
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._come_back: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._syncing: set[str] = set()
        self._outbox = Outbox(record, self.up)

    @property
    def is_up(self) -> bool:
        """Connected, and joined to its rooms."""
        return self._up.is_set()

    async def come(self) -> None:
        """Be connected until cancelled."""
        failures = 0
        while self.ended is None:
            self._down.clear()
            try:
                await self._connect()
                failures = 0
                self._up.set()
                await self._down.wait()
                self._up.clear()
            except LostError:
                failures += 1
            except RefusedError as error:
                if error.data.get("code") not in RETRYABLE:
                    self.ended = str(error)
                failures += 1
            if self.wire is not None:
                self.wire.abort("given up")
            self._turn += 1
            self.record.reconnections += 1
            wait = random.uniform(*FIRST_WAIT) * 2 ** min(failures, 3)
            if self._come_back is not None:
                wait, self._come_back = self._come_back, None
            await asyncio.sleep(min(wait, LONGEST_WAIT))

    def cut(self) -> None:
        """The connection breaks, without a word."""
        if self.wire is not None:
            self.wire.abort("cut")

    async def up(self) -> Wire:
        """The connection, once it is there and joined. Raises LostError when it will never be."""
        while not self._up.is_set():
            if self.ended is not None:
                raise LostError(self.ended)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._up.wait(), 0.2)
        assert self.wire is not None
        return self.wire

    async def _connect(self) -> None:
        self.record.attempts.append((self.id, self.record.now()))
        address = self.addresses[self._turn % len(self.addresses)]
        self.connection = connection = next(_connections)
        self.wire = wire = await Wire.open(
            address,
            {"token": self.token, "protocol": 1},
            partial(self._heard, connection),
            partial(self._lost, connection),
        )
        for room in self.places:
            if room not in self.removed:
                await self._join(wire, connection, room)

    async def _join(self, wire: Wire, connection: int, room: str) -> None:
        place = self.places[room]
        ask: Payload = {"room": room}
        if place.epoch is not None:
            ask |= {"since": place.position, "epoch": place.epoch}

        def take(reply: Payload) -> None:
            if reply["ok"]:
                self._take_join(connection, wire.worker, place, reply)

        while not (reply := await wire.call("join", ask, ANSWER_SECONDS, take))["ok"]:
            self.record.refused(reply["error"]["code"])
            if reply["error"]["code"] not in RETRYABLE:
                raise RefusedError(reply["error"])
            await asyncio.sleep(reply["error"].get("retry_after") or 0.2)

    def _take_join(self, connection: int, worker: str, place: Place, reply: Payload) -> None:
        room, info, asked = place.room, reply["room"], place.epoch is not None
        refetch = bool(reply.get("refetch"))
        self.record.refetches += refetch
        now = self.record.now()
        session = Session(connection, self.id, room, worker, now, info["seq"])
        self._sessions[room] = session
        self.record.sessions.append(session)
        self.record.told(
            connection, info, reply["messages"], "backfill" if asked and not refetch else "snapshot"
        )
        for user, cursor in reply.get("reads", {}).items():
            self.record.cursors.append((connection, room, user, cursor, "event"))
        self.record.cursors.append((connection, room, self.id, reply["read_seq"], "join"))
        self.record.texts(connection, reply["runs"])
        place.joined(reply)
        self._sync_if_asked(place)

    # What comes

    def _heard(self, connection: int, frame: str) -> None:
        if connection != self.connection:
            return
        name, payload, digest = journal.parse(frame)
        now = self.record.now()
        room = payload.get("room", "")
        if room in self.removed and name not in ("removed", "room_changed"):
            self.record.after_removal.append((self.id, room, name, now))
        if name in ("message", "message_changed", "room"):
            self._numbered(connection, name, payload, digest, now)
        elif name == "message_delta":
            self._grew(connection, payload)
        elif name == "read":
            for user, cursor in payload["reads"].items():
                self.record.cursors.append((connection, room, user, cursor, "event"))
        elif name == "closing":
            self._come_back = payload["retry_after"] * random.uniform(1, 1.3)

    def _numbered(
        self, connection: int, name: str, payload: Payload, digest: str, now: float
    ) -> None:
        place = self.places[payload["room"]]
        number = payload["seq"] if name == "room" else payload["changed_seq"]
        if name != "room":
            self.record.ended(payload)
        epoch = place.epoch or ""
        self.record.receipts.append(
            Receipt(connection, place.room, epoch, number, payload["prev"], digest, "live", now)
        )
        place.heard(number, payload["prev"], name, payload, digest)
        self._sync_if_asked(place)

    def _grew(self, connection: int, delta: Payload) -> None:
        self.record.grew(connection, delta, delta["offset"], "live")
        place = self.places[delta["room"]]
        if not place.grew(delta) and not place.asking:
            place.asking = True
            self._sync_if_asked(place)

    def _sync_if_asked(self, place: Place) -> None:
        if place.asking and place.room not in self._syncing:
            self._syncing.add(place.room)
            task = asyncio.ensure_future(self._sync(place))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _sync(self, place: Place) -> None:
        wire, connection = self.wire, self.connection
        assert wire is not None
        try:
            ask = {"room": place.room, "since": place.position, "epoch": place.epoch}

            def take(reply: Payload) -> None:
                if reply["ok"] and not reply.get("refetch") and connection == self.connection:
                    self.record.syncs += 1
                    self.record.told(connection, reply["room"], reply["messages"], "backfill")
                    self.record.texts(connection, reply["runs"])
                    place.synced(reply)

            reply = await wire.call("sync", ask, ANSWER_SECONDS, take)
            if not reply["ok"]:
                self.record.refused(reply["error"]["code"])
                wire.abort("sync was refused")
            elif reply.get("refetch"):
                self.record.refetches += 1
                place.epoch = None
                wire.abort("starting afresh")
        except LostError:
            wire.abort("sync was not answered")
        finally:
            self._syncing.discard(place.room)
        if self.is_up:
            self._sync_if_asked(place)

    def _lost(self, connection: int, why: str) -> None:
        if connection != self.connection:
            return
        for session in self._sessions.values():
            session.ended_at, session.why = self.record.now(), why
        self._sessions.clear()
        for place in self.places.values():
            place.lost()
        self._up.clear()
        self._down.set()

    # What goes

    async def say(self, room: str, text: str, *, patient: bool = True) -> Sent:
        """Send a message; `patient`: again and again until it is answered, else once."""
        key = str(uuid.uuid4())
        sent = Sent("message", room, self.id, key, text, 0.0)
        return await self._outbox.deliver(
            sent, {"room": room, "client_id": key, "body": text}, patient=patient
        )

    async def change(
        self, kind: Any, room: str, message_id: str, text: str, payload: Payload
    ) -> Sent:
        """Edit, delete or react, once: changes have no key to repeat them by."""
        sent = Sent(kind, room, self.id, message_id, text, 0.0)
        return await self._outbox.deliver(
            sent, {"message_id": message_id, **payload}, patient=False
        )

    async def read(self, room: str) -> None:
        """Move the cursor to what is here."""
        place = self.places[room]
        if not self.is_up or place.epoch is None:
            return
        assert self.wire is not None
        connection, wanted = self.connection, place.position
        try:
            reply = await self.wire.call("read", {"room": room, "seq": wanted}, ANSWER_SECONDS)
        except LostError:
            return
        if reply["ok"]:
            self.record.cursors.append((connection, room, self.id, reply["seq"], "ack"))
        else:
            self.record.refused(reply["error"]["code"])

    async def leave(self) -> None:
        """End everything."""
        self.ended = self.ended or "left"
        for task in self._tasks:
            task.cancel()
        if self.wire is not None:
            self.wire.abort("left")
