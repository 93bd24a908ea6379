"""What an assistant's answer was made from: "What did it see?"."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from chatapp.clock import rfc3339
from chatapp.errors import not_found
from chatapp.ids import message_id as public_id
from chatapp.ids import parse_message_id
from chatapp.payloads import User
from chatapp.payloads.assistants import ToolState, ToolUse
from chatapp.payloads.http import RunReport
from chatapp.store import messages, reading
from chatapp.store.database import Database
from chatapp.store.run_rows import ACTIVE
from chatapp.store.sql import Statement

_RUN = Statement(
    """SELECT r.attempt, r.state, r.question_seq, r.model, r.prompt_version, r.context, r.prompt_tokens,
    r.completion_tokens, r.queued_at, r.first_token_at, r.ended_at, r.error, r.started_at, r.left_out,
    r.prompt_estimate, r.truncated, r.cost, u.id, u.name, u.kind, a.id, a.name, a.kind
    FROM runs r JOIN users u ON u.id = r.asker_id JOIN users a ON a.id = r.assistant_id
    WHERE r.room_id = :room AND r.seq = :seq"""
)
_TOOLS = Statement(
    "SELECT tool, arguments, state, result, at FROM tool_uses WHERE room_id = :room AND seq = :seq"
    " AND attempt = :attempt ORDER BY at, id"
)
RESULT = 400  # code points of a tool's result
_IDS = re.compile(r"\d+-\d+(?: \d+-\d+)*")  # of messages, where a tool's result is those
# What a use of a tool has come to whose answer ended in the middle of it.
_OVER: dict[str, ToolState] = {"pending": "expired", "running": "failed"}
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
        tools = db.all(_TOOLS, room=room_id, seq=seq, attempt=row[0])
        seen = _seen(_places.decode(row[5] or "[]"), (tool[3] for tool in tools))
        used = messages.replies(db, room_id, seen)
    over: dict[str, ToolState] = {} if row[1] in ACTIVE else _OVER
    provider = (row[3] or "").partition("/")[0]
    return RunReport(
        message_id=message_id,
        attempt=row[0],
        state=row[1],
        asker=User(*row[17:20]),
        question=public_id(room_id, row[2]),
        model=(row[3] or "").removeprefix("/") or None,  # of old ones the provider is not known
        prompt_version=row[4],
        context=[public_id(room_id, place) for place in seen],
        prompt_tokens=row[6],
        completion_tokens=row[7],
        queued_at=rfc3339(row[8]),
        first_token_at=_time(row[9]),
        ended_at=_time(row[10]),
        error=row[11],
        assistant=User(*row[20:23]),
        provider=provider or None,
        used=[used[place] for place in seen if place in used],
        left_out=row[13],
        prompt_estimate=row[14],
        truncated=bool(row[15]),
        cost=row[16],
        first_token_ms=None if row[9] is None or row[12] is None else max(0, row[9] - row[12]),
        tools=[
            ToolUse(
                tool,
                msgspec.json.decode(arguments),
                over.get(state) or state,
                (result or "")[:RESULT],
                rfc3339(at),
            )
            for tool, arguments, state, result, at in tools
        ],
    )


def _seen(prompt: list[int], results: Iterable[str | None]) -> list[int]:
    """The places of what stood in the prompt, and of what searches found beside it."""
    found = [result for result in results if result and _IDS.fullmatch(result)]
    places = {int(one.partition("-")[2]) for result in found for one in result.split(" ")}
    return [*prompt, *sorted(places.difference(prompt))]


def _time(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)
