"""The rows of runs: what the jobs of run_jobs and run_leases share.

A run is an answer being made: queued → thinking → streaming → done | stopped | failed | interrupted. One at a time
for each room and assistant is thinking or streaming, the others wait in the order of their places. `attempt` fences:
whoever carries an attempt out may only touch the run while it has that number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatapp.payloads import MentionSpan, Message, User

from . import budgets, changing, messages, paces, run_texts, search
from .budgets import UNLIMITED, Caps, Use
from .paces import Paces
from .posting import MENTIONS, mentions_column
from .sql import Connection, Row, Statement
from .tx import RoomRow, Tx

LEASE_MS = 15_000
ACTIVE = ("queued", "thinking", "streaming")

Place = tuple[int, int]  # room id and seq: the key of a run and of its message

_COLUMNS = """SELECT r.room_id, r.seq, r.attempt, r.state, r.question_seq, r.hops,
    a.id, a.name, a.kind, q.id, q.name, q.kind
    FROM runs r JOIN users a ON a.id = r.assistant_id JOIN users q ON q.id = r.asker_id """
_ONE = _COLUMNS + "WHERE r.room_id = :room AND r.seq = :seq"
_READ = Statement(_ONE)
_HOLD = Statement(_ONE, _ONE + " FOR UPDATE OF r")
_QUEUED = Statement(
    _COLUMNS + "WHERE r.state = 'queued' AND r.room_id = :room AND r.assistant_id = :assistant"
    " ORDER BY r.seq"
)
_OF_ASSISTANT = Statement(
    _COLUMNS
    + "WHERE r.state IN ('queued', 'thinking', 'streaming') AND r.assistant_id = :assistant"
    " ORDER BY r.room_id, r.seq"
)
_BUSY = Statement(
    "SELECT count(*) FROM runs WHERE state IN ('thinking', 'streaming') AND room_id = :room"
    " AND assistant_id = :assistant"
)
_ACTIVE = Statement("SELECT count(*) FROM runs WHERE state IN ('thinking', 'streaming')")
_CLAIM = Statement(
    "UPDATE runs SET state = 'thinking', attempt = :attempt, owner = :owner, lease_until = :lease,"
    " started_at = :at, first_token_at = NULL, ended_at = NULL, stopped_by = NULL, error = NULL, retry_after = NULL"
    " WHERE room_id = :room AND seq = :seq"
)
_END = Statement(
    "UPDATE runs SET state = :status, owner = NULL, lease_until = NULL, prefix = NULL, ended_at = :at,"
    " stopped_by = :stopped_by, error = :error, retry_after = :retry_after, prompt_tokens = :prompt_tokens,"
    " completion_tokens = :completion_tokens, cost = :cost, truncated = :truncated WHERE room_id = :room AND seq = :seq"
)
_STATUS = Statement(
    "UPDATE messages SET status = :status, changed_seq = :changed WHERE room_id = :room AND seq = :seq"
)
_BODY = Statement(
    "UPDATE messages SET body = :body, mentions = :mentions, status = :status, changed_seq = :changed"
    " WHERE room_id = :room AND seq = :seq"
)
_TOUCH = Statement(
    "UPDATE messages SET changed_seq = :changed WHERE room_id = :room AND seq = :seq"
)


@dataclass(slots=True, frozen=True)
class RunRow:
    """A run as it stands. What was saved of its text is in run_texts."""

    room_id: int
    seq: int
    attempt: int
    state: str
    question_seq: int
    hops: int
    assistant: User
    asker: User

    @property
    def active(self) -> bool:
        return self.state in ACTIVE


@dataclass(slots=True, frozen=True)
class Claim:
    """An attempt that `owner` holds the lease of, and has to carry out."""

    owner: str
    room_id: int
    slug: str
    seq: int
    attempt: int
    question_seq: int
    hops: int
    assistant: User
    asker: User


@dataclass(slots=True, frozen=True)
class Terms:
    """What the installation allows: answers being written at one time, the caps of a day, and how often one may ask."""

    at_once: int = 1_000_000
    caps: Caps = UNLIMITED
    paces: Paces = paces.FREE


FREE = Terms()


@dataclass(slots=True, frozen=True)
class Ending:
    """How a run ended. `text` None: what was saved of it."""

    status: str
    text: str | None = None
    error: str | None = None
    retry_after: float | None = None  # seconds
    stopped_by: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: int | None = None  # millionths
    truncated: bool = False  # the provider saw less than was sent
    used: Use | None = None  # of the budgets; None: what was held
    mentions: tuple[MentionSpan, ...] = ()


def run_row(row: Row) -> RunRow:
    """A run from the columns of _COLUMNS."""
    room_id, seq, attempt, state, question_seq, hops = row[:6]
    assistant, asker = messages.user(row[6:9]), messages.user(row[9:12])
    return RunRow(room_id, seq, attempt, state, question_seq, hops, assistant, asker)


def load(db: Connection, room_id: int, seq: int) -> RunRow | None:
    """The run of the message at this place."""
    row = db.one(_READ, room=room_id, seq=seq)
    return run_row(row) if row else None


def hold(tx: Tx, room_id: int, seq: int) -> RunRow | None:
    """As load(), and nobody saves to it or renews its lease until this transaction ends."""
    row = tx.one(_HOLD, room=room_id, seq=seq)
    return run_row(row) if row else None


def busy(tx: Tx, room_id: int, assistant_id: str) -> bool:
    """Whether the assistant is answering in the room."""
    return bool(tx.value(_BUSY, room=room_id, assistant=assistant_id))


def full(tx: Tx, terms: Terms) -> bool:
    """Whether the installation writes as many answers as it may at one time. Holds the gate, so the answer stays true."""
    budgets.gate(tx)
    return bool(tx.value(_ACTIVE) >= terms.at_once)


def queue(tx: Tx, room_id: int, assistant_id: str) -> list[RunRow]:
    """The answers that wait for their turn, in its order."""
    return [run_row(row) for row in tx.all(_QUEUED, room=room_id, assistant=assistant_id)]


def lease_end(tx: Tx) -> int:
    """When a lease ends that is given now, by the database's clock."""
    return tx.database_now() + LEASE_MS


