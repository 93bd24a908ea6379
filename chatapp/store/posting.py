"""Posting messages, many at a time: the hot path of the writer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET

from chatapp.clock import rfc3339
from chatapp.errors import ChatError, not_found
from chatapp.ids import message_id
from chatapp.payloads import MentionSpan, Message, Numbered, ReplyTo, User

from . import messages, search
from .sql import Statement
from .tx import RoomRow, Tx

# Keys and memberships of a whole batch in one statement each; rows are matched in Python.
_KNOWN = Statement(
    "SELECT m.sender_id, m.client_id, m.room_id, m.seq, m.digest FROM json_each(:keys) k"
    " JOIN messages m ON m.sender_id = json_extract(k.value, '$[0]') AND m.client_id = json_extract(k.value, '$[1]')",
    "SELECT m.sender_id, m.client_id, m.room_id, m.seq, m.digest FROM unnest(CAST(:senders AS text[]), CAST(:clients AS text[])) AS k (sender, client)"
    " JOIN messages m ON m.sender_id = k.sender AND m.client_id = k.client",
)
_SPENT = Statement(
    "SELECT s.sender_id, s.client_id FROM json_each(:keys) k JOIN spent_keys s"
    " ON s.sender_id = json_extract(k.value, '$[0]') AND s.client_id = json_extract(k.value, '$[1]')",
    "SELECT s.sender_id, s.client_id FROM unnest(CAST(:senders AS text[]), CAST(:clients AS text[])) AS k (sender, client)"
    " JOIN spent_keys s ON s.sender_id = k.sender AND s.client_id = k.client",
)
_ROLES = Statement(
    "SELECT user_id, room_id, role FROM memberships WHERE user_id IN :[users text] AND room_id IN :[rooms]"
)
_MEMBERS = Statement(
    "SELECT room_id, user_id FROM memberships WHERE user_id IN :[users text] AND room_id IN :[rooms]"
)
_MESSAGE = Statement(
    "INSERT INTO messages (room_id, seq, changed_seq, sender_id, client_id, digest, type, body, params, reply_to,"
    " mentions, status, created_at) VALUES (:room, :seq, :seq, :sender, :client, :digest, 'text', :body, NULL,"
    " :reply_to, :mentions, NULL, :at)"
)
_CHANGE = Statement(
    "INSERT INTO changes (room_id, seq, kind, subject, by_id, at) VALUES (:room, :seq, 'message', :subject, :sender, :at)"
)
MENTION = Statement(
    "INSERT INTO mentions (user_id, room_id, seq) VALUES (:user, :room, :seq) ON CONFLICT DO NOTHING"
)


@dataclass(slots=True)
class PostMessage:
    """Post a text. `sender` is a member who may write, checked again under the room's lock."""

    room_id: int
    sender: User
    client_id: str
    digest: str
    body: str
    reply_to: int | None = None
    mentions: list[MentionSpan] = field(default_factory=list)

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Posted:
        """Alone; the writer stores runs of posts together by post_all()."""
        ((posted, error),) = post_all(tx, [self])
        if posted is None:
            raise error or RuntimeError("a post has a result or an error")
        return posted


@dataclass(slots=True, frozen=True)
class Posted:
    """A stored message: its encoded payload is what the ack and the event carry."""

    room_id: int
    seq: int
    payload: bytes
    duplicate: bool
    message: Message


Outcome = tuple[Posted | None, Exception | None]


def post_all(tx: Tx, jobs: Sequence[PostMessage]) -> list[Outcome]:
    """Store a run of posts: keys that exist get their first result, the rest the next numbers of their rooms."""
    rooms = tx.lock([job.room_id for job in jobs])
    known = _known(tx, jobs)
    roles = _roles(tx, jobs)
    targets = _mentionable(tx, jobs)
    outcomes: list[Outcome] = []
    fresh: list[tuple[PostMessage, Message]] = []
    told: dict[int, list[Numbered]] = {}
    for job in jobs:
        key = (job.sender.id, job.client_id)
        try:
            room = _writable(rooms, roles, job)
            if key in known or job.reply_to is not None:
                _insert(
                    tx, fresh
                )  # the first of two alike, or what is replied to, may be in this very batch
            if key in known:
                outcomes.append((_again(tx, rooms, job, known[key]), None))
                continue
            message = _compose(tx, room, job, targets)
        except ChatError as refusal:
            outcomes.append((None, refusal))
            continue
        room.last_seq = message.seq
        payload = messages.encode(message)
        known[key] = (job.room_id, message.seq, job.digest)
        fresh.append((job, message))
        told.setdefault(room.id, []).append(Numbered(message.seq, "message", payload))
        outcomes.append((Posted(room.id, message.seq, payload, False, message), None))
    _insert(tx, fresh)
    for room_id, events in told.items():
        tx.move(rooms[room_id], rooms[room_id].last_seq)
        tx.tell(rooms[room_id], *events)
    return outcomes


