"""Jobs of an assistant's answer: it is asked for, grows, ends, and is asked for again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chatapp.errors import ChatError, not_found
from chatapp.payloads import Message, Numbered, User

from . import budgets, changing, messages, paces, run_rows, search
from .budgets import NOTHING, UNLIMITED, Caps, Use
from .run_rows import FREE, Claim, Ending, RunRow, Terms
from .sql import Statement
from .tx import RoomRow, Tx

QUEUE = 5  # answers that wait in one room for one assistant
MAX_HOPS = (
    2  # from a person's message: the answer to it is one, an assistant's answer to that is two
)
MAX_TURNS = 4  # answers that one message of a person leads to
MODEL_LENGTH = 120
BUSY_RETRY_S = 20
CUT = ("interrupted", "stopped")  # answers that can be gone on with

_SPEAKS = Statement(
    "SELECT COALESCE(speaks, 'mentioned') FROM memberships WHERE room_id = :room AND user_id = :user"
)
_NEWER = Statement(
    "SELECT 1 FROM messages m JOIN users u ON u.id = m.sender_id WHERE m.room_id = :room AND m.seq > :seq"
    " AND u.kind IN ('person', 'guest') AND m.deleted_at IS NULL AND NOT m.not_for_ai LIMIT 1"
)
_LAST_TURNS = Statement(
    "SELECT assistant_id, max(seq) FROM runs WHERE room_id = :room AND assistant_id IN :[users text]"
    " GROUP BY assistant_id"
)
_QUESTION = Statement(
    "SELECT 1 FROM messages WHERE room_id = :room AND seq = :seq AND deleted_at IS NULL AND NOT not_for_ai"
)
_MESSAGE = Statement(
    "INSERT INTO messages (room_id, seq, changed_seq, sender_id, type, body, reply_to, status, created_at)"
    " VALUES (:room, :seq, :seq, :assistant, 'text', '', :question, :status, :at)"
)
_RUN = Statement(
    "INSERT INTO runs (room_id, seq, assistant_id, asker_id, question_seq, attempt, state, hops, queued_at)"
    " VALUES (:room, :seq, :assistant, :asker, :question, 1, 'queued', :hops, :at)"
)
_ASKED = Statement(
    "SELECT seq FROM runs WHERE room_id = :room AND question_seq = :seq AND assistant_id = :assistant"
)
_TURNS = Statement(
    "SELECT count(*) FROM runs WHERE room_id = :room AND (question_seq = :root OR question_seq IN"
    " (SELECT seq FROM runs WHERE room_id = :room AND question_seq = :root))"
)
_RECORD = Statement(
    "UPDATE runs SET model = :model, prompt_version = :prompt_version, context = :context,"
    " prompt_estimate = :estimate, left_out = :left_out WHERE room_id = :room AND seq = :seq AND attempt = :attempt"
    " AND state IN ('thinking', 'streaming')"
)
_AGAIN = Statement(
    "UPDATE runs SET state = 'queued', attempt = :attempt, queued_at = :at, started_at = NULL,"
    " first_token_at = NULL, ended_at = NULL, stopped_by = NULL, error = NULL, retry_after = NULL, prompt_tokens = NULL,"
    " completion_tokens = NULL, cost = NULL, truncated = :no, prefix = :prefix WHERE room_id = :room AND seq = :seq"
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

    `by_itself`: nobody called the assistant, so a newer message of a person takes the question's place. `turn`: those of
    whom one answers, who has not for longest. `need`: what the budgets must have left.
    Raises ChatError: `not_found` when assistant or question are gone or the assistant is silent here, `ai_busy` when the
    queue is full, `rate_limited` (a person's question), `budget_exceeded`, `conflict` when there were answers enough.
    """

    room_id: int
    assistant: User
    asker: User
    question_seq: int
    owner: str
    hops: int = 1
    root_seq: int | None = None  # the person's message that an assistant's question goes back to
    terms: Terms = FREE
    need: Use = NOTHING
    by_itself: bool = False
    turn: tuple[User, ...] = ()

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Started:
        room = tx.room(self.room_id)
        place = {"room": room.id, "seq": self.question_seq}
        known = self._known(tx)
        if known is not None and self.root_seq is None:  # posted again, for want of an ack
            return Started(_message(tx, room, known), [])
        if self.turn:
            self.assistant = self._whose_turn(tx)
        if tx.value(_SPEAKS, room=room.id, user=self.assistant.id) in (None, "never"):
            raise not_found("assistant")
        if tx.one(_QUESTION, **place) is None:
            raise not_found("message")
        if self.by_itself and tx.one(_NEWER, **place) is not None:
            raise ChatError("conflict", "A newer message is answered.")
        self._check_turns(tx)
        full = run_rows.full(tx, self.terms)
        if self.root_seq is None:
            paces.take(tx, self.terms.paces, self.asker.id, room.id)
        if len(run_rows.queue(tx, room.id, self.assistant.id)) >= QUEUE:
            raise ChatError("ai_busy", f"{QUEUE} questions wait already.", BUSY_RETRY_S)
        budgets.check(tx, self.terms.caps, self.asker.id, room.id, self.assistant.id, self.need)
        waits = full or run_rows.busy(tx, room.id, self.assistant.id)
        run = self._insert(tx, room, waits)
        claims = [] if run.state == "queued" else [run_rows.claim(tx, room, run, 1, self.owner)]
        message = _message(tx, room, run.seq)
        tx.tell(room, Numbered(message.seq, "message", messages.encode(message)))
        return Started(message, claims)

    def _known(self, tx: Tx) -> int | None:
        for assistant in self.turn or (self.assistant,):
            seq = tx.value(_ASKED, room=self.room_id, seq=self.question_seq, assistant=assistant.id)
            if seq is not None:
                return int(seq)
        return None

    def _whose_turn(self, tx: Tx) -> User:
        users = [assistant.id for assistant in self.turn]
        last: dict[str, int] = dict(tx.all(_LAST_TURNS, room=self.room_id, users=users))
        return min(self.turn, key=lambda assistant: last.get(assistant.id, 0))

    def _check_turns(self, tx: Tx) -> None:
        root = self.question_seq if self.root_seq is None else self.root_seq
        turns = tx.value(_TURNS, room=self.room_id, root=root)
        if self.hops > MAX_HOPS or turns >= MAX_TURNS:
            raise ChatError("conflict", f"A message has {MAX_TURNS} answers of assistants at most.")

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
        return RunRow(
            room.id,
            seq,
            1,
            state,
            self.question_seq,
            self.hops,
            self.assistant,
            self.asker,
        )


