"""Receipts name no address of a provider, and keep no words that a search found: messages are deleted where they stand."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Where `model` has a host or a port before its slash: a provider is called by its name in the settings since.
_AT = {"sqlite": "instr(model, '/')", "postgresql": "strpos(model, '/')"}
_FORGET_ADDRESS = (
    "UPDATE runs SET model = substr(model, {at}) WHERE {at} > 1"
    " AND (substr(model, 1, {at}) LIKE '%.%' OR substr(model, 1, {at}) LIKE '%:%')"
)


def upgrade() -> None:
    op.execute(_FORGET_ADDRESS.format(at=_AT[op.get_bind().dialect.name]))
    op.execute("UPDATE tool_uses SET result = NULL WHERE tool = 'search_room'")


def downgrade() -> None:
    """What is forgotten does not come back."""
