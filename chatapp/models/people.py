"""People, and where they are signed in."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chatapp.extensions import Base


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
