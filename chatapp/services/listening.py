"""Hearing a room without a socket: what was missed since a number, then everything as it comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from chatapp.payloads import DeltaEvent, Numbered
from chatapp.payloads.http import Refetch
from chatapp.realtime.listener import Heard, Listener, heard
from chatapp.store import reading

from .attendance import Joined
from .people import Session

if TYPE_CHECKING:
    from .chat import Chat

# What concerns the room, or ends the listening; the rest of what a person's connections hear is left out.
HEARD = frozenset(
    {
        "message",
        "message_changed",
        "message_delta",
        "typing",
        "read",
        "presence",
        "room",
        "user_changed",
        "removed",
        "closing",
        "session_revoked",
    }
)
LAST_WORDS = frozenset({"removed", "closing", "session_revoked"})


@dataclass(slots=True, frozen=True)
class Place:
    """How far somebody has heard a room."""

    epoch: str
    number: int


class Hearing:
    """One listener in one room, from open() to close()."""

    def __init__(self, chat: Chat, session: Session) -> None:
        self._chat = chat
        self._user = session.user
        self._listener = Listener(session.user, session.id, session.expires_at)
        self._slug = self._epoch = ""
        self._from = 0  # numbers up to it were told already
        self._over = False

    def open(self, slug: str, since: Place | None) -> list[Heard]:
        """Join the room; what to tell first. A first visit to a public room makes a member, coming back does not.

        `since`: exactly what was missed after it, or `refetch` when the room was restored or that is too much.
        Raises ChatError `bad_request`, `not_found`.
        """
        if since is not None:
            self._chat.rooms.seat(self._user, slug)
        self._enter()
        try:
            joined = self._chat.attendance.join(self._listener, slug)
            self._slug, self._epoch = joined.reply.room.slug, joined.reply.room.epoch
            self._from = joined.reply.room.seq
            first = self._missed(joined, since)
        except BaseException:
            self.close()
            raise
        return [*first, *_texts(joined), *self._wanted([heard(packet) for packet in joined.tail])]

    def _enter(self) -> None:
        fanout, listener = self._chat.fanout, self._listener
        fanout.add(listener)
        for channel in (f"user:{self._user.id}", f"session:{listener.session_id}"):
            fanout.enter(listener, channel)
        self._chat.opened(listener)

    def _missed(self, joined: Joined, since: Place | None) -> list[Heard]:
        room = joined.reply.room
        if since is None:
            return [Heard("", b"", room.seq)]
        if since.epoch == room.epoch and since.number <= room.seq:
            (seat,) = self._listener.seats.values()
            # Read after joining: it may reach further than where the packets begin, and those are left out then.
            with self._chat.db.snapshot() as db:
                _, reached, events = reading.numbered_after(db, seat.room_id, since.number)
            if reached >= room.seq:
                self._from = reached
                return _chained(events, since.number)
        payload = msgspec.json.encode(Refetch(room.slug, room.seq))
        return [Heard("refetch", payload, room.seq)]

    def next(self, timeout: float) -> list[Heard] | None:
        """What came, as soon as something did; empty after `timeout` s; None once it is over."""
        if self._over:
            return None
        events = self._listener.next(timeout)
        return None if events is None else self._wanted(events)

    def _wanted(self, events: list[Heard]) -> list[Heard]:
        wanted = []
        for event in events:
            told = event.number is not None and event.number <= self._from
            elsewhere = event.name == "removed" and _room(event.payload) != self._slug
            if event.name in HEARD and not told and not elsewhere:
                wanted.append(event)
                self._over = self._over or event.name in LAST_WORDS
        return wanted

    def place(self, number: int) -> Place:
        """The place after the event of this number."""
        return Place(self._epoch, number)

    def close(self) -> None:
        """The reader is gone, or it is over. May be called twice."""
        fanout, listener = self._chat.fanout, self._listener
        if listener.closed:
            return
        listener.closed = True
        for channel in list(listener.channels):
            fanout.leave(listener, channel)
        fanout.remove(listener)
        self._chat.closed(listener)


def _chained(events: list[Numbered], before: int) -> list[Heard]:
    """Events with `prev`, each after the one before it, as if they had been told one by one."""
    chained = []
    for event in events:
        payload = b'%b,"prev":%d}' % (event.payload[:-1], before)
        chained.append(Heard(event.event, payload, event.seq))
        before = event.seq
    return chained


def _texts(joined: Joined) -> list[Heard]:
    """Answers that are being written, each as one delta from its beginning: later ones continue it."""
    slug = joined.reply.room.slug
    return [
        Heard(
            "message_delta",
            msgspec.json.encode(DeltaEvent(slug, run.message_id, run.attempt, 0, run.text)),
        )
        for run in joined.reply.runs
    ]


class _InRoom(msgspec.Struct):
    room: str


def _room(payload: bytes) -> str:
    return msgspec.json.decode(payload, type=_InRoom).room
