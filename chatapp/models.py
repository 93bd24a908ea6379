"""The tables. Times are milliseconds since the epoch (BIGINT); ids are random text, rooms have a number inside.

The database is the log: `changes` holds one row for each number of a room, written in the transaction that makes
the change. Everything else here is the current state that those changes led to.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from .extensions import Base

# SQLite numbers rows by itself only in a column of exactly this type.
RoomId = BigInteger().with_variant(Integer(), "sqlite")


class User(Base):
    """A person, a guest, an assistant or the system itself."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    # The canonical name of those whose name is theirs alone (accounts, assistants); NULL for guests.
    name_key: Mapped[str | None] = mapped_column(String(128), unique=True)
    # The name as it is looked for behind an @ (store/naming.py).
    mention_key: Mapped[str | None] = mapped_column(String(256), index=True)
    kind: Mapped[str] = mapped_column(String(16))  # person, guest, assistant, system
    password_hash: Mapped[str | None] = mapped_column(Text)
    is_admin: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[int] = mapped_column(BigInteger)


class Session(Base):
    """A signed-in browser or device: a random secret, stored hashed, revocable at once."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id"), Index(None, "revoked_at"))

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(
        String(64), unique=True
    )  # SHA-256 of the secret, in hex
    kind: Mapped[str] = mapped_column(String(16))  # cookie, token
    label: Mapped[str] = mapped_column(
        String(120)
    )  # what the person recognises it by: browser, app
    created_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_reason: Mapped[str | None] = mapped_column(String(24))  # as session_revoked says it
    # ms; use does not prolong it, only a refresh does. NULL: 30 days from the last use
    lifetime: Mapped[int | None] = mapped_column(BigInteger)


class Ban(Base):
    """Somebody who may not come into a room, or (no room) not sign in at all. Lifting it deletes the row."""

    __tablename__ = "bans"
    __table_args__ = (Index(None, "user_id"), Index(None, "room_id"))

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    room_id: Mapped[int | None] = mapped_column(RoomId, ForeignKey("rooms.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    by_id: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)


class AuditEntry(Base):
    """An administrative act, done or refused. Names as they were then; nothing here refers to rows that may go."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(RoomId, primary_key=True, autoincrement=True)
    at: Mapped[int] = mapped_column(BigInteger)
    actor_id: Mapped[str | None] = mapped_column(String(16))  # NULL: by a command on the server
    actor_name: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(64))  # id of a person or session, slug of a room
    target_name: Mapped[str] = mapped_column(String(80))
    room: Mapped[str | None] = mapped_column(String(64))
    result: Mapped[str] = mapped_column(String(16))  # done, or the code of the refusal
    details: Mapped[str] = mapped_column(String(200))


class Room(Base):
    """A sequence of changes and who may see it. A direct conversation is a room of two."""

    __tablename__ = "rooms"

    id: Mapped[int] = mapped_column(RoomId, primary_key=True, autoincrement=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16))  # public, private, direct
    retention: Mapped[str] = mapped_column(String(16))  # forever, live, or a number of days
    epoch: Mapped[str] = mapped_column(
        String(16)
    )  # random; another one tells clients to start afresh
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    members_count: Mapped[int] = mapped_column(
        Integer, default=0
    )  # people and guests, not assistants
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[int] = mapped_column(BigInteger)
    occupied_at: Mapped[int | None] = mapped_column(
        BigInteger
    )  # `live`: when somebody was last seen there
    turns: Mapped[str] = mapped_column(
        String(16), server_default="mentioned"
    )  # which assistants answer what mentions none of them: mentioned, always, round_robin
    ai_tokens_per_day: Mapped[int | None] = mapped_column(BigInteger)
    ai_cost_per_day: Mapped[int | None] = mapped_column(BigInteger)  # millionths


class Membership(Base):
    """Somebody's place in a room, with the read cursor. Rights are looked up here and nowhere else."""

    __tablename__ = "memberships"
    __table_args__ = (Index(None, "user_id"),)

    room_id: Mapped[int] = mapped_column(
        ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(16))  # owner, moderator, member, readonly
    read_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    joined_at: Mapped[int] = mapped_column(BigInteger)
    # An assistant's: mentioned, always, never; NULL as mentioned.
    speaks: Mapped[str | None] = mapped_column(String(16))
    # What this person posts here is marked "not for AI".
    not_for_ai: Mapped[bool] = mapped_column(default=False, server_default=false())


