"""The record of administrative acts: written in the transaction of the act itself."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.payloads import User

from .sql import Statement
from .tx import Tx

DETAILS = 200

_INSERT = Statement(
    "INSERT INTO audit (at, actor_id, actor_name, action, target, target_name, room, result, details)"
    " VALUES (:at, :actor, :actor_name, :action, :target, :target_name, :room, :result, :details)"
)


def note(
    tx: Tx,
    by: User | None,
    action: str,
    target: str,
    target_name: str = "",
    *,
    room: str | None = None,
    result: str = "done",
    details: str = "",
) -> None:
    """Record that `by` (None: a command on the server) did `action` to `target`. `result`: done, or a refusal's code."""
    tx.run(
        _INSERT,
        at=tx.now,
        actor=by.id if by else None,
        actor_name=by.name if by else "",
        action=action,
        target=target[:64],
        target_name=target_name[:80],
        room=room,
        result=result,
        details=details[:DETAILS],
    )


@dataclass(slots=True)
class NoteRefusal:
    """Record an administrative act that was refused."""

    by: User
    action: str
    target: str

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        note(tx, self.by, self.action, self.target, result="forbidden")
