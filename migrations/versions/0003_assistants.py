"""Several assistants, their budgets and tools; messages that are not for AI."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _columns() -> tuple[tuple[str, tuple[sa.Column[Any], ...]], ...]:
    """Added to tables that are large or that others refer to: one statement each, no table is copied."""
    return (
        (
            "rooms",
            (
                sa.Column("turns", sa.String(16), server_default="mentioned", nullable=False),
                sa.Column("ai_tokens_per_day", sa.BigInteger(), nullable=True),
                sa.Column("ai_cost_per_day", sa.BigInteger(), nullable=True),
            ),
        ),
        (
            "memberships",
            (
                sa.Column("speaks", sa.String(16), nullable=True),
                sa.Column("not_for_ai", sa.Boolean(), server_default=sa.false(), nullable=False),
            ),
        ),
        (
            "messages",
            (sa.Column("not_for_ai", sa.Boolean(), server_default=sa.false(), nullable=False),),
        ),
        (
            "runs",
            (
                sa.Column("prompt_estimate", sa.Integer(), nullable=True),
                sa.Column("left_out", sa.Integer(), server_default="0", nullable=False),
                sa.Column("truncated", sa.Boolean(), server_default=sa.false(), nullable=False),
                sa.Column("cost", sa.BigInteger(), nullable=True),
                sa.Column("prefix", sa.Text(), nullable=True),
                sa.Column("held_tokens", sa.BigInteger(), server_default="0", nullable=False),
                sa.Column("held_cost", sa.BigInteger(), server_default="0", nullable=False),
                sa.Column("held_day", sa.String(10), nullable=True),
            ),
        ),
    )


def upgrade() -> None:
    for table, columns in _columns():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_runs_asker_id_started_at", "runs", ["asker_id", "started_at"])
    op.create_table(
        "assistants",
        sa.Column("user_id", sa.String(16), nullable=False),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("avatar", sa.String(32), nullable=True),
        sa.Column("persona", sa.Text(), server_default="", nullable=False),
        sa.Column("provider", sa.String(40), server_default="", nullable=False),
        sa.Column("model", sa.String(120), nullable=True),
        sa.Column("temperature", sa.Float(), nullable=True),
        sa.Column("tools", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("tokens_per_day", sa.BigInteger(), nullable=True),
        sa.Column("cost_per_day", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_assistants_room_id_rooms", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_assistants_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_assistants"),
    )
    op.create_index("ix_assistants_room_id", "assistants", ["room_id"])
    op.create_table(
        "spendings",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("scope", sa.String(10), nullable=False),
        sa.Column("key", sa.String(20), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("held_tokens", sa.BigInteger(), nullable=False),
        sa.Column("held_cost", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "scope", "key", name="pk_spendings"),
    )
    op.create_table(
        "tool_uses",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("asker_id", sa.String(16), nullable=False),
        sa.Column("tool", sa.String(40), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["asker_id"], ["users.id"], name="fk_tool_uses_asker_id_users"),
        sa.ForeignKeyConstraint(
            ["room_id", "seq"],
            ["messages.room_id", "messages.seq"],
            name="fk_tool_uses_room_id_seq_messages",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tool_uses"),
    )
    op.create_index("ix_tool_uses_room_id_seq", "tool_uses", ["room_id", "seq"])
    op.create_index("ix_tool_uses_asker_id_state", "tool_uses", ["asker_id", "state"])
    assistants = sa.table("assistants", sa.column("user_id"), sa.column("created_at"))
    op.bulk_insert(assistants, [{"user_id": "assistant", "created_at": int(time.time() * 1000)}])


def downgrade() -> None:
    op.drop_index("ix_runs_asker_id_started_at", table_name="runs")
    op.drop_table("tool_uses")
    op.drop_table("spendings")
    op.drop_index("ix_assistants_room_id", table_name="assistants")
    op.drop_table("assistants")
    for table, columns in reversed(_columns()):
        for column in reversed(columns):
            # Not through Alembic's batches: on SQLite those copy the table, and lose what refers to it.
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column.name}")