class Message(Base):
    """A message at its place `seq`; `changed_seq` is the number of its latest change."""

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "room_id", "changed_seq", unique=True),
        Index(None, "sender_id", "client_id", unique=True),
        {"sqlite_with_rowid": False},
    )

    room_id: Mapped[int] = mapped_column(
        ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    changed_seq: Mapped[int] = mapped_column(BigInteger)
    sender_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    client_id: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str | None] = mapped_column(
        String(32)
    )  # of the payload: tells a retry from a re-used key
    type: Mapped[str] = mapped_column(String(16))  # text, system
    body: Mapped[str] = mapped_column(Text)
    params: Mapped[str | None] = mapped_column(Text)  # JSON object, for system messages
    reply_to: Mapped[int | None] = mapped_column(BigInteger)  # seq in the same room
    mentions: Mapped[str | None] = mapped_column(
        Text
    )  # JSON [[user_id, start, length], …], as in `mentions`
    status: Mapped[str | None] = mapped_column(String(16))  # an assistant's message only
    created_at: Mapped[int] = mapped_column(BigInteger)
    edited_at: Mapped[int | None] = mapped_column(BigInteger)
    deleted_at: Mapped[int | None] = mapped_column(BigInteger)
    # No assistant is ever shown it.
    not_for_ai: Mapped[bool] = mapped_column(default=False, server_default=false())


class MessageVersion(Base):
    """An earlier text of a message: before an edit, or an assistant's earlier answer."""

    __tablename__ = "message_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["room_id", "seq"], ["messages.room_id", "messages.seq"], ondelete="CASCADE"
        ),
    )

    room_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)  # when this text was replaced
    by_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))


class Change(Base):
    """One number of a room. The numbers of a room are exactly 1..rooms.last_seq."""

    __tablename__ = "changes"
    __table_args__ = (
        # The few that are not a message's, found without reading the others.
        Index(
            "ix_changes_with_data",
            "room_id",
            "seq",
            sqlite_where=text("data IS NOT NULL"),
            postgresql_where=text("data IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},
    )

    room_id: Mapped[int] = mapped_column(
        ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(
        String(16)
    )  # message, edit, delete, reaction, run, room, role, member
    subject: Mapped[str | None] = mapped_column(
        String(40)
    )  # seq of the message, or id of the person
    by_id: Mapped[str | None] = mapped_column(String(16))
    at: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[str | None] = mapped_column(Text)  # JSON, what a `room` event carries


class Mention(Base):
    """A person or assistant named in a message: one row each, for counting."""

    __tablename__ = "mentions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["room_id", "seq"], ["messages.room_id", "messages.seq"], ondelete="CASCADE"
        ),
        Index(None, "room_id", "seq"),
        {"sqlite_with_rowid": False},
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    room_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class Reaction(Base):
    """One person's emoji on a message."""

    __tablename__ = "reactions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["room_id", "seq"], ["messages.room_id", "messages.seq"], ondelete="CASCADE"
        ),
        {"sqlite_with_rowid": False},
    )

    room_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    emoji: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)


class SpentKey(Base):
    """The key of a message whose row is gone (retention): keys are never used twice."""

    __tablename__ = "spent_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)

    sender_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)


