"""Defects of what is stored, put into a worker before it serves, so that it can be shown that the checker finds them.

What is only told wrongly is spoiled on its way (tests/faults/spoiling.py); these four no place outside of the product can feign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

DEFECTS: dict[str, Callable[[], None]] = {}


def put(owner: Any, name: str, value: object) -> None:
    """Replace what a module or class of the product has under this name; that it is gone from there is an error."""
    if not hasattr(owner, name):
        raise AttributeError(f"{owner!r} has no {name} any more: mend tests/faults/defects.py")
    setattr(owner, name, value)


def spoiled(slug: str, name: str) -> bool:
    """Whether a room is one for this defect."""
    return f"-{name}-" in slug


def defect(function: Callable[[], None]) -> Callable[[], None]:
    DEFECTS[function.__name__] = function
    return function


@defect
def no_deduplication() -> None:
    """A repeated send is stored again."""
    from chatapp.store import posting
    from chatapp.store.tx import Tx

    look_up = posting._look_up

    def some(tx: Tx, jobs: Sequence[Any]) -> list[Any]:
        tx.cursor.execute("DROP INDEX IF EXISTS ix_messages_client_id_sender_id")
        found = look_up(tx, jobs)
        return [
            (role, hides, None)
            if spoiled(tx.room(job.room_id).slug, "no_deduplication")
            else (role, hides, stored)
            for job, (role, hides, stored) in zip(jobs, found, strict=True)
        ]

    put(posting, "_look_up", some)


@defect
def miscounts_mentions() -> None:
    """The list of somebody's rooms counts one mention too many."""
    from chatapp.store import reading
    from chatapp.store.sql import Statement

    rooms = Statement("SELECT id, slug FROM rooms")
    news_of_all = reading.news_of_all

    def more(db: Any, user_id: str) -> dict[int, tuple[int, int, int | None]]:
        slugs = {row[0]: row[1] for row in db.all(rooms)}
        return {
            room: (unread, mentions + spoiled(slugs[room], "miscounts_mentions"), place)
            for room, (unread, mentions, place) in news_of_all(db, user_id).items()
        }

    put(reading, "news_of_all", more)


@defect
def ack_before_commit() -> None:
    """Messages are answered for, and committed with the messages that come next."""
    from chatapp.store import backends
    from chatapp.store.posting import PostMessage
    from chatapp.store.tx import Tx

    def transact(self: Any, jobs: Sequence[Any]) -> Any:
        cursor = self._cursor()
        posts = any(isinstance(job, PostMessage) for job in jobs)
        if posts and cursor.connection.in_transaction:
            cursor.execute("COMMIT")
        opened = not cursor.connection.in_transaction
        if opened:
            self._begin(cursor)
        tx = Tx(cursor, self.dialect)
        outcomes = backends.run_jobs(tx, jobs)
        if opened and not posts:
            cursor.execute("COMMIT")
        return outcomes, tx.told

    put(backends.SqliteBackend, "_transact", transact)


@defect
def no_heads() -> None:
    """Numbers are not compared with the database."""
    from chatapp.realtime.relay import Relay

    put(Relay, "_read_heads", lambda self: None)
