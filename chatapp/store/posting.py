"""Posting messages, many at a time: the hot path of the writer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET, UnsetType

from chatapp.errors import ChatError, not_found
from chatapp.ids import message_id
from chatapp.payloads import MentionSpan, Message, Numbered, ReplyTo, User

from . import messages, naming, repeats
from .naming import Sign
from .repeats import First
from .sql import Connection, Insert, Statement
from .tx import CHANGES, RoomRow, Tx

# For each post of a batch, given as [room, sender, client_id]: the sender's role, and what the key was used for.
_LOOK_UP = Statement(
    f"SELECT k.key, s.role, s.not_for_ai, {repeats.FIRST} FROM json_each(:posts) AS k"  # noqa: S608 - a constant of ours
    " LEFT JOIN memberships s ON s.room_id = k.value ->> 0 AND s.user_id = k.value ->> 1"
    " LEFT JOIN messages m ON m.sender_id = k.value ->> 1 AND m.client_id = k.value ->> 2"
    " LEFT JOIN spent_keys p ON p.sender_id = k.value ->> 1 AND p.client_id = k.value ->> 2",
    f"SELECT k.place - 1, s.role, s.not_for_ai, {repeats.FIRST}"  # noqa: S608 - a constant of ours
    " FROM jsonb_array_elements(CAST(:posts AS jsonb)) WITH ORDINALITY AS k (value, place)"
    " LEFT JOIN memberships s ON s.room_id = CAST(k.value ->> 0 AS bigint) AND s.user_id = k.value ->> 1"
    " LEFT JOIN messages m ON m.sender_id = k.value ->> 1 AND m.client_id = k.value ->> 2"
    " LEFT JOIN spent_keys p ON p.sender_id = k.value ->> 1 AND p.client_id = k.value ->> 2",
)
_MESSAGES = Insert(
    "messages",
    {
        "room_id": "bigint",
        "seq": "bigint",
        "changed_seq": "bigint",
        "sender_id": "text",
        "client_id": "text",
        "digest": "text",
        "type": "text",
        "body": "text",
        "reply_to": "bigint",
        "mentions": "text",
        "created_at": "bigint",
        "not_for_ai": "boolean",
    },
)
MENTIONS = Insert(
    "mentions",
    {"user_id": "text", "room_id": "bigint", "seq": "bigint"},
    "ON CONFLICT DO NOTHING",
)

_Key = tuple[str, str]
# The sender's role, whether all they post there is not for AI, and what the key was used for.
_Found = tuple[str | None, bool, First | None]


@dataclass(slots=True)
class PostMessage:
    """Post a text. `sender` is a member who may write, checked again under the room's lock."""

    room_id: int
    sender: User
    client_id: str
    digest: str
    body: str
    reply_to: int | None = None
    signs: list[Sign] = field(default_factory=list)
    not_for_ai: bool = False

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Posted:
        """Alone; the writer stores runs of posts together by post_all()."""
        ((posted, error),) = post_all(tx, [self])
        if posted is None:
            raise error or RuntimeError("a post has a result or an error")
        return posted


class Posted(msgspec.Struct, frozen=True):
    """A stored message: its encoded payload is what the ack and the event carry.

    `inside`: its sender is in the room. If not, it is a repetition by somebody who was, and nothing follows from it.
    """

    room_id: int
    seq: int
    payload: bytes
    duplicate: bool
    message: Message
    inside: bool = True


Outcome = tuple[Posted | None, Exception | None]


class _Rows:
    """What waits to be written, together, for the tables of a batch."""

    __slots__ = ("changes", "mentions", "messages")

    def __init__(self) -> None:
        self.messages: list[tuple[object, ...]] = []
        self.changes: list[tuple[object, ...]] = []
        self.mentions: list[tuple[str, int, int]] = []

    def add(self, tx: Tx, job: PostMessage, message: Message) -> None:
        room_id, seq, sender, now = job.room_id, message.seq, job.sender.id, tx.now
        column = mentions_column(message.mentions)
        self.messages.append(
            (
                *(room_id, seq, seq, sender, job.client_id, job.digest),
                *("text", job.body, job.reply_to, column, now, message.not_for_ai is True),
            )
        )
        self.changes.append((room_id, seq, "message", str(seq), sender, now, None))
        for span in message.mentions:
            if span.user_id != sender:
                self.mentions.append((span.user_id, room_id, seq))

    def write(self, tx: Tx) -> None:
        """Store them, and begin anew."""
        tx.insert(_MESSAGES, self.messages)
        tx.insert(CHANGES, self.changes)
        tx.insert(MENTIONS, self.mentions)
        for rows in (self.messages, self.changes, self.mentions):
            rows.clear()


