"""Statements written once for SQLite and PostgreSQL, run on a bare driver connection.

The hot path cannot afford an ORM (14,000 rows a second against 49,000), and SQLite's writer thread may not touch an
engine of the loop. So statements are text: `:name` is a parameter, `IN :[numbers]` and `IN :[names text]` lists of any length. What the two
databases spell differently is given as two texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

Row = tuple[Any, ...]

ROWS = 100  # of one INSERT

_LIST = re.compile(r":\[(\w+)(?: (text))?\]")
_VALUES = re.compile(r"(INSERT .*? VALUES )(\(.*\))([^()]*)", re.DOTALL)
_PARAMETER = re.compile(r"%\((\w+)\)s")
_NAME = re.compile(r"(?<![:\w]):(\w+)")


def _unnest(match: re.Match[str]) -> str:
    return f"(SELECT unnest(CAST(:{match[1]} AS {match[2] or 'bigint'}[])))"


class Cursor(Protocol):
    """What we need of a DB-API cursor."""

    rowcount: int

    def execute(self, sql: str, params: Mapping[str, object] = ..., /) -> Any: ...
    def executemany(self, sql: str, rows: Iterable[Mapping[str, object]], /) -> Any: ...
    def fetchall(self) -> list[Row]: ...
    def fetchone(self) -> Row | None: ...


class Statement:
    """One statement in the words of both databases."""

    __slots__ = ("_inserts", "postgres", "sqlite")

    def __init__(self, text: str, postgres: str | None = None) -> None:
        self.sqlite = _LIST.sub(r"(SELECT value FROM json_each(:\1))", text)
        other = _LIST.sub(_unnest, postgres or text).replace("%", "%%")
        self.postgres = _NAME.sub(r"%(\1)s", other)
        self._inserts: dict[int, str] = {}

    def insert(self, rows: int) -> str:
        """For PostgreSQL: `INSERT … VALUES (…)` with that many rows, whose parameters end in `_0`, `_1`, …"""
        text = self._inserts.get(rows)
        if text is None:
            match = _VALUES.fullmatch(self.postgres)
            assert match is not None, f"no single row of values in {self.postgres}"
            head, row, tail = match.groups()
            each = [_PARAMETER.sub(rf"%(\1_{number})s", row) for number in range(rows)]
            text = self._inserts[rows] = f"{head}{', '.join(each)}{tail}"
        return text


class Connection:
    """A driver connection that runs Statements; says nothing about transactions."""

    def __init__(self, cursor: Cursor, dialect: str) -> None:
        self.cursor = cursor
        self.dialect = dialect
        self._sqlite = dialect == "sqlite"

    def _prepare(self, statement: Statement, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if not self._sqlite:
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

    def many(self, statement: Statement, rows: list[dict[str, Any]]) -> None:
        """Execute once for each row. On PostgreSQL an INSERT takes many rows at a time: a round trip for each would
        be most of a batch's time."""
        if self._sqlite:
            self.cursor.executemany(statement.sqlite, rows)
            return
        for start in range(0, len(rows), ROWS):
            page = rows[start : start + ROWS]
            values: dict[str, Any] = {}
            for number, row in enumerate(page):
                values.update({f"{name}_{number}": value for name, value in row.items()})
            self.cursor.execute(statement.insert(len(page)), values)