@dataclass(slots=True)
class RecordCall:
    """Note what an attempt is made from, and have the budgets keep what it may use, before the provider is called.

    Raises ChatError: `conflict` for an attempt that is over, whose end has settled all; `budget_exceeded`.
    """

    room_id: int
    seq: int
    attempt: int
    model: str
    prompt_version: str
    context: Sequence[int]
    estimate: int = 0  # tokens of the prompt
    left_out: int = 0  # messages that did not fit
    caps: Caps = UNLIMITED
    need: Use = NOTHING

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        noted = tx.run(
            _RECORD,
            room=self.room_id,
            seq=self.seq,
            attempt=self.attempt,
            model=self.model[:MODEL_LENGTH],
            prompt_version=self.prompt_version,
            context=msgspec.json.encode(list(self.context)).decode(),
            estimate=self.estimate,
            left_out=self.left_out,
        )
        if not noted:
            raise over()
        budgets.hold(tx, self.caps, self.room_id, self.seq, self.need)


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
    terms: Terms = FREE

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Ended:
        room = tx.room(self.room_id)
        run = run_rows.hold(tx, self.room_id, self.seq)
        if run is None or not run.active or run.attempt != self.attempt:
            raise over()
        full = run_rows.full(tx, self.terms)
        message = run_rows.end(tx, room, run, self.how)
        if run.state == "queued":
            behind = run_rows.queue(tx, room.id, run.assistant.id)
            run_rows.move_up(tx, room, [other for other in behind if other.seq > run.seq])
            return Ended(message, [])
        if full:  # others may have waited for longer: NextInLine is fair to all
            return Ended(message, [])
        return Ended(message, run_rows.promote(tx, room, run.assistant.id, self.owner, self.terms))