class Run(Base):
    """An assistant's answer being made. It belongs to the room, not to a socket."""

    __tablename__ = "runs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["room_id", "seq"], ["messages.room_id", "messages.seq"], ondelete="CASCADE"
        ),
        Index(None, "state", "room_id"),
        Index(None, "room_id", "question_seq"),
        Index(None, "asker_id", "started_at"),
    )

    room_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    assistant_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    asker_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    question_seq: Mapped[int] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column(
        Integer, default=1
    )  # fences: a late finish by an old owner is refused
    state: Mapped[str] = mapped_column(
        String(16)
    )  # queued, thinking, streaming, done, stopped, failed, interrupted
    hops: Mapped[int] = mapped_column(Integer, default=1)  # how far from a person's message
    owner: Mapped[str | None] = mapped_column(String(40))  # the worker that holds the lease
    lease_until: Mapped[int | None] = mapped_column(BigInteger)  # by the database's clock
    text: Mapped[str] = mapped_column(Text, default="")  # saved about once a second while it grows
    queued_at: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[int | None] = mapped_column(BigInteger)
    first_token_at: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    stopped_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    error: Mapped[str | None] = mapped_column(String(32))
    model: Mapped[str | None] = mapped_column(String(120))
    prompt_version: Mapped[str | None] = mapped_column(String(32))
    context: Mapped[str | None] = mapped_column(Text)  # JSON: the places of the messages it saw
    prompt_tokens: Mapped[int | None] = mapped_column(Integer)
    completion_tokens: Mapped[int | None] = mapped_column(Integer)
    prompt_estimate: Mapped[int | None] = mapped_column(Integer)  # tokens, by our own count
    left_out: Mapped[int] = mapped_column(Integer, server_default="0")  # messages that did not fit
    truncated: Mapped[bool] = mapped_column(default=False, server_default=false())
    cost: Mapped[int | None] = mapped_column(BigInteger)  # millionths; NULL: no price known
    prefix: Mapped[str | None] = mapped_column(Text)  # the text that this attempt continues
    # What the budgets of `held_day` keep for this answer until it has ended.
    held_tokens: Mapped[int] = mapped_column(BigInteger, server_default="0")
    held_cost: Mapped[int] = mapped_column(BigInteger, server_default="0")
    held_day: Mapped[str | None] = mapped_column(String(10))


class Assistant(Base):
    """How an assistant is set up. Its name is its user's; `room_id`: the one room whose own it is."""

    __tablename__ = "assistants"
    __table_args__ = (Index(None, "room_id"),)

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    avatar: Mapped[str | None] = mapped_column(String(32))  # an emoji, or a colour as #rrggbb
    persona: Mapped[str] = mapped_column(Text, server_default="")
    provider: Mapped[str] = mapped_column(String(40), server_default="")  # empty: the first one
    model: Mapped[str | None] = mapped_column(String(120))  # NULL: the provider's own
    temperature: Mapped[float | None] = mapped_column(Float)
    tools: Mapped[bool] = mapped_column(default=True, server_default=true())
    tokens_per_day: Mapped[int | None] = mapped_column(BigInteger)
    cost_per_day: Mapped[int | None] = mapped_column(BigInteger)  # millionths
    created_at: Mapped[int] = mapped_column(BigInteger)
    retired_at: Mapped[int | None] = mapped_column(BigInteger)


class Spending(Base):
    """What answers used on one day (UTC) of a person's, a room's or an assistant's budget, and what is held for those being written."""

    __tablename__ = "spendings"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    scope: Mapped[str] = mapped_column(String(10), primary_key=True)  # person, room, assistant
    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    tokens: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[int] = mapped_column(BigInteger)
    held_tokens: Mapped[int] = mapped_column(BigInteger)
    held_cost: Mapped[int] = mapped_column(BigInteger)


class ToolUse(Base):
    """One use of a tool in an answer. `pending`: it waits for the asker's approval until `expires_at`."""

    __tablename__ = "tool_uses"
    __table_args__ = (
        ForeignKeyConstraint(
            ["room_id", "seq"], ["messages.room_id", "messages.seq"], ondelete="CASCADE"
        ),
        Index(None, "room_id", "seq"),
        Index(None, "asker_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    room_id: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column(Integer)
    asker_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    tool: Mapped[str] = mapped_column(String(40))
    arguments: Mapped[str] = mapped_column(Text)  # JSON
    # running, pending, approved, refused, expired, done, failed
    state: Mapped[str] = mapped_column(String(16))
    result: Mapped[str | None] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)


class SearchDocument(Base):
    """PostgreSQL's search index. SQLite keeps the same terms in the FTS5 table `search` (see store/search.py)."""

    __tablename__ = "search_documents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["room_id", "seq"], ["messages.room_id", "messages.seq"], ondelete="CASCADE"
        ),
        Index("ix_search_documents_terms", "terms", postgresql_using="gin"),
        {"info": {"only": "postgresql"}},
    )

    room_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    terms: Mapped[str] = mapped_column(TSVECTOR)
