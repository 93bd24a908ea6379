"""Jobs of an assistant's answer: it is asked for, grows, ends, and is asked for again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chatapp.errors import ChatError, not_found
from chatapp.payloads import Message, Numbered, User

from . import changing, messages, run_rows, search
from .run_rows import LEASE_MS, Claim, Ending, RunRow
from .sql import Statement
from .tx import RoomRow, Tx

QUEUE = 5  # answers that wait in one room for one assistant
MAX_HOPS = (
    2  # from a person's message: the answer to it is one, an assistant's answer to that is two
)
MAX_TURNS = 4  # answers that one message of a person leads to
MODEL_LENGTH = 120
BUSY_RETRY_S = 20

_MEMBER = Statement("SELECT role FROM memberships WHERE room_id = :room AND user_id = :user")
_QUESTION = Statement(
    "SELECT deleted_at FROM messages WHERE room_id = :room AND seq = :seq AND deleted_at IS NULL"
)
_MESSAGE = Statement(
    "INSERT INTO messages (room_id, seq, changed_seq, sender_id, type, body, reply_to, status, created_at)"
    " VALUES (:room, :seq, :seq, :assistant, 'text', '', :question, :status, :at)"
)
_RUN = Statement(
    "INSERT INTO runs (room_id, seq, assistant_id, asker_id, question_seq, attempt, state, hops, text, queued_at)"
    " VALUES (:room, :seq, :assistant, :asker, :question, 1, 'queued', :hops, '', :at)"
)
_ASKED = Statement(
    "SELECT seq FROM runs WHERE room_id = :room AND question_seq = :seq AND assistant_id = :assistant"
)
_TURNS = Statement(
    "SELECT count(*) FROM runs WHERE room_id = :room AND (question_seq = :root OR question_seq IN"
    " (SELECT seq FROM runs WHERE room_id = :room AND question_seq = :root))"
)
_RECORD = Statement(
    "UPDATE runs SET model = :model, prompt_version = :prompt_version, context = :context"
    " WHERE room_id = :room AND seq = :seq AND attempt = :attempt"
)
_SAVE = Statement(
    "UPDATE runs SET text = :text, state = 'streaming', lease_until = :lease,"
    " first_token_at = COALESCE(first_token_at, :at) WHERE room_id = :room AND seq = :seq"
    " AND attempt = :attempt AND state IN ('thinking', 'streaming')"
)
_STREAMING = Statement(
    "UPDATE messages SET status = 'streaming' WHERE room_id = :room AND seq = :seq AND status = 'thinking'"
)
_AGAIN = Statement(
    "UPDATE runs SET state = 'queued', attempt = :attempt, text = '', queued_at = :at, started_at = NULL,"
    " first_token_at = NULL, ended_at = NULL, stopped_by = NULL, error = NULL, prompt_tokens = NULL,"
    " completion_tokens = NULL WHERE room_id = :room AND seq = :seq"
)
_EMPTY = Statement(
    "UPDATE messages SET body = '', mentions = NULL WHERE room_id = :room AND seq = :seq"
)


@dataclass(slots=True, frozen=True)
class Started:
    """A new answer: its message, and what the caller has to carry out now (nothing, while it waits)."""

    message: Message
    claims: list[Claim]


@dataclass(slots=True)
class StartRun:
    """Make the message and the run of an answer, once for each question of a person. It begins at once, or waits behind others.

    Raises ChatError: `not_found` when assistant or question are gone, `ai_busy` when the queue is full, `conflict`
    when assistants have answered each other often enough.
    """

    room_id: int
    assistant: User
    asker: User
    question_seq: int
    owner: str
    hops: int = 1
    root_seq: int | None = None  # the person's message that an assistant's question goes back to

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Started:
        room = tx.room(self.room_id)
        place = {"room": room.id, "seq": self.question_seq}
        if tx.one(_MEMBER, room=room.id, user=self.assistant.id) is None:
            raise not_found("assistant")
        if tx.one(_QUESTION, **place) is None:
            raise not_found("message")
        known = tx.value(_ASKED, **place, assistant=self.assistant.id)
        if known is not None and self.root_seq is None:  # posted again, for want of an ack
            message = messages.load_one(tx, room.id, room.slug, known)
            assert message is not None
            return Started(message, [])
        self._check_hops(tx)
        waiting = run_rows.queue(tx, room.id, self.assistant.id)
        if len(waiting) >= QUEUE:
            raise ChatError("ai_busy", f"{QUEUE} questions wait already.", BUSY_RETRY_S)
        run = self._insert(tx, room, waits=run_rows.busy(tx, room.id, self.assistant.id))
        claims = [] if run.state == "queued" else [run_rows.claim(tx, room, run, 1, self.owner)]
        message = messages.load_one(tx, room.id, room.slug, run.seq)
        assert message is not None
        tx.tell(room, Numbered(message.seq, "message", messages.encode(message)))
        return Started(message, claims)

    def _check_hops(self, tx: Tx) -> None:
        if self.root_seq is None:
            return
        turns = tx.value(_TURNS, room=self.room_id, root=self.root_seq)
        if self.hops > MAX_HOPS or turns >= MAX_TURNS:
            raise ChatError("conflict", "The assistants have answered each other often enough.")

    def _insert(self, tx: Tx, room: RoomRow, waits: bool) -> RunRow:
        state = "queued" if waits else "thinking"
        seq = tx.number(room, "message", str(room.last_seq + 1), self.assistant.id)
        row = {
            "room": room.id,
            "seq": seq,
            "assistant": self.assistant.id,
            "question": self.question_seq,
            "at": tx.now,
        }
        tx.run(_MESSAGE, **row, status=state)
        tx.run(_RUN, **row, asker=self.asker.id, hops=self.hops)
        # Every message has its place in the index, so that its end and its deletion need not know what it held.
        search.index(tx, [(room.id, seq, "")])
        return RunRow(
            room.id,
            seq,
            1,
            state,
            self.question_seq,
            self.hops,
            "",
            self.assistant,
            self.asker,
        )


@dataclass(slots=True)
class RecordCall:
    """Note what an attempt was made from, before the provider is called."""

    room_id: int
    seq: int
    attempt: int
    model: str
    prompt_version: str
    context: Sequence[int]

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        tx.run(
            _RECORD,
            room=self.room_id,
            seq=self.seq,
            attempt=self.attempt,
            model=self.model[:MODEL_LENGTH],
            prompt_version=self.prompt_version,
            context=msgspec.json.encode(list(self.context)).decode(),
        )


@dataclass(slots=True)
class SaveText:
    """Save the text so far and renew the lease. Takes no number. Raises `conflict` for an attempt that is over."""

    room_id: int
    seq: int
    attempt: int
    text: str

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        place = {"room": self.room_id, "seq": self.seq}
        lease = tx.database_now() + LEASE_MS
        if not tx.run(_SAVE, **place, attempt=self.attempt, text=self.text, lease=lease, at=tx.now):
            raise over()
        tx.run(_STREAMING, **place)


@dataclass(slots=True, frozen=True)
class Ended:
    """A closed answer, and the next in its queue, which the caller has to carry out."""

    message: Message
    claims: list[Claim]


@dataclass(slots=True)
class EndRun:
    """Close an attempt for good, and begin the next answer in the queue. Raises `conflict` when it is over already."""

    room_id: int
    seq: int
    attempt: int
    how: Ending
    owner: str

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Ended:
        room = tx.room(self.room_id)
        run = run_rows.hold(tx, self.room_id, self.seq)
        if run is None or not run.active or run.attempt != self.attempt:
            raise over()
        message = run_rows.end(tx, room, run, self.how)
        if run.state == "queued":
            behind = run_rows.queue(tx, room.id, run.assistant.id)
            run_rows.move_up(tx, room, [other for other in behind if other.seq > run.seq])
            return Ended(message, [])
        return Ended(message, run_rows.promote(tx, room, run.assistant.id, self.owner))


@dataclass(slots=True)
class Regenerate:
    """Answer again, as a new version of the same message. Raises `conflict` while an answer is being written."""

    room_id: int
    seq: int
    user: User
    owner: str

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Started:
        old = changing.target(tx, self.room_id, self.seq, self.user.id)
        run = run_rows.hold(tx, self.room_id, self.seq)
        if run is None or old.deleted:
            raise ChatError("conflict", "This message is no answer of an assistant.")
        if run.active:
            raise ChatError("conflict", "The answer is being written.")
        if len(run_rows.queue(tx, self.room_id, run.assistant.id)) >= QUEUE:
            raise ChatError("ai_busy", f"{QUEUE} questions wait already.", BUSY_RETRY_S)
        place = {"room": self.room_id, "seq": self.seq}
        if old.body:
            tx.run(changing.KEEP_VERSION, **place, body=old.body, at=tx.now, by=self.user.id)
        search.unindex(tx, self.room_id, self.seq, old.body)
        search.index(tx, [(self.room_id, self.seq, "")])
        tx.run(_EMPTY, **place)
        tx.run(changing.FORGET_MENTIONS, **place)
        tx.run(_AGAIN, **place, attempt=run.attempt + 1, at=tx.now)
        return self._begin(tx, old.room, run)

    def _begin(self, tx: Tx, room: RoomRow, run: RunRow) -> Started:
        claims: list[Claim] = []
        if not run_rows.busy(tx, room.id, run.assistant.id):
            claims.append(run_rows.claim(tx, room, run, run.attempt + 1, self.owner))
        status = "thinking" if claims else "queued"
        message = run_rows.set_status(tx, room, run, status, self.user.id)
        behind = run_rows.queue(tx, room.id, run.assistant.id)
        run_rows.move_up(tx, room, [other for other in behind if other.seq > run.seq])
        return Started(message, claims)


def over() -> ChatError:
    """What a late word of an attempt is told."""
    return ChatError("conflict", "This answer is over.")
