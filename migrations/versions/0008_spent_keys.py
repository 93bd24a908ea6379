"""A spent key knows what it was used for: who repeats a message that is gone is told so, and not `conflict`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = {
    "room_id": sa.BigInteger(),
    "seq": sa.BigInteger(),
    "digest": sa.String(32),
    "created_at": sa.BigInteger(),
    "deleted_at": sa.BigInteger(),
}


def upgrade() -> None:
    # Of keys that are spent already nobody knows it any more: they stay empty.
    for name, kind in COLUMNS.items():
        op.add_column("spent_keys", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("spent_keys", name)
