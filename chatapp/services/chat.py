"""Chat: the domain of one process, put together."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from chatapp import runtime
from chatapp.config import Settings
from chatapp.payloads import Message, Numbered, RoomChanged, User
from chatapp.realtime.broadcast import Broadcast
from chatapp.realtime.bus import Bus
from chatapp.realtime.connection import Connection
from chatapp.realtime.control import Control
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.presence import Presence
from chatapp.realtime.reads import Reads
from chatapp.realtime.relay import Relay
from chatapp.realtime.room_news import RoomNews
from chatapp.realtime.streams import Streams
from chatapp.realtime.typing import Typing
from chatapp.runtime import logs
from chatapp.store import reading
from chatapp.store.aside import Aside
from chatapp.store.backends import PostgresBackend, SqliteBackend
from chatapp.store.database import Database
from chatapp.store.members import MemberChange
from chatapp.store.reading import Seat
from chatapp.store.tx import Told
from chatapp.store.writer import Writer

from .administration import Administration
from .attendance import Attendance
from .cursor_rounds import CursorRounds
from .limits import Limits
from .live_sessions import LiveSessions
from .messages import Messages
from .moderation import Moderation
from .news_rounds import NewsRounds
from .people import People
from .receipts import CursorMoved, Receipts
from .renames import Renames
from .retention import Retention
from .rooms import Rooms

log = logging.getLogger("chatapp.services")

# Clients of a server that stops come back within this many seconds, each at another moment.
COME_BACK_S = (0.5, 4.0)


class Assistants(Protocol):
    """What the layer above gives: those who answer in rooms."""

    def start(self) -> None: ...
    def stop(self, user: User, message_id: str) -> Message: ...
    def regenerate(self, user: User, message_id: str) -> Message: ...
    def resume(self, user: User, message_id: str) -> Message: ...
    def answer_tool(self, user: User, use_id: str, approve: bool) -> None: ...


class Chat:
    """Everything that events, pages and assistants work with. One a process, made by create_app."""

    def __init__(
        self,
        settings: Settings,
        worker: str,
        db: Database,
        fanout: Fanout,
        bus: Bus,
        presence: Presence,
    ) -> None:
        self.settings, self.worker = settings, worker
        self.db, self.fanout, self.bus, self.presence = db, fanout, bus, presence
        backend = (
            SqliteBackend(str(path)) if (path := settings.sqlite_path) else PostgresBackend(db.url)
        )
        self.writer = Writer(backend, self._committed, fanout.flush)
        self.relay = Relay(_RelayReader(db), fanout, bus, on_restored=self._start_afresh)
        self.broadcast = Broadcast(fanout, bus)
        self.control = Control(bus)
        self.streams = Streams(fanout, bus, self.control)
        self.typing = Typing(self.broadcast)
        self.reads = Reads(fanout, bus)
        self.news = RoomNews(fanout, self._summarise)
        self.news_rounds = NewsRounds(db, self.news, self.reads, fanout, bus)
        self.cursor_rounds = CursorRounds(db, self.reads, bus)
        self.limits = Limits(settings.rate_limit_override)
        self.rooms = Rooms(db, self.writer)
        self.aside = Aside(db)
        self.messages = Messages(db, self.writer, self.aside)
        self.receipts = Receipts(db, self.writer, self.reads)
        self.people = People(db, self.writer)
        self.moderation = Moderation(db, self.writer, self.rooms)
        self.administration = Administration(db, self.writer, self.people)
        self.attendance = Attendance(
            db, self.rooms, self.relay, fanout, presence, self.streams, self.news, self.reads
        )
        self.live_sessions = LiveSessions(self.people, fanout, self.control)
        self.renames = Renames(
            self.people, self.rooms, fanout, presence, self.broadcast, self.control
        )
        self.retention = Retention(db, self.writer, self._occupied)
        self.attendance.live_joined = self.retention.arrived
        #: given by create_app
        self.assistants: Assistants
        #: called with the deadline at the beginning of a graceful stop
        self.draining: list[Callable[[float], None]] = []
        self.receipts.moved.subscribe(self._cursor_moved)
        self.rooms.member_changed.subscribe(self._member_changed)
        self.rooms.entered.subscribe(self._entered)
        self.control.on("entered", self._entered_elsewhere)
        self.rooms.direct_opened.subscribe(self._direct_opened)
        self.control.on("member", self._member_changed_elsewhere)
        self.control.on("read", self._cursor_moved_elsewhere)
        self.relay.on_hint = self.news.touched
        fanout.on_empty = self._channel_empty

    def start(self) -> None:
        """Begin the background work: heads, leases, sessions that end, answers that were left."""
        self.relay.start()
        self.presence.start()
        self.live_sessions.start()
        self.retention.start()
        self.news_rounds.start()
        self.cursor_rounds.start()
        self.assistants.start()

    def drain(self, deadline: float) -> None:
        """A graceful stop begins: clients are told to come back, spread over a while. Requests may still come.

        `deadline`: of time.monotonic(), by which it returns.
        """
        for hook in self.draining:
            hook(deadline)
        self.relay.stop()
        self.live_sessions.stop()
        self.retention.stop()
        self.news_rounds.stop()
        self.cursor_rounds.stop()
        self.messages.indexer.stop()
        self.presence.stop()
        for conn in self.fanout.everyone():
            self.fanout.close(conn, "restart", random.uniform(*COME_BACK_S))

    def close(self, deadline: float) -> None:
        """It ends: what was sent is committed. Nothing may come afterwards."""
        self.aside.close()
        self.writer.close(max(0.0, deadline - time.monotonic()))

    def opened(self, conn: Connection) -> None:
        """A client connected."""
        runtime.spawn(self._begin_news, conn.user)

    def _begin_news(self, user: User) -> None:
        seats = self.rooms.seats(user)
        if self.fanout.count(f"user:{user.id}"):
            self.news.connected(user.id, {s.room_id: (s.seq, s.read_seq) for s in seats})

    def closed(self, conn: Connection) -> None:
        """A client is gone."""
        self.attendance.ended(conn)

    def _committed(self, told: Sequence[Told]) -> None:
        for each in told:
            self.relay.committed(each.room_id, each.epoch, each.events)
            self.news.touched(each.room_id)
            if any(event.event == "message" for event in each.events):
                self.messages.indexer.posted(each.room_id)

    def _occupied(self) -> set[int]:
        with runtime.turn:
            seats = [seat for conn in self.fanout.everyone() for seat in conn.seats.values()]
        return {seat.room_id for seat in seats if seat.live}

    def _channel_empty(self, channel: str) -> None:
        kind, _, key = channel.partition(":")
        if kind == "room":
            self.relay.close(int(key))
            self.reads.close(int(key))
        elif kind == "user":
            self.news.disconnected(key)

    def _member_changed(self, change: MemberChange) -> None:
        fields = {
            "room_id": change.room.id,
            "slug": change.room.slug,
            "user_id": change.user.id,
            "member": change.role is not None,
            "seq": change.seq,
            "banned": change.banned,
        }
        log.info(
            "a membership changed",
            extra=logs.fields(
                person=change.user.id,
                room=change.room.id,
                role=change.role,
                banned=change.banned,
                seq=change.seq,
            ),
        )
        self.control.tell("member", **fields)
        self._member_changed_elsewhere(fields)

    def _member_changed_elsewhere(self, fields: dict[str, Any]) -> None:
        room_id, user_id = fields["room_id"], fields["user_id"]
        if fields["member"]:
            self.news.added(user_id, room_id)
            self.news.touched(room_id)
        else:
            self.news.removed(user_id, room_id)
            self.attendance.put_out(
                room_id,
                fields["slug"],
                user_id,
                fields["seq"],
                "banned" if fields.get("banned") else "removed",
            )

    def _entered(self, entered: tuple[int, User]) -> None:
        """The person's other devices, wherever they are connected, hear the room's news from now on."""
        room_id, user = entered
        self.news.added(user.id, room_id)
        self.control.tell("entered", room_id=room_id, user_id=user.id)

    def _entered_elsewhere(self, fields: dict[str, Any]) -> None:
        self.news.added(fields["user_id"], fields["room_id"])

    def _direct_opened(self, opened: tuple[Seat, list[User]]) -> None:
        seat, people = opened
        for user in people:
            fields = {
                "room_id": seat.room_id,
                "slug": seat.slug,
                "user_id": user.id,
                "member": True,
                "seq": 0,
            }
            self.control.tell("member", **fields)
            self._member_changed_elsewhere(fields)

    def _cursor_moved(self, moved: CursorMoved) -> None:
        self.reads.moved(moved.room_id, moved.slug, moved.user.id, moved.seq, moved.members_count)
        self.news.read(moved.room_id, moved.user.id, moved.seq)
        self.control.tell("read", room_id=moved.room_id, user_id=moved.user.id, seq=moved.seq)

    def _cursor_moved_elsewhere(self, fields: dict[str, Any]) -> None:
        self.news.read(fields["room_id"], fields["user_id"], fields.get("seq", 0))

    def _start_afresh(self, room_id: int) -> None:
        """The room has another epoch: whoever listens joins again, and learns of it."""
        for conn in list(self.fanout.connections(f"room:{room_id}")):
            self.fanout.close(conn, "restart", 0)

    def _summarise(self, room_id: int, user_ids: list[str]) -> tuple[int, Mapping[str, bytes]]:
        with self.db.snapshot() as db:
            last, news = reading.news(db, room_id, user_ids)
        head = max((seat.seq for _, seat, _, _ in news), default=0)
        return head, {
            user_id: msgspec.json.encode(
                RoomChanged(
                    room=seat.slug,
                    unread=unread,
                    mentions=mentions,
                    name=seat.name,
                    kind=reading.room_info(seat).kind,
                    last=last or msgspec.UNSET,
                )
            )
            for user_id, seat, unread, mentions in news
        }


class _RelayReader:
    """What the relay reads from the database, each in one snapshot, also the pages of a long gap."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def changes_after(
        self, room_id: int, seq: int
    ) -> Generator[tuple[str, int, Sequence[Numbered]], None, None]:
        with self._db.snapshot() as db:
            yield from reading.all_numbered_after(db, room_id, seq)

    def heads(self, room_ids: Collection[int]) -> Mapping[int, tuple[str, int]]:
        with self._db.snapshot() as db:
            return reading.heads(db, list(room_ids))
