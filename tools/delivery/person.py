"""A client as the protocol wants it: in its rooms, by the prev rule, and everything that it is told written down."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from typing import Any

from . import journal
from .coming import Coming
from .journal import Cursor, Journal, Receipt, Sent, Session
from .outbox import ANSWER_SECONDS, RETRYABLE, Outbox
from .place import Place
from .wire import Address, LostError, RefusedError, Wire

Payload = dict[str, Any]


class Person(Coming):
    """Somebody with an account in some rooms."""

    def __init__(
        self,
        record: Journal,
        token: str,
        user_id: str,
        rooms: Sequence[str],
        addresses: Sequence[Address],
    ) -> None:
        super().__init__(record, token, user_id, addresses)
        self.places = {room: Place(room) for room in rooms}
        self.removed: set[str] = set()
        self._sessions: dict[str, Session] = {}
        self._syncing: set[str] = set()
        self._outbox = Outbox(record, self.up)

    async def _enter(self) -> None:
        assert self.wire is not None
        wire, connection = self.wire, self.connection
        for room in self.places:
            if room not in self.removed:
                await self._join(wire, connection, room)

    async def _join(self, wire: Wire, connection: int, room: str) -> None:
        place = self.places[room]
        ask: Payload = {"room": room}
        if place.epoch is not None:
            ask |= {"since": place.position, "epoch": place.epoch}
        asked = len(self.record.cursors)

        def take(reply: Payload) -> None:
            if reply["ok"]:
                self._take_join(connection, wire.worker, place, reply, asked)

        while not (reply := await wire.call("join", ask, ANSWER_SECONDS, take))["ok"]:
            if reply["error"]["code"] not in RETRYABLE:
                raise RefusedError(reply["error"])
            self.record.refused(reply["error"]["code"])
            await asyncio.sleep(reply["error"].get("retry_after") or 0.2)

    def _take_join(
        self, connection: int, worker: str, place: Place, reply: Payload, asked: int
    ) -> None:
        room, info, again = place.room, reply["room"], place.epoch is not None
        refetch = bool(reply.get("refetch"))
        self.record.refetches += refetch
        now = self.record.now()
        session = Session(connection, self.id, room, worker, now, info["seq"])
        self._sessions[room] = session
        self.record.sessions.append(session)
        self.record.told(
            connection, info, reply["messages"], "backfill" if again and not refetch else "snapshot"
        )
        if again and not refetch:
            self.record.caught_up(connection, room, place.position, info["seq"], reply["messages"])
        for user, cursor in (*reply.get("reads", {}).items(), (self.id, reply["read_seq"])):
            self.record.cursors.append(Cursor(connection, room, user, cursor, "join", asked))
        self.record.texts(connection, reply["runs"])
        place.joined(self.id, reply)
        self._sync_if_asked(place)

    # What comes

    def _heard(self, frame: str) -> None:
        connection = self.connection
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
                self.record.cursors.append(Cursor(connection, room, user, cursor, "event"))
            self.places[room].read(payload["reads"])
        elif name == "presence":
            self.record.left += [(room, user["id"], now) for user in payload["left"]]
            self.places[room].online.changed(payload)
        elif name == "closing":
            self._closing(payload["retry_after"])

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
            ask: Payload = {"room": place.room, "since": place.position, "epoch": place.epoch}

            def take(reply: Payload) -> None:
                if reply["ok"] and not reply.get("refetch") and connection == self.connection:
                    self.record.syncs += 1
                    self.record.caught_up(
                        connection, place.room, ask["since"], reply["seq"], reply["messages"]
                    )
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

    def _gone(self, why: str) -> None:
        for session in self._sessions.values():
            session.ended_at, session.why = self.record.now(), why
        self._sessions.clear()
        for place in self.places.values():
            place.lost()

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
        asked = len(self.record.cursors)

        def take(reply: Payload) -> None:
            if reply["ok"]:
                told = Cursor(connection, room, self.id, reply["seq"], "ack", asked)
                self.record.cursors.append(told)
                place.read({self.id: reply["seq"]})
            else:
                self.record.refused(reply["error"]["code"])

        with contextlib.suppress(LostError):
            await self.wire.call("read", {"room": room, "seq": wanted}, ANSWER_SECONDS, take)
