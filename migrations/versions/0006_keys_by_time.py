"""Keys of messages lie in the order in which clients make them, not each sender's apart."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OLD, NEW = "ix_messages_sender_id_client_id", "ix_messages_client_id_sender_id"


def upgrade() -> None:
    op.create_index(NEW, "messages", ["client_id", "sender_id"], unique=True)
    op.drop_index(OLD, "messages")


def downgrade() -> None:
    op.create_index(OLD, "messages", ["sender_id", "client_id"], unique=True)
    op.drop_index(NEW, "messages")
