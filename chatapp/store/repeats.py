"""Posts that come again: a key is good for one message for ever, and whoever repeats it gets the first result."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import UNSET

from chatapp.clock import rfc3339
from chatapp.errors import ChatError, not_found
from chatapp.ids import message_id
from chatapp.payloads import Message

from . import messages
from .sql import Connection, Row, Statement

if TYPE_CHECKING:
    from .posting import PostMessage

# What a key was used for, of a message `m` that is stored or a key `p` whose message is gone.
FIRST = (
    "COALESCE(m.sender_id, p.sender_id), COALESCE(m.room_id, p.room_id), COALESCE(m.seq, p.seq),"
    " COALESCE(m.digest, p.digest), COALESCE(m.created_at, p.created_at), p.deleted_at"
)
_BY_KEY = Statement(
    f"SELECT {FIRST}, r.slug FROM (SELECT 1) AS one"  # noqa: S608 - a constant of ours
    " LEFT JOIN messages m ON m.sender_id = :sender AND m.client_id = :client"
    " LEFT JOIN spent_keys p ON p.sender_id = :sender AND p.client_id = :client"
    " LEFT JOIN rooms r ON r.id = COALESCE(m.room_id, p.room_id)"
)


class First(NamedTuple):
    """The post that a key was used for. `gone_at`: retention took it away; until 0008 nothing else was kept of it then."""

    room_id: int | None
    seq: int
    digest: str | None
    created_at: int
    gone_at: int | None


def first(row: Row) -> First | None:
    """From the columns FIRST; None for a key that was never used."""
    return None if row[0] is None else First(*row[1:6])


def find(db: Connection, sender_id: str, client_id: str) -> tuple[First | None, str | None]:
    """What somebody's key was used for, and the slug of the room; found by the key, whoever is in that room today."""
    row = db.one(_BY_KEY, sender=sender_id, client=client_id)
    assert row is not None
    return first(row[:6]), row[6]


def another() -> ChatError:
    """The refusal of a key that comes with another post than its first."""
    return ChatError("conflict", "This client_id was used for another message.")


def answer(db: Connection, post: PostMessage, known: First, slug: str, *, inside: bool) -> Message:
    """The message of a post that was stored before, as it is now; as deleted, once retention has taken it away.

    Who is not in the room any more (`inside` false) gets what they sent and where it was stored: nothing that came to
    be since, and of nobody else anything. Raises `conflict` for another post than the first.
    """
    if (known.room_id, known.digest) != (post.room_id, post.digest):
        raise another()
    if not inside:
        return _bare(post, known, slug, post.body, None)
    if known.gone_at is not None:
        return _bare(post, known, slug, "", rfc3339(known.gone_at))
    message = messages.load_one(db, post.room_id, slug, known.seq)
    if message is None:
        raise not_found("message")
    return message


def _bare(post: PostMessage, known: First, slug: str, body: str, deleted_at: str | None) -> Message:
    return Message(
        id=message_id(post.room_id, known.seq),
        room=slug,
        seq=known.seq,
        changed_seq=known.seq,
        client_id=post.client_id,
        sender=post.sender,
        type="text",
        body=body,
        mentions=[],
        created_at=rfc3339(known.created_at),
        edited_at=None,
        deleted_at=deleted_at,
        uploads=[],
        reactions=[],
        not_for_ai=True if post.not_for_ai else UNSET,
    )
