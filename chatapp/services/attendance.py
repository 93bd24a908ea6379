"""Connections in rooms: joining with exactly what was missed, leaving, and being put out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from chatapp import runtime
from chatapp.errors import ChatError, not_found
from chatapp.payloads import (
    JoinReply,
    LiveRun,
    Message,
    Numbered,
    RemovedEvent,
    RoomEvent,
    SyncReply,
    User,
)
from chatapp.realtime import frames
from chatapp.realtime.connection import Connection
from chatapp.realtime.connection import Seat as TakenSeat
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.presence import Presence
from chatapp.realtime.reads import READS_MEMBERS, Reads
from chatapp.realtime.relay import Relay
from chatapp.realtime.room_news import RoomNews
from chatapp.store import reading
from chatapp.store.database import Database
from chatapp.store.reading import Seat
from chatapp.store.sql import Connection as Snapshot

from .rooms import Rooms

PAGE = 50  # messages of a first look
BACKLOG = 500  # changed messages a client is brought up to date with; beyond it starts afresh
PUT_OUT_KEPT = 1_000
TRIES = 5  # to read a snapshot that the packets still at hand continue


class Streams(Protocol):
    """The texts of answers being written, as far as this worker knows them."""

    def prepare(self, room_id: int) -> None: ...
    def live(self, room_id: int) -> list[LiveRun]: ...


@dataclass(slots=True, frozen=True)
class Joined:
    """A join that took effect: its ack, and the packets that go out right behind it."""

    reply: JoinReply
    tail: list[bytes]


class Attendance:
    """Who listens where on this worker."""

    def __init__(
        self,
        db: Database,
        rooms: Rooms,
        relay: Relay,
        fanout: Fanout,
        presence: Presence,
        streams: Streams,
        news: RoomNews,
        reads: Reads,
    ) -> None:
        self._db, self._rooms, self._relay = db, rooms, relay
        self._fanout, self._presence, self._streams = fanout, presence, streams
        self._news, self._reads = news, reads
        #: put a connection into a channel and out of it: the Socket.IO server's rooms
        self.enter_channel: Callable[[Connection, str], None]
        self.leave_channel: Callable[[Connection, str], None]
        #: told when a connection joins a `live` room
        self.live_joined: Callable[[int], None] = lambda _room_id: None
        self._put_out: dict[tuple[str, int], None] = {}  # told of their removal, the latest last
        relay.on_event(self._on_room_event)

    def join(
        self, conn: Connection, slug: str, since: int | None = None, epoch: str | None = None
    ) -> Joined:
        """Subscribe a connection. Between the snapshot of its ack and the first packet nothing is missing or twice.

        With `since` and `epoch` the ack has all messages changed after that number, or `refetch` and the latest ones
        when the room was restored, the number is from the future, or too much was missed.
        """
        user: User = conn.user  # type: ignore[assignment]
        room_id = self._rooms.enter(user, slug).room_id
        self._presence.prepare(room_id)
        self._streams.prepare(room_id)
        for more_tries in reversed(range(TRIES)):
            self._relay.open(room_id)
            known = self._reads.known([room_id])[room_id]
            with self._db.snapshot() as db:
                seat = reading.seat_by_id(db, user.id, room_id)
                if seat is None:
                    raise not_found("room")
                messages, more, refetch = self._missed(db, seat, since, epoch)
                unread = reading.unread(db, room_id, user.id, seat.read_seq)
                mentions = reading.mentions(db, room_id, user.id, seat.read_seq)
                small = seat.members_count <= READS_MEMBERS
                reads = reading.reads(db, room_id) if small else {}
            self._relay.opened_at(room_id, seat.epoch, seat.seq)
            with runtime.turn:
                tail = self._relay.tail_after(room_id, seat.seq)
                # What was told since may include that this very person was removed.
                if tail is None or any(user.id.encode() in p and b'"member"' in p for p in tail):
                    continue
                # Who has read on meanwhile, on another device, was told so: what is unread is counted behind that.
                if more_tries and self._reads.said(room_id, user.id) > seat.read_seq:
                    continue
                self._take(conn, user, seat)
                reads = self._reads.answer(
                    *(conn, room_id, {**reads, user.id: seat.read_seq}, seat.members_count, known)
                )
                online, online_count = self._presence.online(room_id)
                reply = JoinReply(
                    room=reading.room_info(seat),
                    messages=messages,
                    more=more,
                    online=online,
                    online_count=online_count,
                    read_seq=reads[user.id],
                    unread=unread,
                    mentions=mentions,
                    runs=self._streams.live(room_id),
                    refetch=True if refetch else UNSET,
                    reads=reads if small else UNSET,
                )
                return Joined(reply, tail)
        raise ChatError("overloaded", "The room is too busy to join just now. Try again.", 1)

    def _missed(
        self, db: Snapshot, seat: Seat, since: int | None, epoch: str | None
    ) -> tuple[list[Message], bool, bool]:
        """(messages, more, refetch)."""
        if since is not None and epoch == seat.epoch and since <= seat.seq:
            changed = reading.changed_since(db, seat.room_id, seat.slug, since, BACKLOG)
            if changed is not None:
                return changed, False, False
        messages, more = reading.page(db, seat.room_id, seat.slug, limit=PAGE)
        return messages, more, since is not None

    def _take(self, conn: Connection, user: User, seat: Seat) -> None:
        if conn.closed:
            raise ChatError("unavailable", "The connection has ended.")
        conn.seats[seat.room_id] = TakenSeat(
            *(seat.room_id, seat.slug, seat.role, seat.seq, seat.retention == "live"),
            read_seq=self._reads.said(seat.room_id, user.id, seat.read_seq),
        )
        if seat.retention == "live":
            self.live_joined(seat.room_id)
        self.enter_channel(conn, f"room:{seat.room_id}")
        self._news.added(user.id, seat.room_id, seat.read_seq)
        self._presence.enter(seat.room_id, seat.slug, user, conn.sid)
        self._put_out.pop((conn.sid, seat.room_id), None)

    def sync(self, user: User, slug: str, since: int, epoch: str) -> SyncReply:
        """All that changed after a number, each message once in the order of changed_seq."""
        room_id = self._rooms.seat(user, slug).room_id
        self._streams.prepare(room_id)
        with self._db.snapshot() as db:
            seat = reading.seat_by_id(db, user.id, room_id)
            if seat is None:
                raise not_found("room")
            changed: list[Message] | None = None
            if epoch == seat.epoch and since <= seat.seq:
                changed = reading.changed_since(db, room_id, seat.slug, since, BACKLOG)
        return SyncReply(
            room=reading.room_info(seat),
            messages=changed or [],
            seq=seat.seq,
            runs=self._streams.live(room_id),
            refetch=True if changed is None else UNSET,
        )

    def leave(self, conn: Connection, room_id: int) -> None:
        """End this connection's subscription; the membership stays."""
        with runtime.turn:
            if conn.seats.pop(room_id, None) is not None:
                self.leave_channel(conn, f"room:{room_id}")
                self._presence.leave(room_id, conn.user.id, conn.sid)

    def ended(self, conn: Connection) -> None:
        """The connection is gone; its channels are cleared by the server itself."""
        with runtime.turn:
            for room_id in list(conn.seats):
                self._presence.leave(room_id, conn.user.id, conn.sid)
            conn.seats.clear()

    def put_out(
        self,
        room_id: int,
        slug: str,
        user_id: str,
        seq: int,
        why: Literal["removed", "banned"] = "removed",
    ) -> None:
        """A member was removed: their connections here are told, and hear nothing of the room from now on.

        Both the room's own change and a command of the removing worker lead here; each connection is told once. `seq`:
        the number of the removal; who has joined the room later than that, as a member again, is left alone.
        """
        packet = frames.event("removed", msgspec.json.encode(RemovedEvent(slug, why)))
        for conn in list(self._fanout.connections(f"user:{user_id}")):
            seat = conn.seats.get(room_id)
            if seat is not None and seat.seq >= seq:
                continue
            self.leave(conn, room_id)
            if (conn.sid, room_id) not in self._put_out:
                self._put_out[conn.sid, room_id] = None
                self._fanout.send_to(conn, packet)
        while len(self._put_out) > PUT_OUT_KEPT:
            del self._put_out[next(iter(self._put_out))]

    def _on_room_event(self, room_id: int, numbered: Numbered) -> None:
        if numbered.event != "room":
            return
        event = msgspec.json.decode(numbered.payload, type=RoomEvent)
        if isinstance(event.user, UnsetType):
            return
        if event.kind == "member" and event.role is None:
            why = "removed" if isinstance(event.reason, UnsetType) else event.reason
            self.put_out(room_id, event.room, event.user.id, event.seq, why)
            return
        for conn in self._fanout.connections(f"user:{event.user.id}"):
            if room_id in conn.seats and isinstance(event.role, str):
                conn.seats[room_id].role = event.role
