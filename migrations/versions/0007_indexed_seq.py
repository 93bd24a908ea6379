"""A room knows up to which number its messages are in the search index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "rooms", sa.Column("indexed_seq", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.execute("UPDATE rooms SET indexed_seq = last_seq")


def downgrade() -> None:
    op.drop_column("rooms", "indexed_seq")