def _known(
    tx: Tx, jobs: Sequence[PostMessage]
) -> dict[tuple[str, str], tuple[int, int, str | None]]:
    keys: dict[str, Any]
    if tx.dialect == "sqlite":
        keys = {"keys": [[job.sender.id, job.client_id] for job in jobs]}
    else:
        keys = {
            "senders": [job.sender.id for job in jobs],
            "clients": [job.client_id for job in jobs],
        }
    known = {(row[0], row[1]): (row[2], row[3], row[4]) for row in tx.all(_KNOWN, **keys)}
    for sender, client_id in tx.all(_SPENT, **keys):
        known[sender, client_id] = (0, 0, None)
    return known


def _roles(tx: Tx, jobs: Sequence[PostMessage]) -> dict[tuple[str, int], str]:
    rows = tx.all(
        _ROLES,
        users=list({job.sender.id for job in jobs}),
        rooms=list({job.room_id for job in jobs}),
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _mentionable(tx: Tx, jobs: Sequence[PostMessage]) -> set[tuple[int, str]]:
    named = {span.user_id for job in jobs for span in job.mentions}
    if not named:
        return set()
    rows = tx.all(_MEMBERS, users=list(named), rooms=list({job.room_id for job in jobs}))
    return {(row[0], row[1]) for row in rows}


def _writable(
    rooms: dict[int, RoomRow], roles: dict[tuple[str, int], str], job: PostMessage
) -> RoomRow:
    role = roles.get((job.sender.id, job.room_id))
    if role is None or job.room_id not in rooms:
        raise not_found("room")
    if role == "readonly":
        raise ChatError("forbidden", "You can read in this room, but not write.")
    return rooms[job.room_id]


def _again(
    tx: Tx, rooms: dict[int, RoomRow], job: PostMessage, first: tuple[int, int, str | None]
) -> Posted:
    room_id, seq, digest = first
    if digest != job.digest or room_id != job.room_id:
        raise ChatError("conflict", "This client_id was used for another message.")
    message = messages.load_one(tx, room_id, rooms[room_id].slug, seq)
    if message is None:
        raise not_found("message")
    return Posted(room_id, seq, messages.encode(message), True, message)


def _compose(tx: Tx, room: RoomRow, job: PostMessage, targets: set[tuple[int, str]]) -> Message:
    reply: ReplyTo | None = None
    if job.reply_to is not None:
        reply = messages.reply_target(tx, room.id, job.reply_to)
        if reply is None:
            raise not_found("message")
    seq = room.last_seq + 1
    return Message(
        id=message_id(room.id, seq),
        room=room.slug,
        seq=seq,
        changed_seq=seq,
        client_id=job.client_id,
        sender=job.sender,
        type="text",
        body=job.body,
        mentions=[span for span in job.mentions if (room.id, span.user_id) in targets],
        created_at=rfc3339(tx.now),
        edited_at=None,
        deleted_at=None,
        uploads=[],
        reactions=[],
        reply_to=reply or UNSET,
    )


def _insert(tx: Tx, fresh: list[tuple[PostMessage, Message]]) -> None:
    """Write the rows of `fresh` and empty it."""
    tx.many(
        _MESSAGE,
        [
            {
                "room": job.room_id,
                "seq": message.seq,
                "sender": job.sender.id,
                "client": job.client_id,
                "digest": job.digest,
                "body": job.body,
                "reply_to": job.reply_to,
                "mentions": mentions_column(message.mentions),
                "at": tx.now,
            }
            for job, message in fresh
        ],
    )
    tx.many(
        _CHANGE,
        [
            {
                "room": job.room_id,
                "seq": message.seq,
                "subject": str(message.seq),
                "sender": job.sender.id,
                "at": tx.now,
            }
            for job, message in fresh
        ],
    )
    tx.many(
        MENTION,
        [
            {"user": span.user_id, "room": job.room_id, "seq": message.seq}
            for job, message in fresh
            for span in message.mentions
            if span.user_id != job.sender.id
        ],
    )
    search.index(tx, [(job.room_id, message.seq, message.body) for job, message in fresh])
    fresh.clear()


def mentions_column(mentions: list[MentionSpan]) -> str | None:
    """The mentions as their column keeps them."""
    if not mentions:
        return None
    return msgspec.json.encode([[m.user_id, m.start, m.length] for m in mentions]).decode()
