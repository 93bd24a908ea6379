"""Bans, and the record of administrative acts."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chatapp.extensions import Base

from .columns import RoomId


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
