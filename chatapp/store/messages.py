"""Messages as clients see them, read back from their rows: the same for history, gaps, edits and duplicates."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from chatapp.clock import rfc3339
from chatapp.ids import message_id
from chatapp.payloads import MentionSpan, Message, ReactionCount, ReplyTo, RunInfo, User

from .sql import Connection, Row, Statement

EXCERPT = 140  # code points of a message that a reply shows
REACTION_USERS = 20  # people named under one emoji

_COLUMNS = """SELECT m.seq, m.changed_seq, m.client_id, m.type, m.body, m.params, m.reply_to, m.mentions, m.status,
    m.created_at, m.edited_at, m.deleted_at, u.id, u.name, u.kind, m.not_for_ai
    FROM messages m JOIN users u ON u.id = m.sender_id """

BY_SEQ = Statement(_COLUMNS + "WHERE m.room_id = :room AND m.seq IN :[seqs] ORDER BY m.seq")
LATEST = Statement(_COLUMNS + "WHERE m.room_id = :room ORDER BY m.seq DESC LIMIT :limit")
BEFORE = Statement(
    _COLUMNS + "WHERE m.room_id = :room AND m.seq < :place ORDER BY m.seq DESC LIMIT :limit"
)
AFTER = Statement(
    _COLUMNS + "WHERE m.room_id = :room AND m.seq > :place ORDER BY m.seq LIMIT :limit"
)
CHANGED = Statement(
    _COLUMNS
    + "WHERE m.room_id = :room AND m.changed_seq > :place ORDER BY m.changed_seq LIMIT :limit"
)

_REACTIONS = Statement(
    "SELECT seq, emoji, user_id FROM reactions WHERE room_id = :room AND seq IN :[seqs] ORDER BY seq, at, user_id"
)
_REPLIES = Statement(
    "SELECT m.seq, m.body, m.deleted_at, u.id, u.name, u.kind FROM messages m JOIN users u ON u.id = m.sender_id"
    " WHERE m.room_id = :room AND m.seq IN :[seqs]"
)
_RUNS = Statement(
    """SELECT r.seq, r.attempt, r.error, r.state, a.id, a.name, a.kind, s.id, s.name, s.kind,
    (SELECT count(*) FROM message_versions v WHERE v.room_id = r.room_id AND v.seq = r.seq) + 1,
    CASE WHEN r.state = 'queued' THEN (SELECT count(*) FROM runs q WHERE q.room_id = r.room_id
        AND q.assistant_id = r.assistant_id AND q.state = 'queued' AND q.seq <= r.seq) END,
    r.retry_after FROM runs r JOIN users a ON a.id = r.asker_id LEFT JOIN users s ON s.id = r.stopped_by
    WHERE r.room_id = :room AND r.seq IN :[seqs]"""
)

_spans = msgspec.json.Decoder(list[tuple[str, int, int]])
encode = msgspec.json.Encoder().encode


def user(row: Row) -> User:
    """The user in the columns (id, name, kind)."""
    return User(*row)


def spans(text: str | None) -> list[MentionSpan]:
    """The mentions of a message from their column."""
    return [MentionSpan(*span) for span in _spans.decode(text)] if text else []


def excerpt(seq: int, room_id: int, body: str, deleted: bool, sender: User) -> ReplyTo:
    """What a reply shows of the message it answers."""
    return ReplyTo(
        message_id(room_id, seq), seq, sender, "" if deleted else body[:EXCERPT], deleted
    )


def load(
    db: Connection, room_id: int, slug: str, statement: Statement, **params: Any
) -> list[Message]:
    """The messages of a room that `statement` (one of this module) selects, in its order."""
    rows = db.all(statement, room=room_id, **params)
    seqs = [row[0] for row in rows]
    reactions = _reactions(db, room_id, seqs)
    answered = replies(db, room_id, [row[6] for row in rows if row[6] is not None])
    runs = _runs(db, room_id, [row[0] for row in rows if row[8] is not None])
    return [
        Message(
            id=message_id(room_id, row[0]),
            room=slug,
            seq=row[0],
            changed_seq=row[1],
            client_id=row[2],
            sender=user(row[12:15]),
            type=row[3],
            body=row[4],
            mentions=spans(row[7]),
            created_at=rfc3339(row[9]),
            edited_at=None if row[10] is None else rfc3339(row[10]),
            deleted_at=None if row[11] is None else rfc3339(row[11]),
            uploads=[],
            reactions=reactions.get(row[0], []),
            params=msgspec.json.decode(row[5]) if row[5] else UNSET,
            reply_to=UNSET if row[6] is None else answered.get(row[6], UNSET),
            status=row[8] or UNSET,
            run=runs.get(row[0], UNSET),
            not_for_ai=True if row[15] else UNSET,
        )
        for row in rows
    ]


def load_places(
    db: Connection, slugs: dict[int, str], places: list[tuple[int, int]]
) -> list[Message]:
    """The messages at (room, seq) places in several rooms, in the order of `places`."""
    seqs: dict[int, list[int]] = {}
    for room_id, seq in places:
        seqs.setdefault(room_id, []).append(seq)
    found = {
        (room_id, message.seq): message
        for room_id, wanted in seqs.items()
        for message in load(db, room_id, slugs[room_id], BY_SEQ, seqs=wanted)
    }
    return [found[place] for place in places if place in found]


def load_one(db: Connection, room_id: int, slug: str, seq: int) -> Message | None:
    """One message in its current state."""
    return next(iter(load(db, room_id, slug, BY_SEQ, seqs=[seq])), None)


def _reactions(db: Connection, room_id: int, seqs: list[int]) -> dict[int, list[ReactionCount]]:
    found: dict[int, dict[str, list[str]]] = {}
    if seqs:
        for seq, emoji, user_id in db.all(_REACTIONS, room=room_id, seqs=seqs):
            found.setdefault(seq, defaultdict(list))[emoji].append(user_id)
    return {
        seq: [
            ReactionCount(emoji, len(who), who[:REACTION_USERS]) for emoji, who in by_emoji.items()
        ]
        for seq, by_emoji in found.items()
    }


def replies(db: Connection, room_id: int, seqs: list[int]) -> dict[int, ReplyTo]:
    """The messages at these places, short enough to be shown beside something else."""
    if not seqs:
        return {}
    return {
        row[0]: excerpt(row[0], room_id, row[1], row[2] is not None, user(row[3:6]))
        for row in db.all(_REPLIES, room=room_id, seqs=seqs)
    }


def reply_target(db: Connection, room_id: int, seq: int) -> ReplyTo | None:
    """What a new reply to this place shows, or None when there is no such message."""
    return replies(db, room_id, [seq]).get(seq)


def _runs(db: Connection, room_id: int, seqs: list[int]) -> dict[int, RunInfo | UnsetType]:
    if not seqs:
        return {}
    return {
        row[0]: RunInfo(
            attempt=row[1],
            asker=user(row[4:7]),
            versions=row[10],
            position=UNSET if row[11] is None else row[11],
            stopped_by=UNSET if row[7] is None else user(row[7:10]),
            error=row[2] or UNSET,
            retry_after=UNSET if row[12] is None else row[12],
        )
        for row in db.all(_RUNS, room=room_id, seqs=seqs)
    }
