"""The promise that every answer ends, looked up in the table itself, of each server that a test leaves running."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from .waiting import eventually

if TYPE_CHECKING:
    from .server import Server

# A worker that was killed is noticed within 20 s, its answer is begun again, and a demo's long story takes a while.
PATIENCE_S = 90

_OPEN = (
    "SELECT room_id, seq, state, owner FROM runs WHERE state IN ('queued', 'thinking', 'streaming')"
)


def open_runs(env: Mapping[str, str]) -> list[Any]:
    """The answers that are not over, of the installation with these settings. Nothing where its database cannot be asked."""
    try:
        url = env.get("DATABASE_URL", "")
        if url.startswith("postgresql"):
            plain = url.replace("postgresql+psycopg:", "postgresql:", 1)
            with psycopg.connect(plain, connect_timeout=2) as connection:
                return connection.execute(_OPEN).fetchall()
        file = url.removeprefix("sqlite:///") or str(Path(env["CHATAPP_DATA_DIR"]) / "chat.sqlite3")
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            return connection.execute(_OPEN).fetchall()
    except (psycopg.Error, sqlite3.Error):
        return []  # it was taken away, or is not one of ours


def none_left(servers: list[Server]) -> None:
    """Fails if an answer is still open on a server that runs, after all that may be waited for."""
    for server in servers:
        if server.process.returncode is None and open_runs(server.env):
            eventually(
                lambda: server.process.returncode is not None or not open_runs(server.env),  # noqa: B023 (awaited here)
                within=PATIENCE_S,
                what="no answer is left open",
            )
