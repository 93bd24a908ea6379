"""Bans, the record of administrative acts, and sessions of a fixed length."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    room = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "bans",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("room_id", room, nullable=True),
        sa.Column("user_id", sa.String(16), nullable=False),
        sa.Column("by_id", sa.String(16), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_bans_room_id_rooms", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_bans_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bans"),
    )
    op.create_index("ix_bans_user_id", "bans", ["user_id"])
    op.create_index("ix_bans_room_id", "bans", ["room_id"])
    op.create_table(
        "audit",
        sa.Column("id", room, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.String(16), nullable=True),
        sa.Column("actor_name", sa.String(64), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("target_name", sa.String(80), nullable=False),
        sa.Column("room", sa.String(64), nullable=True),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("details", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    # When it is set, use does not prolong the session: it ends then, or is refreshed.
    op.add_column("sessions", sa.Column("lifetime", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.execute("ALTER TABLE sessions DROP COLUMN lifetime")
    op.drop_table("audit")
    op.drop_index("ix_bans_room_id", table_name="bans")
    op.drop_index("ix_bans_user_id", table_name="bans")
    op.drop_table("bans")
