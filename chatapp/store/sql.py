"""Statements written once for SQLite and PostgreSQL, run on a bare driver connection.

The hot path cannot afford an ORM (14,000 rows a second against 49,000), and SQLite's writer thread may not touch an
engine of the loop. So statements are text: `:name` is a parameter, `IN :[numbers]` and `IN :[names text]` lists of any length. What the two
databases spell differently is given as two texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

Row = tuple[Any, ...]

_LIST = re.compile(r":\[(\w+)(?: (text))?\]")
_NAME = re.compile(r"(?<![:\w]):(\w+)")


def _unnest(match: re.Match[str]) -> str:
    return f"(SELECT unnest(CAST(:{match[1]} AS {match[2] or 'bigint'}[])))"


class Cursor(Protocol):
    """What we need of a DB-API cursor."""

    rowcount: int

    def execute(
        self, sql: str, params: Mapping[str, object] | Sequence[object] = ..., /
    ) -> Any: ...
    def executemany(self, sql: str, rows: Iterable[Sequence[object]], /) -> Any: ...
    def fetchall(self) -> list[Row]: ...
    def fetchone(self) -> Row | None: ...


class Statement:
    """One statement in the words of both databases."""

    __slots__ = ("postgres", "sqlite")

    def __init__(self, text: str, postgres: str | None = None) -> None:
        self.sqlite = _LIST.sub(r"(SELECT value FROM json_each(:\1))", text)
        other = _LIST.sub(_unnest, postgres or text).replace("%", "%%")
        self.postgres = _NAME.sub(r"%(\1)s", other)


class Insert:
    """Rows for a table, any number at a time: one statement, prepared once, whatever their number.

    On PostgreSQL the rows go as one JSON array in one round trip: a round trip for each would be most of a batch's time,
    and the driver's own arrays cost more than the rows.
    """

    __slots__ = ("postgres", "sqlite")

    def __init__(self, table: str, columns: Mapping[str, str], rest: str = "") -> None:
        """`columns`: names and PostgreSQL's types; a type with a `{}` is an expression of the JSON value."""
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        self.sqlite = f"INSERT INTO {table} ({names}) VALUES ({marks}) {rest}"  # noqa: S608 - constants of ours
        values = ", ".join(
            kind.format(f"r.v -> {place}") if "{}" in kind else f"CAST(r.v ->> {place} AS {kind})"
            for place, kind in enumerate(columns.values())
        )
        self.postgres = (
            f"INSERT INTO {table} ({names}) SELECT {values}"  # noqa: S608 - constants of ours
            f" FROM jsonb_array_elements(CAST(%s AS jsonb)) AS r (v) {rest}"
        )


class Connection:
    """A driver connection that runs Statements; says nothing about transactions."""

    def __init__(self, cursor: Cursor, dialect: str) -> None:
        self.cursor = cursor
        self.dialect = dialect
        self.sqlite = dialect == "sqlite"

    def _prepare(self, statement: Statement, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if not self.sqlite:
            return statement.postgres, params
        for key, value in params.items():
            if type(value) is list:
                params[key] = msgspec.json.encode(value).decode()
        return statement.sqlite, params

    def all(self, statement: Statement, **params: Any) -> list[Row]:
        """Every row."""
        sql, bound = self._prepare(statement, params)
        self.cursor.execute(sql, bound)
        return self.cursor.fetchall()

    def one(self, statement: Statement, **params: Any) -> Row | None:
        """The first row, or None."""
        sql, bound = self._prepare(statement, params)
        self.cursor.execute(sql, bound)
        return self.cursor.fetchone()

    def value(self, statement: Statement, **params: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.one(statement, **params)
        return None if row is None else row[0]

    def run(self, statement: Statement, **params: Any) -> int:
        """Execute; how many rows it touched."""
        sql, bound = self._prepare(statement, params)
        self.cursor.execute(sql, bound)
        return self.cursor.rowcount

    def insert(self, insert: Insert, rows: Sequence[Sequence[Any]]) -> None:
        """Store rows, each with its values in the order of the columns."""
        if not rows:
            return
        if self.sqlite:
            self.cursor.executemany(insert.sqlite, rows)
        else:
            self.cursor.execute(insert.postgres, (msgspec.json.encode(rows).decode(),))
