"""What is said in rooms: the log of changes, and the state that it led to."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from chatapp.extensions import Base


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


class Message(Base):
    """A message at its place `seq`; `changed_seq` is the number of its latest change."""

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "room_id", "changed_seq", unique=True),
        # The key of a client first: keys that begin with the time are written side by side, whoever sends.
        Index(None, "client_id", "sender_id", unique=True),
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
    """The key of a message whose row is gone (retention), and what it was used for: keys are never used twice.

    Of keys that were spent before migration 0008 only the key is known.
    """

    __tablename__ = "spent_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)

    sender_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    room_id: Mapped[int | None] = mapped_column(BigInteger)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[int | None] = mapped_column(BigInteger)
    deleted_at: Mapped[int | None] = mapped_column(BigInteger)  # by somebody, or by retention


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
