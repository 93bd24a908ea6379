"""Defects put into a worker before it serves, so that it can be shown that the checker finds them.

Where it can be, a defect holds only for rooms whose slug has its name, so that a server has a sound room beside each
spoiled one.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

EVERY = 7  # of what a defect spoils
NUMBER = re.compile(rb'"changed_seq":(\d+)')

DEFECTS: dict[str, Callable[[], None]] = {}


def put(owner: Any, name: str, value: object) -> None:
    """Replace what a module or class of the product has under this name; that it is gone from there is an error."""
    if not hasattr(owner, name):
        raise AttributeError(f"{owner!r} has no {name} any more: mend tests/faults/defects.py")
    setattr(owner, name, value)


def spoiled(slug: str, name: str) -> bool:
    """Whether a room is one for this defect."""
    return f"-{name}-" in slug


def defect(function: Callable[[], None]) -> Callable[[], None]:
    DEFECTS[function.__name__] = function
    return function


def _post_ack() -> Callable[[Any], bytes]:
    """What makes the ack of a post."""
    from chatapp.events import Events

    ack: Callable[[Any], bytes] = Events.on_message.handles[3]  # type: ignore[attr-defined]
    return ack


def _answer_posts_by(ack: Callable[[Any], bytes]) -> None:
    from chatapp.events import Events

    handles = Events.on_message.handles  # type: ignore[attr-defined]
    put(Events.on_message, "handles", (*handles[:3], ack))


# — what is stored ————————————————————————————————————————————————————————————————————————————————————————————————————


@defect
def no_deduplication() -> None:
    """A repeated send is stored again."""
    from chatapp.store import posting
    from chatapp.store.tx import Tx

    look_up = posting._look_up

    def some(tx: Tx, jobs: Sequence[Any]) -> list[Any]:
        tx.cursor.execute("DROP INDEX IF EXISTS ix_messages_sender_id_client_id")
        found = look_up(tx, jobs)
        return [
            (role, hides, None)
            if spoiled(tx.room(job.room_id).slug, "no_deduplication")
            else (role, hides, stored)
            for job, (role, hides, stored) in zip(jobs, found, strict=True)
        ]

    put(posting, "_look_up", some)


@defect
def ack_before_commit() -> None:
    """Messages are answered for, and committed with the messages that come next."""
    from chatapp.store import backends
    from chatapp.store.posting import PostMessage
    from chatapp.store.tx import Tx

    def transact(self: Any, jobs: Sequence[Any]) -> Any:
        cursor = self._cursor()
        posts = any(isinstance(job, PostMessage) for job in jobs)
        if posts and cursor.connection.in_transaction:
            cursor.execute("COMMIT")
        opened = not cursor.connection.in_transaction
        if opened:
            self._begin(cursor)
        tx = Tx(cursor, self.dialect)
        outcomes = backends.run_jobs(tx, jobs)
        if opened and not posts:
            cursor.execute("COMMIT")
        return outcomes, tx.told

    put(backends.SqliteBackend, "_transact", transact)


@defect
def refuses_what_it_stores() -> None:
    """Some messages are refused for good after they were stored."""
    from chatapp.errors import ChatError

    posted = _post_ack()

    def wrong(result: Any) -> bytes:
        if result.seq % EVERY == 0 and spoiled(result.message.room, "refuses_what_it_stores"):
            raise ChatError("forbidden", "No.")
        return posted(result)

    _answer_posts_by(wrong)


@defect
def acks_another_number() -> None:
    """Some messages are acknowledged at the place of the one before."""
    posted = _post_ack()

    def wrong(result: Any) -> bytes:
        answer = posted(result)
        if result.seq % EVERY or not spoiled(result.message.room, "acks_another_number"):
            return answer
        return answer.replace(b'"seq":%d' % result.seq, b'"seq":%d' % (result.seq - 1), 1)

    _answer_posts_by(wrong)


# — what is told ——————————————————————————————————————————————————————————————————————————————————————————————————————


@defect
def no_heads() -> None:
    """Numbers are not compared with the database."""
    from chatapp.realtime.relay import Relay

    put(Relay, "_read_heads", lambda self: None)


def _spoil(name: str, change: Callable[[Callable[[bytes], None], int, bytes], None]) -> None:
    """Have change(send, number, packet) in place of send(packet) for each message's event of a room."""
    from chatapp.realtime.fanout import Fanout

    original = Fanout.send

    def send(self: Any, channel: str, packet: bytes, **more: Any) -> None:
        found = NUMBER.search(packet) if channel.startswith("room:") else None
        if found is None or f"-{name}-".encode() not in packet:
            original(self, channel, packet, **more)
        else:
            change(lambda each: original(self, channel, each, **more), int(found[1]), packet)

    put(Fanout, "send", send)


