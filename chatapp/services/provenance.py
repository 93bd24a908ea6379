"""What an assistant's answer was made from: "What did it see?"."""

from __future__ import annotations

import msgspec

from chatapp.clock import rfc3339
from chatapp.errors import not_found
from chatapp.ids import message_id as public_id
from chatapp.ids import parse_message_id
from chatapp.payloads import User
from chatapp.payloads.http import RunReport
from chatapp.store import reading
from chatapp.store.database import Database
from chatapp.store.sql import Statement

_RUN = Statement(
    """SELECT r.attempt, r.state, r.question_seq, r.model, r.prompt_version, r.context, r.prompt_tokens,
    r.completion_tokens, r.queued_at, r.first_token_at, r.ended_at, r.error, u.id, u.name, u.kind
    FROM runs r JOIN users u ON u.id = r.asker_id WHERE r.room_id = :room AND r.seq = :seq"""
)
_places = msgspec.json.Decoder(list[int])


def run_report(database: Database, user: User, message_id: str) -> RunReport:
    """The run behind a message. Raises ChatError `not_found`, alike for what is no answer and what is not theirs."""
    place = parse_message_id(message_id)
    if place is None:
        raise not_found("message")
    room_id, seq = place
    with database.snapshot() as db:
        row = None
        if reading.seat_by_id(db, user.id, room_id) is not None:
            row = db.one(_RUN, room=room_id, seq=seq)
    if row is None:
        raise not_found("message")
    return RunReport(
        message_id=message_id,
        attempt=row[0],
        state=row[1],
        asker=User(*row[12:]),
        question=public_id(room_id, row[2]),
        model=row[3],
        prompt_version=row[4],
        context=[public_id(room_id, seen) for seen in _places.decode(row[5] or "[]")],
        prompt_tokens=row[6],
        completion_tokens=row[7],
        queued_at=rfc3339(row[8]),
        first_token_at=_time(row[9]),
        ended_at=_time(row[10]),
        error=row[11],
    )


def _time(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)