def claim(tx: Tx, room: RoomRow, run: RunRow, attempt: int, owner: str) -> Claim:
    """Give the run to `owner`, who starts it afresh. The message is not told here."""
    tx.run(
        _CLAIM,
        room=room.id,
        seq=run.seq,
        attempt=attempt,
        owner=owner,
        lease=lease_end(tx),
        at=tx.now,
    )
    return Claim(
        owner,
        room.id,
        room.slug,
        run.seq,
        attempt,
        run.question_seq,
        run.hops,
        run.assistant,
        run.asker,
    )


def set_status(tx: Tx, room: RoomRow, run: RunRow, status: str, by: str | None) -> Message:
    """A numbered change of the answer's state alone."""
    number = tx.number(room, "run", str(run.seq), by)
    tx.run(_STATUS, room=room.id, seq=run.seq, status=status, changed=number)
    return changing.changed(tx, room, run.seq)


def end(tx: Tx, room: RoomRow, run: RunRow, how: Ending) -> Message:
    """Close the run for good: its text becomes the message's body. A numbered change.

    What failed with some text, also one that it was to go on from, is interrupted: it can be gone on with.
    """
    body = run_texts.saved(tx, room.id, run.seq) if how.text is None else how.text
    status = "interrupted" if how.status == "failed" and body else how.status
    place = {"room": room.id, "seq": run.seq}
    budgets.gate(tx)
    budgets.settle(tx, room.id, run.seq, how.used)
    tx.run(
        _END,
        **place,
        status=status,
        at=tx.now,
        stopped_by=how.stopped_by,
        error=how.error,
        retry_after=how.retry_after,
        prompt_tokens=how.prompt_tokens,
        completion_tokens=how.completion_tokens,
        cost=how.cost,
        truncated=how.truncated,
    )
    run_texts.forget(tx, room.id, run.seq)
    number = tx.number(room, "run", str(run.seq), how.stopped_by or run.assistant.id)
    tx.run(
        _BODY,
        **place,
        body=body,
        mentions=mentions_column(list(how.mentions)),
        status=status,
        changed=number,
    )
    tx.insert(MENTIONS, [(span.user_id, room.id, run.seq) for span in how.mentions])
    search.replace(tx, room, run.seq, "", body)
    return changing.changed(tx, room, run.seq)


def active_of(db: Connection, assistant_id: str) -> list[RunRow]:
    """What an assistant writes, and what waits for it, in any room."""
    return [run_row(row) for row in db.all(_OF_ASSISTANT, assistant=assistant_id)]


def silence(tx: Tx, room: RoomRow, assistant_id: str, by: User) -> None:
    """End what an assistant still writes or is to write in a room that it leaves, by what was saved of it.

    Whoever writes it is told by the end itself.
    """
    for found in active_of(tx, assistant_id):
        run = hold(tx, room.id, found.seq) if found.room_id == room.id else None
        if run is not None and run.active:
            end(tx, room, run, Ending("stopped", stopped_by=by.id))


def promote(tx: Tx, room: RoomRow, assistant_id: str, owner: str, terms: Terms) -> list[Claim]:
    """Start the answer whose turn it is, if none is being written; those behind it move up, visibly."""
    waiting = queue(tx, room.id, assistant_id)
    claims: list[Claim] = []
    if waiting and not busy(tx, room.id, assistant_id) and not full(tx, terms):
        first = waiting.pop(0)
        claims.append(claim(tx, room, first, first.attempt, owner))
        set_status(tx, room, first, "thinking", assistant_id)
        move_up(tx, room, waiting)
    return claims


def move_up(tx: Tx, room: RoomRow, waiting: Sequence[RunRow]) -> None:
    """Tell the new places of those who wait: a place in the queue is part of a message's state."""
    for run in waiting:
        number = tx.number(room, "run", str(run.seq), run.assistant.id)
        tx.run(_TOUCH, room=room.id, seq=run.seq, changed=number)
        changing.changed(tx, room, run.seq)