@dataclass(slots=True)
class Regenerate:
    """Answer again, as a new version of the same message; with `onward` go on where a cut answer ended.

    Raises ChatError: `conflict` while an answer is being written, when its question is gone, or when there is nothing
    to go on from; `forbidden` to who only reads; `ai_busy`, `rate_limited`, `budget_exceeded`.
    """

    room_id: int
    seq: int
    user: User
    owner: str
    onward: bool = False
    terms: Terms = FREE
    need: Use = NOTHING

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Started:
        old = changing.target(tx, self.room_id, self.seq, self.user.id)
        run = run_rows.hold(tx, self.room_id, self.seq)
        if run is None or old.deleted:
            raise ChatError("conflict", "This message is no answer of an assistant.")
        if old.role == "readonly":
            raise ChatError("forbidden", "You can read in this room, but not write.")
        if run.active:
            raise ChatError("conflict", "The answer is being written.")
        if tx.one(_QUESTION, room=self.room_id, seq=run.question_seq) is None:
            raise ChatError("conflict", "The question is gone, or kept from assistants.")
        if self.onward and (run.state not in CUT or not old.body):
            raise ChatError("conflict", "There is nothing to go on from.")
        if tx.value(_SPEAKS, room=self.room_id, user=run.assistant.id) is None:
            raise ChatError("conflict", "The assistant is no longer in this room.")
        full = run_rows.full(tx, self.terms)
        paces.take(tx, self.terms.paces, self.user.id, self.room_id)
        if len(run_rows.queue(tx, self.room_id, run.assistant.id)) >= QUEUE:
            raise ChatError("ai_busy", f"{QUEUE} questions wait already.", BUSY_RETRY_S)
        budgets.check(tx, self.terms.caps, run.asker.id, self.room_id, run.assistant.id, self.need)
        place = {"room": self.room_id, "seq": self.seq}
        if old.body and not self.onward:
            tx.run(changing.KEEP_VERSION, **place, body=old.body, at=tx.now, by=self.user.id)
        search.replace(tx, old.room, self.seq, old.body, "")
        tx.run(_EMPTY, **place)
        tx.run(changing.FORGET_MENTIONS, **place)
        prefix = old.body if self.onward else None
        attempt = run.attempt + 1
        tx.run(_AGAIN, **place, attempt=attempt, at=tx.now, no=False, prefix=prefix)
        return self._begin(tx, old.room, run, full)

    def _begin(self, tx: Tx, room: RoomRow, run: RunRow, full: bool) -> Started:
        claims: list[Claim] = []
        if not full and not run_rows.busy(tx, room.id, run.assistant.id):
            claims.append(run_rows.claim(tx, room, run, run.attempt + 1, self.owner))
        status = "thinking" if claims else "queued"
        message = run_rows.set_status(tx, room, run, status, self.user.id)
        behind = run_rows.queue(tx, room.id, run.assistant.id)
        run_rows.move_up(tx, room, [other for other in behind if other.seq > run.seq])
        return Started(message, claims)


def _message(tx: Tx, room: RoomRow, seq: int) -> Message:
    message = messages.load_one(tx, room.id, room.slug, seq)
    assert message is not None
    return message


def over() -> ChatError:
    """What a late word of an attempt is told."""
    return ChatError("conflict", "This answer is over.")
