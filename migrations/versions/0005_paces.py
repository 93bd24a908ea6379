"""How often answers are asked for and what catch-ups hold of the budgets, both for all workers; when to ask a busy provider again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paces",
        sa.Column("scope", sa.String(10), nullable=False),
        sa.Column("key", sa.String(20), nullable=False),
        sa.Column("whole_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_paces"),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("person_id", sa.String(16), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=False),
        sa.Column("assistant_id", sa.String(16), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.add_column("runs", sa.Column("retry_after", sa.Float(), nullable=True))


def downgrade() -> None:
    op.execute("ALTER TABLE runs DROP COLUMN retry_after")
    op.drop_table("holds")
    op.drop_table("paces")
