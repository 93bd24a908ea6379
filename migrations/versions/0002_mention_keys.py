"""People are found by the name behind an @, without reading everybody in the room."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).casefold()


def upgrade() -> None:
    op.add_column("users", sa.Column("mention_key", sa.String(256), nullable=True))
    op.create_index("ix_users_mention_key", "users", ["mention_key"])
    connection = op.get_bind()
    people = connection.execute(sa.text("SELECT id, name FROM users")).all()
    if people:
        connection.execute(
            sa.text("UPDATE users SET mention_key = :key WHERE id = :id"),
            [{"id": row[0], "key": _fold(row[1])} for row in people],
        )


def downgrade() -> None:
    op.drop_index("ix_users_mention_key", "users")
    op.drop_column("users", "mention_key")