@defect
def drops_receipts() -> None:
    def drop(send: Callable[[bytes], None], number: int, packet: bytes) -> None:
        if number % EVERY:
            send(packet)

    _spoil("drops_receipts", drop)


@defect
def doubles_receipts() -> None:
    def twice(send: Callable[[bytes], None], number: int, packet: bytes) -> None:
        send(packet)
        if number % EVERY == 0:
            send(packet)

    _spoil("doubles_receipts", twice)


@defect
def reorders_receipts() -> None:
    late: list[bytes] = []

    def later(send: Callable[[bytes], None], number: int, packet: bytes) -> None:
        if number % EVERY == 0:
            late.append(packet)
            return
        send(packet)
        while late:
            send(late.pop())

    _spoil("reorders_receipts", later)


@defect
def changes_texts() -> None:
    def other(send: Callable[[bytes], None], number: int, packet: bytes) -> None:
        send(packet.replace(b'"body":"', b'"body":"not ', 1) if number % EVERY == 0 else packet)

    _spoil("changes_texts", other)


@defect
def tells_the_removed() -> None:
    """Who was removed stays subscribed."""
    from chatapp.services.attendance import Attendance

    put_out = Attendance.put_out

    def keep(self: Any, room_id: int, slug: str, *more: Any) -> None:
        if not spoiled(slug, "tells_the_removed"):
            put_out(self, room_id, slug, *more)

    put(Attendance, "put_out", keep)


@defect
def moves_cursors_back() -> None:
    """Every other confirmation of a cursor says an earlier number."""
    from chatapp.services.receipts import Receipts

    read, calls = Receipts.read, itertools.count()

    def back(self: Any, user: Any, seat: Any, *more: Any) -> Any:
        reply = read(self, user, seat, *more)
        if spoiled(seat.slug, "moves_cursors_back") and next(calls) % 2:
            return msgspec.structs.replace(reply, seq=reply.seq // 2)
        return reply

    put(Receipts, "read", back)


@defect
def miscounts_unread() -> None:
    """A join tells one more than there is."""
    from chatapp.services.attendance import Attendance

    join = Attendance.join

    def more(self: Any, conn: Any, slug: str, *given: Any) -> Any:
        joined = join(self, conn, slug, *given)
        if not spoiled(slug, "miscounts_unread"):
            return joined
        reply = msgspec.structs.replace(joined.reply, unread=joined.reply.unread + 1)
        return dataclasses.replace(joined, reply=reply)

    put(Attendance, "join", more)


@defect
def garbles_answers() -> None:
    """Pieces of an assistant's text are told otherwise than they are stored."""
    from chatapp.realtime.fanout import Fanout

    original = Fanout.send
    text = re.compile(rb'(?<="text":")[^"]*')

    def send(self: Any, channel: str, packet: bytes, **more: Any) -> None:
        if b'["message_delta"' in packet[:40] and b"-garbles_answers-" in packet:
            packet = text.sub(lambda found: found[0].replace(b"e", b"E"), packet)
        original(self, channel, packet, **more)

    put(Fanout, "send", send)
