"""Assistants, their answers, and what these used."""

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
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from chatapp.extensions import Base


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
    queued_at: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[int | None] = mapped_column(BigInteger)
    first_token_at: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    stopped_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    error: Mapped[str | None] = mapped_column(String(32))
    retry_after: Mapped[float | None] = mapped_column(Float)  # seconds, where they are known
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


class RunPiece(Base):
    """What one save added to an answer that is being written. `start`: characters before it; gone when the answer has ended."""

    __tablename__ = "run_pieces"
    __table_args__ = (
        ForeignKeyConstraint(["room_id", "seq"], ["runs.room_id", "runs.seq"], ondelete="CASCADE"),
        {"sqlite_with_rowid": False},
    )

    room_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    text: Mapped[str] = mapped_column(Text)


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


class Pace(Base):
    """When a person's or a room's burst of questions is whole again."""

    __tablename__ = "paces"

    scope: Mapped[str] = mapped_column(String(10), primary_key=True)  # person, room
    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    whole_at: Mapped[int] = mapped_column(BigInteger)  # microseconds, by the database's clock


class Hold(Base):
    """What a day's budgets keep for a request that is no answer in a room (a catch-up), until it ends or is given up."""

    __tablename__ = "holds"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    day: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[str] = mapped_column(String(16))
    room_id: Mapped[int] = mapped_column(BigInteger)
    assistant_id: Mapped[str] = mapped_column(String(16))
    tokens: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int] = mapped_column(BigInteger)  # by the database's clock


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
