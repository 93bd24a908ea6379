"""What people do with assistants: ask by writing, stop, have it answered again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from chatapp import runtime
from chatapp.errors import ChatError, not_found
from chatapp.ids import message_id, parse_message_id
from chatapp.payloads import Error, Message, Refused, User
from chatapp.realtime import frames
from chatapp.services.messages import MessagePosted
from chatapp.store import messages, reading, run_rows
from chatapp.store.changing import MODERATES
from chatapp.store.rooms import ASSISTANT_ID
from chatapp.store.run_jobs import EndRun, Regenerate, Started, StartRun, over
from chatapp.store.run_rows import Claim, Ending, RunRow
from chatapp.store.sql import Connection, Statement

from . import policy
from .provider import Provider
from .runs import Runs

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

REMOTE_STOP_S = (
    1.0  # for another worker to stop what it writes; after that it is closed over its head
)
ROOMS = 10_000  # of which it is remembered whether an assistant answers everything there

_ADMIN = Statement("SELECT is_admin FROM users WHERE id = :user")
_QUESTION = Statement("SELECT question_seq FROM runs WHERE room_id = :room AND seq = :seq")


class Assistants:
    """One per worker: listens to what is posted, and does what people ask of answers."""

    def __init__(self, chat: Chat, provider: Provider) -> None:
        self._chat = chat
        self._assistants = [User(ASSISTANT_ID, "assistant", "assistant")]
        self._always: dict[int, bool] = {}  # room -> it is a direct room with an assistant
        self._stops: dict[tuple[int, int, int], runtime.Event] = {}
        self.provider = provider
        self.runs = Runs(chat, provider)
        self.runs.ended.subscribe(self._answered)
        chat.messages.posted.subscribe(self._posted)
        chat.control.on("stop_run", self._stop_for_another)
        chat.control.on("run_over", self._over_elsewhere)

    def start(self) -> None:
        """Take up what was left unfinished, and look after leases from now on."""
        self.runs.start()

    def drain(self, deadline: float) -> None:
        """The worker stops: what shows text is closed, the rest is left to others. Waits until `deadline` at most."""
        self.runs.stop(deadline)
        self.provider.close()

    # Asking

    def _posted(self, posted: MessagePosted) -> None:
        direct = self._always.get(posted.room_id)
        if direct is None and not policy.answers(posted.message, self._assistants):
            runtime.spawn(self._look_at_room, posted)
            return
        for assistant in policy.answers(posted.message, self._assistants, bool(direct)):
            self._ask(posted, assistant)

    def _look_at_room(self, posted: MessagePosted) -> None:
        with self._chat.db.snapshot() as db:
            seat = reading.seat_by_id(db, ASSISTANT_ID, posted.room_id)
        if len(self._always) >= ROOMS:
            self._always.clear()
        # A room stays what it is: direct rooms keep their kind and their members.
        direct = self._always[posted.room_id] = seat is not None and seat.kind == "direct"
        for assistant in policy.answers(posted.message, self._assistants, direct):
            self._ask(posted, assistant)

    def _ask(self, posted: MessagePosted, assistant: User) -> None:
        asker, message = posted.sender, posted.message
        try:
            if not posted.again:
                self._chat.limits.check("ai", asker.id)
            pending = self._chat.writer.submit(
                StartRun(posted.room_id, assistant, asker, message.seq, self.runs.owner)
            )
        except ChatError as refusal:
            self._refuse(asker, message, refusal)
            return

        def done(started: Started | None, error: Exception | None) -> None:
            if started is not None:
                self.runs.carry_out(started.claims)
            elif isinstance(error, ChatError):
                self._refuse(asker, message, error)

        pending.on_done(done)

    def _refuse(self, asker: User, message: Message, refusal: ChatError) -> None:
        """Tell who asked, and nobody else, that there will be no answer."""
        retry = UNSET if refusal.retry_after is None else refusal.retry_after
        error = Error(refusal.code, refusal.message, retry)
        payload = msgspec.json.encode(Refused(message.room, message.id, error))
        self._chat.broadcast.user(asker.id, frames.event("refused", payload))

    def _answered(self, answered: tuple[Claim, Message]) -> None:
        """An assistant may have called another one."""
        claim, message = answered
        if message.status == "done":
            for assistant in policy.answers(message, self._assistants):
                runtime.spawn(self._ask_for_assistant, claim, assistant)

    def _ask_for_assistant(self, claim: Claim, assistant: User) -> None:
        root = claim.question_seq
        if claim.hops > 1:
            with self._chat.db.snapshot() as db:
                root = db.value(_QUESTION, room=claim.room_id, seq=root) or root
        job = StartRun(
            claim.room_id,
            assistant,
            claim.asker,
            claim.seq,
            self.runs.owner,
            hops=claim.hops + 1,
            root_seq=root,
        )
        try:
            self.runs.carry_out(self._chat.writer.run(job).claims)
        except ChatError:
            return  # enough answers, or the queue is full: nobody waits for this one

    # Stopping and answering again

    def stop(self, user: User, message_id: str) -> Message:
        """Stop an answer, or cancel it while it waits: its asker, moderators, owners and admins.

        Raises ChatError: `not_found`, `forbidden`, or `conflict` when no answer is being written there.
        """
        room_id, seq = _place(message_id)
        with self._chat.db.snapshot() as db:
            run = self._run_of(db, user, room_id, seq)
        if not run.active:
            raise over()
        self._end(run, user)
        with self._chat.db.snapshot() as db:
            return self._message(db, user, room_id, seq)

    def regenerate(self, user: User, message_id: str) -> Message:
        """Have an ended answer written again as a new version of its message, by those who may stop it.

        Raises ChatError: as stop(), `ai_busy` and `rate_limited`.
        """
        room_id, seq = _place(message_id)
        with self._chat.db.snapshot() as db:
            self._run_of(db, user, room_id, seq)
        self._chat.limits.check("ai", user.id)
        started = self._chat.writer.run(Regenerate(room_id, seq, user, self.runs.owner))
        self.runs.carry_out(started.claims)
        return started.message

    def _run_of(self, db: Connection, user: User, room_id: int, seq: int) -> RunRow:
        seat = reading.seat_by_id(db, user.id, room_id)
        run = run_rows.load(db, room_id, seq) if seat else None
        if seat is None or run is None:
            self._message(db, user, room_id, seq)
            raise ChatError("conflict", "This message is no answer of an assistant.")
        allowed = user.id == run.asker.id or seat.role in MODERATES
        if not allowed and not db.value(_ADMIN, user=user.id):
            raise ChatError(
                "forbidden", "An answer is stopped by who asked for it, or by a moderator."
            )
        return run

    def _message(self, db: Connection, user: User, room_id: int, seq: int) -> Message:
        seat = reading.seat_by_id(db, user.id, room_id)
        message = messages.load_one(db, room_id, seat.slug, seq) if seat else None
        if message is None:
            raise not_found("message")
        return message

    def _end(self, run: RunRow, user: User) -> None:
        how = Ending("stopped", stopped_by=user.id)
        mine = self.runs.find(run.room_id, run.seq)
        if mine is not None and mine.claim.attempt == run.attempt:
            if not mine.end(how):
                raise over()
            mine.ended.wait()
            return
        if run.state != "queued" and self._stopped_by_owner(run, user):
            return
        # It waits for its turn, or its worker does not answer: its late word will be refused.
        text = self._chat.streams.text(run.room_id, message_id(run.room_id, run.seq), run.attempt)
        job = EndRun(run.room_id, run.seq, run.attempt, replace(how, text=text), self.runs.owner)
        self.runs.carry_out(self._chat.writer.run(job).claims)
        self._tell("run_over", run.room_id, run.seq, run.attempt)

    def _stopped_by_owner(self, run: RunRow, user: User) -> bool:
        if self._chat.settings.redis_url is None:
            return False
        key = (run.room_id, run.seq, run.attempt)
        with runtime.turn:
            over = self._stops.setdefault(key, runtime.Event())
        self._tell("stop_run", *key, by=user.id)
        answered = over.wait(REMOTE_STOP_S)
        self._stops.pop(key, None)
        return answered

    def _tell(self, do: str, room_id: int, seq: int, attempt: int, **more: Any) -> None:
        self._chat.control.tell(do, room_id=room_id, seq=seq, attempt=attempt, **more)

    def _stop_for_another(self, fields: dict[str, Any]) -> None:
        key = (fields["room_id"], fields["seq"], fields["attempt"])
        run = self.runs.find(*key[:2])
        if run is not None and run.claim.attempt == key[2]:
            run.end(Ending("stopped", stopped_by=fields["by"]))
            run.ended.on_done(lambda _message, _error: self._tell("run_over", *key))

    def _over_elsewhere(self, fields: dict[str, Any]) -> None:
        key = (fields["room_id"], fields["seq"], fields["attempt"])
        if (waiting := self._stops.get(key)) is not None:
            waiting.set()
        run = self.runs.find(*key[:2])
        if run is not None and run.claim.attempt == key[2]:
            run.lost()


def _place(message_id: str) -> tuple[int, int]:
    place = parse_message_id(message_id)
    if place is None:
        raise not_found("message")
    return place
