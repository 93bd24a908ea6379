"""Types of columns that several tables share."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer

# SQLite numbers rows by itself only in a column of exactly this type.
RoomId = BigInteger().with_variant(Integer(), "sqlite")
