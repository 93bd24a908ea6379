"""What a person sees first: their rooms with what is new in each, and the latest of one room."""

from __future__ import annotations

from chatapp.errors import not_found
from chatapp.payloads import User
from chatapp.payloads.http import BootRoom, RoomEntry
from chatapp.store import reading
from chatapp.store.database import Database
from chatapp.store.messages import load_one

PAGE = 50


def rooms_of(database: Database, user: User) -> list[RoomEntry]:
    """A person's rooms, those with the latest message first."""
    with database.snapshot() as db:
        news = reading.news_of_all(db, user.id)
        entries = []
        for seat in reading.seats(db, user.id):
            unread, mentions, place = news[seat.room_id]
            last = None if place is None else load_one(db, seat.room_id, seat.slug, place)
            entries.append(RoomEntry(reading.room_info(seat), unread, mentions, last))
    entries.sort(key=lambda entry: entry.last.created_at if entry.last else "", reverse=True)
    return entries


def latest(database: Database, user: User, room_id: int) -> BootRoom:
    """A room and its latest messages, all of one moment. Raises ChatError `not_found` when it is not theirs."""
    with database.snapshot() as db:
        seat = reading.seat_by_id(db, user.id, room_id)
        if seat is None:
            raise not_found("room")
        messages, more = reading.page(db, room_id, seat.slug, limit=PAGE)
        return BootRoom(
            room=reading.room_info(seat),
            messages=messages,
            more=more,
            read_seq=seat.read_seq,
            unread=reading.unread(db, room_id, user.id, seat.read_seq),
            mentions=reading.mentions(db, room_id, user.id, seat.read_seq),
        )
