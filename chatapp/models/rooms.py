"""Rooms, and who is in them."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from chatapp.extensions import Base

from .columns import RoomId


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
    # Messages with numbers up to this one are in the search index.
    indexed_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
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
