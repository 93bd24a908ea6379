"""What an answer grows by is saved piece by piece, not its whole text each time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# An answer that was being written when the old version stopped: its text follows what it was to go on from.
_KEEP = """INSERT INTO run_pieces (room_id, seq, start, text)
    SELECT room_id, seq, length(COALESCE(prefix, '')), substr(text, length(COALESCE(prefix, '')) + 1)
    FROM runs WHERE state = 'streaming' AND length(text) > length(COALESCE(prefix, ''))"""
_ACTIVE = "SELECT room_id, seq, prefix FROM runs WHERE state IN ('queued', 'thinking', 'streaming')"
_PIECES = sa.text("SELECT text FROM run_pieces WHERE room_id = :room AND seq = :seq ORDER BY start")
_WHOLE = sa.text("UPDATE runs SET text = :text WHERE room_id = :room AND seq = :seq")


def upgrade() -> None:
    op.create_table(
        "run_pieces",
        sa.Column("room_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id", "seq"], ["runs.room_id", "runs.seq"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", "seq", "start"),
        sqlite_with_rowid=False,
    )
    op.execute(_KEEP)
    op.drop_column("runs", "text")


def downgrade() -> None:
    op.add_column("runs", sa.Column("text", sa.Text(), nullable=False, server_default=""))
    bind = op.get_bind()
    for room, seq, prefix in bind.execute(sa.text(_ACTIVE)).all():
        place = {"room": room, "seq": seq}
        pieces = bind.execute(_PIECES, place).scalars()
        bind.execute(_WHOLE, {**place, "text": (prefix or "") + "".join(pieces)})
    op.drop_table("run_pieces")
