"""Messages: posting, changing, and reading them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import Struct

from chatapp.errors import ChatError, not_found
from chatapp.ids import parse_message_id
from chatapp.payloads import HistoryReply, Message, User
from chatapp.store import changing, indexing, messages, posting, reading, repeats, search
from chatapp.store.aside import Aside
from chatapp.store.database import Database
from chatapp.store.pending import Pending
from chatapp.store.posting import Posted
from chatapp.store.reading import Seat
from chatapp.store.sql import Connection, Statement
from chatapp.store.writer import Writer

from . import mentions
from .emoji import one_emoji
from .subscribers import Subscribers

BODY_LENGTH = 4_000  # code points
SEARCH_LENGTH = 200
SEARCH_RESULTS = 50

_VERSIONS = Statement(
    "SELECT version, body, at FROM message_versions WHERE room_id = :room AND seq = :seq ORDER BY version"
)


class MessagePosted(Struct, frozen=True):
    """A text that was committed. `asked`: what it asks of assistants is begun with it, and this is its outcome."""

    room_id: int
    slug: str
    sender: User
    message: Message
    asked: Pending[Any] | None = None


class Messages:
    """What is said in rooms."""

    def __init__(self, db: Database, writer: Writer, aside: Aside) -> None:
        self._db = db
        self._aside = aside
        self._writer = writer
        #: keeps the search index up with what is posted
        self.indexer = indexing.Indexer(writer)
        #: told on the loop after the commit of each message
        self.posted: Subscribers[MessagePosted] = Subscribers()
        #: set by those who answer: has something done right behind a post, in its transaction; never waits
        self.along: Callable[[posting.PostMessage], Pending[Any] | None] = lambda _post: None

    def post(
        self,
        user: User,
        room_id: int,
        slug: str,
        client_id: str,
        body: str,
        reply_to: str | None = None,
        not_for_ai: bool = False,
    ) -> Pending[Posted]:
        """Store a text in a room; membership and the right to write are checked in the transaction itself.

        The result comes after the commit. The same client_id and payload again give the first result as a duplicate;
        with another payload `conflict`. Raises `bad_request` for an empty body, `too_long` beyond 4,000 code points.
        """
        job = _job(user, room_id, client_id, body, reply_to, not_for_ai)
        pending = self._writer.submit(job)
        pending.on_done(partial(self._tell, user, slug, self.along(job)))
        return pending

    def repeat(
        self,
        user: User,
        slug: str,
        client_id: str,
        body: str,
        reply_to: str | None = None,
        not_for_ai: bool = False,
    ) -> Posted:
        """As post(), by somebody who is in no such room: a message of theirs that was stored while they were.

        Whoever was removed before the ack came learns so what became of it. It is found by their own key, so that
        nobody learns which rooms there are: a key that was never used is `not_found`, whatever the slug.
        """
        check_body(body)
        with self._db.snapshot() as db:
            first, stored_in = repeats.find(db, user.id, client_id)
            if first is None:
                raise not_found("room")
            if first.room_id is None or stored_in != slug:
                raise repeats.another()
            job = _job(user, first.room_id, client_id, body, reply_to, not_for_ai)
            return posting.again(db, job, first, slug, inside=False)

    def _tell(
        self,
        user: User,
        slug: str,
        asked: Pending[Any] | None,
        result: Posted | None,
        _: Exception | None,
    ) -> None:
        if result is not None and result.inside:
            told = MessagePosted(result.room_id, slug, user, result.message, asked)
            self.posted.publish(told)

    def edit(self, user: User, message_id: str, body: str) -> Pending[Message]:
        """Replace the text of one's own message."""
        check_body(body)
        room_id, seq = _place(message_id)
        job = changing.EditMessage(room_id, seq, user, body, mentions.signs(body))
        return self._writer.submit(job)

    def delete(self, user: User, message_id: str) -> Pending[Message]:
        """Delete one's own message, or as a moderator anybody's."""
        return self._writer.submit(changing.DeleteMessage(*_place(message_id), user))

    def react(self, user: User, message_id: str, emoji: str, on: bool) -> Pending[Message]:
        """Put an emoji under a message, or take it away. `bad_request` for what is not exactly one emoji."""
        return self._writer.submit(changing.React(*_place(message_id), user, one_emoji(emoji), on))

    def mark(self, user: User, message_id: str, not_for_ai: bool) -> Pending[Message]:
        """Keep a message from all assistants, or no longer: its author, or a moderator."""
        return self._writer.submit(changing.MarkNotForAi(*_place(message_id), user, not_for_ai))

    def history(
        self,
        seat: Seat,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> HistoryReply:
        """A page of a room, oldest first. Raises `bad_request` when more than one place is given."""
        if sum(place is not None for place in (before, after, around)) > 1:
            raise ChatError("bad_request", "Give one of before, after and around.")
        with self._db.snapshot() as db:
            found, more = reading.page(
                db,
                seat.room_id,
                seat.slug,
                before=before,
                after=after,
                around=around,
                limit=limit,
            )
        return HistoryReply(found, more)

    def versions(self, user: User, message_id: str) -> list[tuple[int, str, int]]:
        """Earlier texts of a message: (version, text, when it was replaced in ms), oldest first."""
        room_id, seq = _place(message_id)
        with self._db.snapshot() as db:
            if reading.seat_by_id(db, user.id, room_id) is None:
                raise not_found("message")
            return [(row[0], row[1], row[2]) for row in db.all(_VERSIONS, room=room_id, seq=seq)]

    def search(self, user: User, text: str, slug: str | None = None) -> HistoryReply:
        """The newest messages that hold every word of `text`, in one's rooms or in one of them; oldest of them first.

        Raises `bad_request` for a text without anything to look for, `overloaded` when it takes too long.
        """
        if not text.strip() or len(text) > SEARCH_LENGTH:
            raise ChatError("bad_request", f"Search for 1 to {SEARCH_LENGTH} characters.")

        with self._db.snapshot() as now:
            behind = indexing.behind(now, list(_searched(now, user, slug)))
        self.indexer.catch_up(behind)

        def find(db: Connection) -> HistoryReply:
            slugs = _searched(db, user, slug)
            newest, more = search.newest(db, list(slugs), text, SEARCH_RESULTS)
            return HistoryReply(messages.load_places(db, slugs, newest)[::-1], more)

        return self._aside.read(find)


def _job(
    user: User, room_id: int, client_id: str, body: str, reply_to: str | None, not_for_ai: bool
) -> posting.PostMessage:
    check_body(body)
    target = None if reply_to is None else _reply_place(room_id, reply_to)
    mark = "\0not for AI" if not_for_ai else ""
    digest = hashlib.blake2b(f"{room_id}\0{target}\0{body}{mark}".encode(), digest_size=16)
    signs = mentions.signs(body)
    return posting.PostMessage(
        room_id, user, client_id, digest.hexdigest(), body, target, signs, not_for_ai
    )


def _reply_place(room_id: int, reply_to: str) -> int:
    place = parse_message_id(reply_to)
    if place is None or place[0] != room_id:
        raise not_found("message")
    return place[1]


def check_body(body: str) -> None:
    """Raises ChatError for a text that cannot be a message."""
    if len(body) > BODY_LENGTH:
        raise ChatError("too_long", f"A message has at most {BODY_LENGTH} characters.")
    if not body.strip():
        raise ChatError("bad_request", "A message needs a text.")


def _searched(db: Connection, user: User, slug: str | None) -> dict[int, str]:
    """Slugs by id of all rooms of a person, or of one of them. Raises `not_found`."""
    if slug is None:
        return {seat.room_id: seat.slug for seat in reading.seats(db, user.id)}
    seat = reading.seat(db, user.id, slug)
    if seat is None:
        raise not_found("room")
    return {seat.room_id: seat.slug}


def _place(message_id: str) -> tuple[int, int]:
    place = parse_message_id(message_id)
    if place is None:
        raise not_found("message")
    return place
