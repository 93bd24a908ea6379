"""The growing texts of answers: what each save adds is a row of its own, until the answer ends and its message has the whole.

A save that wrote the whole text again would cost more the longer an answer is; and what answers store, everybody's
messages wait behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .sql import Connection, Insert, Statement
from .tx import Tx

# A piece at the same place is the same one saved again, for want of an answer, and with what has come since.
_PIECES = Insert(
    "run_pieces",
    {"room_id": "bigint", "seq": "bigint", "start": "bigint", "text": "text"},
    "ON CONFLICT (room_id, seq, start) DO UPDATE SET text = excluded.text",
)
# No other answer of these rooms is locked: it may be another worker's, who saves it at the same moment.
_ACTIVE = (
    "SELECT room_id, seq, attempt, state FROM runs WHERE state IN ('thinking', 'streaming')"
    " AND room_id IN :[rooms] AND (room_id || '-' || seq) IN :[places text] ORDER BY room_id, seq"
)
_WRITING = Statement(_ACTIVE, _ACTIVE + " FOR NO KEY UPDATE")
_FIRST = Statement(
    "UPDATE runs SET state = 'streaming', first_token_at = :at WHERE room_id = :room AND seq = :seq"
)
_STREAMING = Statement(
    "UPDATE messages SET status = 'streaming' WHERE room_id = :room AND seq = :seq AND status = 'thinking'"
)
_PREFIX = Statement("SELECT prefix FROM runs WHERE room_id = :room AND seq = :seq")
_SAVED = Statement(
    "SELECT text FROM run_pieces WHERE room_id = :room AND seq = :seq ORDER BY start"
)
_FORGET = Statement("DELETE FROM run_pieces WHERE room_id = :room AND seq = :seq")


@dataclass(slots=True, frozen=True)
class Piece:
    """What an attempt adds to its text. `start`: characters before it, those that it goes on from included."""

    room_id: int
    seq: int
    attempt: int
    start: int
    text: str

    @property
    def key(self) -> tuple[int, int, int]:
        """The attempt."""
        return (self.room_id, self.seq, self.attempt)


@dataclass(slots=True)
class SaveTexts:
    """Save what answers have grown by, all in one. Takes no number.

    The result: (room, seq, attempt) of those that are over; nothing of them is saved.
    """

    pieces: Sequence[Piece]

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> set[tuple[int, int, int]]:
        rooms = sorted({piece.room_id for piece in self.pieces})
        places = [f"{piece.room_id}-{piece.seq}" for piece in self.pieces]
        states = {row[:3]: row[3] for row in tx.all(_WRITING, rooms=rooms, places=places)}
        kept = [piece for piece in self.pieces if piece.key in states]
        for piece in kept:
            if states[piece.key] == "thinking":
                tx.run(_FIRST, room=piece.room_id, seq=piece.seq, at=tx.now)
                tx.run(_STREAMING, room=piece.room_id, seq=piece.seq)
        tx.insert(_PIECES, [(piece.room_id, piece.seq, piece.start, piece.text) for piece in kept])
        return {piece.key for piece in self.pieces} - states.keys()


def prefix(db: Connection, room_id: int, seq: int) -> str:
    """The text that the present attempt continues; empty for most."""
    return db.value(_PREFIX, room=room_id, seq=seq) or ""


def saved(db: Connection, room_id: int, seq: int) -> str:
    """The text so far of an answer that has not ended, with what it continues. Hold the run, or it may grow meanwhile."""
    pieces = db.all(_SAVED, room=room_id, seq=seq)
    return prefix(db, room_id, seq) + "".join(text for (text,) in pieces)


def forget(tx: Tx, room_id: int, seq: int) -> None:
    """The answer has ended: its message has the text."""
    tx.run(_FORGET, room=room_id, seq=seq)
