"""The database's schema: bring it up to the code's, or say in a sentence why not.

`python -m chatapp.store.schema upgrade` migrates under a lock, so that several servers may start at once.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

from chatapp.config import SettingsError, load

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
_ADVISORY_LOCK = 0x63686174  # "chat": any number of ours, the same in every process


class SchemaError(SettingsError):
    """The database that DATABASE_URL names is not one for this code; one sentence for who starts the server."""


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["url"] = url
    return config


def included(dialect: str) -> Callable[..., bool]:
    """Alembic's include_object: FTS5's own tables are not ours to compare, and some tables are one database's only."""

    def include(
        obj: Any, name: str | None, type_: str, _reflected: bool, _compare_to: object
    ) -> bool:
        if type_ == "table":
            only = obj.info.get("only")
            return not (name or "").startswith("search") if only is None else only == dialect
        return True

    return include


def head() -> str:
    """The revision that this code needs."""
    revision = ScriptDirectory.from_config(_config("")).get_current_head()
    assert revision is not None
    return revision


def current(engine: Engine) -> str | None:
    """The revision of the database; None while it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check(engine: Engine) -> None:
    """Raise SchemaError unless the database has exactly the code's schema."""
    found, wanted = current(engine), head()
    if found == wanted:
        return
    known = {
        script.revision for script in ScriptDirectory.from_config(_config("")).walk_revisions()
    }
    if found is not None and found not in known:
        raise SchemaError(
            f"The database's schema ({found}) is newer than this version of chatapp ({wanted}): update chatapp."
        )
    raise SchemaError(
        f"The database's schema ({found or 'empty'}) is older than this version of chatapp ({wanted}): "
        "run `.venv/bin/flask --app wsgi db upgrade`."
    )


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate up, one process at a time. Raises SchemaError."""
    engine = create_engine(url, poolclass=pool.NullPool)
    try:
        with _lock(engine, url):
            found = current(engine)
            if found is not None and found not in {
                script.revision
                for script in ScriptDirectory.from_config(_config("")).walk_revisions()
            }:
                check(engine)
            if found != head() or revision != "head":
                command.upgrade(_config(url), revision)
                _set_up(engine)
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise SchemaError(f"The database of DATABASE_URL cannot be used: {reason}.") from None
    finally:
        engine.dispose()


def downgrade(url: str, revision: str = "base") -> None:
    """Migrate down."""
    command.downgrade(_config(url), revision)


def _set_up(engine: Engine) -> None:
    # While nobody else is there: two connections that change it at one time are both told "locked", at once.
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")


@contextmanager
def _lock(engine: Engine, url: str) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(f"{path.name}.migrating").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_LOCK})


def main(arguments: list[str]) -> int:
    """`upgrade`: migrate the database of the settings. Exit status 2 with a sentence when it cannot be done."""
    if arguments != ["upgrade"]:
        sys.stderr.write("usage: python -m chatapp.store.schema upgrade\n")
        return 2
    try:
        upgrade(load().database_url)
    except SettingsError as error:
        sys.stderr.write(f"chatapp: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