def post_all(tx: Tx, jobs: Sequence[PostMessage]) -> list[Outcome]:
    """Store a run of posts: keys that exist get their first result, the rest the next numbers of their rooms."""
    rooms = tx.lock({job.room_id for job in jobs})
    found = _look_up(tx, jobs)
    named = naming.bearers(tx, [(job.room_id, job.signs) for job in jobs if job.signs])
    outcomes: list[Outcome] = []
    used: dict[_Key, First] = {}
    rows = _Rows()
    told: dict[int, list[Numbered]] = {}
    for job, (role, hides, stored) in zip(jobs, found, strict=True):
        key = (job.sender.id, job.client_id)
        try:
            room = _room(rooms, job)
            first = stored or used.get(key)
            if first is None:
                _may_write(role)
            if first is not None or job.reply_to is not None:
                rows.write(tx)  # what is repeated or replied to may be in this very batch
            if first is not None:
                outcomes.append((again(tx, job, first, room.slug, inside=role is not None), None))
                continue
            message = _compose(tx, room, job, named, job.not_for_ai or hides)
        except ChatError as refusal:
            outcomes.append((None, refusal.with_traceback(None)))
            continue
        seq = room.last_seq = message.seq
        payload = messages.encode(message)
        used[key] = First(job.room_id, seq, job.digest, tx.now, None)
        rows.add(tx, job, message)
        told.setdefault(room.id, []).append(Numbered(seq, "message", payload))
        outcomes.append((Posted(room.id, seq, payload, False, message), None))
    rows.write(tx)
    tx.move([rooms[room_id] for room_id in told])
    for room_id, events in told.items():
        tx.tell(rooms[room_id], *events)
    return outcomes


def _look_up(tx: Tx, jobs: Sequence[PostMessage]) -> list[_Found]:
    """What there is to know for each post, in one statement."""
    posts = msgspec.json.encode([(job.room_id, job.sender.id, job.client_id) for job in jobs])
    found: list[_Found] = [(None, False, None)] * len(jobs)
    for row in tx.all(_LOOK_UP, posts=posts.decode()):
        found[row[0]] = (row[1], bool(row[2]), repeats.first(row[3:]))
    return found


def _room(rooms: dict[int, RoomRow], job: PostMessage) -> RoomRow:
    room = rooms.get(job.room_id)
    if room is None:
        raise not_found("room")
    return room


def _may_write(role: str | None) -> None:
    if role is None:
        raise not_found("room")
    if role == "readonly":
        raise ChatError("forbidden", "You can read in this room, but not write.")


def again(db: Connection, job: PostMessage, first: First, slug: str, *, inside: bool) -> Posted:
    """The answer to a post whose key was used before: see repeats.answer()."""
    message = repeats.answer(db, job, first, slug, inside=inside)
    return Posted(job.room_id, message.seq, messages.encode(message), True, message, inside)


def _compose(
    tx: Tx,
    room: RoomRow,
    job: PostMessage,
    named: dict[tuple[int, str], str],
    hidden: bool,
) -> Message:
    reply: ReplyTo | UnsetType = UNSET
    if job.reply_to is not None:
        reply = messages.reply_target(tx, room.id, job.reply_to) or UNSET
        if reply is UNSET:
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
        mentions=naming.spans(room.id, job.signs, named) if job.signs else [],
        created_at=tx.time,
        edited_at=None,
        deleted_at=None,
        uploads=[],
        reactions=[],
        reply_to=reply,
        not_for_ai=True if hidden else UNSET,
    )


def mentions_column(mentions: list[MentionSpan]) -> str | None:
    """The mentions as their column keeps them."""
    if not mentions:
        return None
    return msgspec.json.encode([[m.user_id, m.start, m.length] for m in mentions]).decode()
