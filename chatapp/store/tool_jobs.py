"""Uses of tools by answers: noted, approved or refused by the asker, and how they ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from chatapp.errors import not_found
from chatapp.payloads import User

from . import messages
from .sql import Connection, Statement
from .tx import Tx

APPROVAL_MS = 60_000  # so long the asker is waited for
RESULT_LENGTH = 4_000  # code points that are kept

_ADD = Statement(
    "INSERT INTO tool_uses (id, room_id, seq, attempt, asker_id, tool, arguments, state, at, expires_at)"
    " VALUES (:id, :room, :seq, :attempt, :asker, :tool, :arguments, :state, :at, :expires)"
)
_SET = Statement("UPDATE tool_uses SET state = :state, result = :result WHERE id = :id")
# A question stands as long as the attempt that asks is being carried out.
_STANDS = (
    "t.state = 'pending' AND t.expires_at > :now AND EXISTS (SELECT 1 FROM runs r WHERE r.room_id = t.room_id"
    " AND r.seq = t.seq AND r.attempt = t.attempt AND r.state IN ('thinking', 'streaming'))"
)
_SAY = (
    "UPDATE tool_uses AS t SET state = :state WHERE t.id = :id AND t.asker_id = :asker AND {stands}"
)
_ANSWER = Statement(_SAY.format(stands=_STANDS))
_EXPIRE = Statement("UPDATE tool_uses SET state = 'expired' WHERE id = :id AND state = 'pending'")
_STATE = Statement("SELECT state FROM tool_uses WHERE id = :id")
_WAITING = """SELECT t.id, t.room_id, t.seq, t.tool, t.arguments, t.expires_at, u.id, u.name, u.kind FROM tool_uses t
    JOIN runs a ON a.room_id = t.room_id AND a.seq = t.seq JOIN users u ON u.id = a.assistant_id
    WHERE t.asker_id = :asker AND t.room_id = :room AND {stands} ORDER BY t.at"""
_PENDING = Statement(_WAITING.format(stands=_STANDS))


@dataclass(slots=True, frozen=True)
class Pending:
    """A tool that waits for the asker's word. `expires_at` in milliseconds."""

    id: str
    room_id: int
    seq: int
    tool: str
    arguments: dict[str, Any]
    expires_at: int
    assistant: User


@dataclass(slots=True)
class AddToolUse:
    """An attempt is about to use a tool; `asks`: once the asker has approved it. The result: until when that may be, in ms."""

    id: str
    room_id: int
    seq: int
    attempt: int
    asker_id: str
    tool: str
    arguments: dict[str, Any]
    asks: bool

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> int:
        expires = tx.now + APPROVAL_MS
        tx.run(
            _ADD,
            id=self.id,
            room=self.room_id,
            seq=self.seq,
            attempt=self.attempt,
            asker=self.asker_id,
            tool=self.tool,
            arguments=msgspec.json.encode(self.arguments).decode(),
            state="pending" if self.asks else "running",
            at=tx.now,
            expires=expires if self.asks else None,
        )
        return expires


@dataclass(slots=True)
class AnswerTool:
    """The asker's word. Raises `not_found` when it is not theirs to say, or too late."""

    id: str
    asker_id: str
    approve: bool

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        state = "approved" if self.approve else "refused"
        if not tx.run(_ANSWER, id=self.id, asker=self.asker_id, state=state, now=tx.now):
            raise not_found("question")


@dataclass(slots=True)
class ExpireTool:
    """Nobody is waited for any longer. The result: how it stands, which may be an answer that came at the last moment."""

    id: str

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> str:
        tx.run(_EXPIRE, id=self.id)
        return str(tx.value(_STATE, id=self.id))


@dataclass(slots=True)
class EndToolUse:
    """How it went."""

    id: str
    state: str
    result: str

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        tx.run(_SET, id=self.id, state=self.state, result=self.result[:RESULT_LENGTH])


def state(db: Connection, use_id: str) -> str | None:
    """How a use stands."""
    found = db.value(_STATE, id=use_id)
    return None if found is None else str(found)


def pending(db: Connection, asker_id: str, room_id: int, now: int) -> list[Pending]:
    """What waits for a person's word in a room."""
    rows = db.all(_PENDING, asker=asker_id, room=room_id, now=now)
    return [
        Pending(
            use, room, seq, tool, msgspec.json.decode(arguments), expires, messages.user(tuple(who))
        )
        for use, room, seq, tool, arguments, expires, *who in rows
    ]
