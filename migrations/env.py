"""Alembic's environment: the same for `flask db …`, for the start of the server and for the tests."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

import chatapp.models  # noqa: F401  (fills the metadata)
from chatapp.extensions import Base
from chatapp.store.schema import included

url = context.config.attributes.get("url")
if url is None:
    from chatapp.config import load

    url = load().database_url


def run() -> None:
    """Run the migrations in one transaction."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            compare_type=True,
            include_object=included(connection.dialect.name),
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
