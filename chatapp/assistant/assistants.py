"""What people do with assistants: ask by writing, stop, have it answered again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from chatapp import runtime
from chatapp.errors import ChatError, not_found
from chatapp.ids import parse_message_id
from chatapp.payloads import Message, User
from chatapp.services.messages import MessagePosted
from chatapp.store import messages, reading, run_rows
from chatapp.store.changing import MODERATES
from chatapp.store.pending import Pending
from chatapp.store.posting import PostMessage
from chatapp.store.run_jobs import Regenerate, Started, StartRun, over
from chatapp.store.run_rows import Claim, RunRow
from chatapp.store.sql import Connection, Statement

from . import policy, refusals
from .asking import Ask, Asked, may_call
from .bursts import Bursts
from .catch_up import CatchUps
from .handiwork import Approvals
from .policy import Summons
from .providers import Providers
from .roster import Company, Roster
from .runs import Runs
from .spending import Purse
from .stops import Stops
from .trying import Trying

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

_ADMIN = Statement("SELECT is_admin FROM users WHERE id = :user")
_QUESTION = Statement("SELECT question_seq FROM runs WHERE room_id = :room AND seq = :seq")


class Assistants:
    """One per worker: listens to what is posted, and does what people ask of answers."""

    def __init__(self, chat: Chat, providers: Providers) -> None:
        self._chat = chat
        self._bursts = Bursts(self._silent)
        self.providers = providers
        self.purse = Purse(chat.settings, chat.limits)
        self.roster = Roster(chat, providers)
        self.catch_ups = CatchUps(chat, providers, self.purse)
        self.trying = Trying(chat, providers, self.roster, self.purse)
        self.approvals = Approvals(chat)
        self.runs = Runs(chat, providers, self.purse, self.approvals)
        self.runs.ended.subscribe(self._answered)
        self._stops = Stops(chat, self.runs, self.purse)
        chat.messages.posted.subscribe(self._posted)
        chat.messages.along = self._along
        chat.rooms.silence = self._stops.silence

    def start(self) -> None:
        """Take up what was left unfinished, and look after leases from now on."""
        self.runs.start()

    def drain(self, deadline: float) -> None:
        """The worker stops: what shows text is closed, the rest is left to others. Waits until `deadline` at most."""
        self.runs.stop(deadline)
        self.providers.close()

    # Asking

    def _along(self, post: PostMessage) -> Pending[Asked | None] | None:
        """Have the answers to a post begun with it."""
        company = self.roster.known(post.room_id)
        if not may_call(post, company):
            return None
        try:
            return self._chat.writer.submit(
                Ask(post.room_id, post, company, partial(self._job, post.sender))
            )
        except ChatError:
            return None  # too much waits to be written: it is asked once the message is stored

    def _posted(self, posted: MessagePosted) -> None:
        if posted.asked is not None:
            posted.asked.on_done(partial(self._asked, posted))
            return
        company = self.roster.known(posted.room_id)
        if company is None:
            runtime.spawn(self._look_at_room, posted)
        else:
            self._summon(posted, company)

    def _look_at_room(self, posted: MessagePosted) -> None:
        try:
            company = self.roster.company(posted.room_id)
        except ChatError as refusal:
            if posted.message.mentions:
                self._refuse(posted.sender, posted.message, refusal)
            return
        self._summon(posted, company)

    def _summon(self, posted: MessagePosted, company: Company) -> None:
        called = policy.summons(posted.message, company.voices, company.policy)
        if called.now:
            seq, start = posted.message.seq, partial(self._job, posted.sender)
            try:
                pending = self._chat.writer.submit(Ask(posted.room_id, seq, company, start))
            except ChatError as busy:
                self._refuse(posted.sender, posted.message, busy)
                return
            pending.on_done(partial(self._asked, posted))
        elif called and posted.message.not_for_ai is not True:
            self._bursts.add(posted, called)

    def _asked(self, posted: MessagePosted, asked: Asked | None, error: Exception | None) -> None:
        if isinstance(error, ChatError):
            self._refuse(posted.sender, posted.message, error)
        if asked is None:
            return
        if self.roster.known(posted.room_id) is None:
            self.roster.remember(posted.room_id, asked.company)
        if asked.called.now:
            self._bursts.drop(posted.room_id)
        elif asked.called:
            self._bursts.add(posted, asked.called)
        for started, refusal in asked.outcomes:
            if started is not None:
                self.runs.carry_out(started.claims)
            elif refusal is not None:
                self._refuse(posted.sender, posted.message, refusal)

    def _silent(self, posted: MessagePosted, called: Summons) -> None:
        """Nobody was called, and nobody said more."""
        by_itself = partial(self._job, posted.sender, posted.message, by_itself=True)
        jobs = [by_itself(assistant) for assistant in called.all_]
        if called.turn:
            jobs.append(by_itself(called.turn[0], turn=called.turn))
        for job in jobs:
            self._ask(posted, job)

    def _job(self, asker: User, message: Message, assistant: User, **more: Any) -> StartRun:
        place = parse_message_id(message.id)
        assert place is not None
        return StartRun(
            place[0],
            assistant,
            asker,
            message.seq,
            self.runs.owner,
            terms=self.purse.terms,
            need=self.purse.least(message.body),
            **more,
        )

    def _ask(self, posted: MessagePosted, job: StartRun) -> None:
        """Nobody called for it: only a refusal that somebody may wait for is told."""

        def done(started: Started | None, error: Exception | None) -> None:
            if started is not None:
                self.runs.carry_out(started.claims)
            elif isinstance(error, ChatError) and error.code not in ("conflict", "not_found"):
                self._refuse(posted.sender, posted.message, error)

        try:
            self._chat.writer.submit(job).on_done(done)
        except ChatError as busy:
            done(None, busy)

    def _refuse(self, asker: User, message: Message, refusal: ChatError) -> None:
        refusals.tell(self._chat, asker, message.room, message.id, refusal)

    def _answered(self, answered: tuple[Claim, Message]) -> None:
        """An assistant may have called another one."""
        claim, message = answered
        if message.status == "done" and message.mentions:
            runtime.spawn(self._called_by_assistant, claim, message)

    def _called_by_assistant(self, claim: Claim, message: Message) -> None:
        try:
            company = self.roster.company(claim.room_id)
        except ChatError:
            return
        for assistant in policy.summons(message, company.voices, company.policy).now:
            self._ask_for_assistant(claim, assistant)

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
            terms=self.purse.terms,
            need=self.purse.least(),
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
        self._stops.end(run, user)
        with self._chat.db.snapshot() as db:
            return self._message(db, user, room_id, seq)

    def regenerate(self, user: User, message_id: str) -> Message:
        """Have an ended answer written again as a new version of its message, by those who may stop it.

        Raises ChatError: as stop(), `ai_busy`, `rate_limited` and `budget_exceeded`.
        """
        return self._again(user, message_id, onward=False)

    def resume(self, user: User, message_id: str) -> Message:
        """Have a cut or stopped answer gone on with from its text so far, by those who may stop it. Raises as regenerate()."""
        return self._again(user, message_id, onward=True)

    def _again(self, user: User, message_id: str, *, onward: bool) -> Message:
        room_id, seq = _place(message_id)
        with self._chat.db.snapshot() as db:
            self._run_of(db, user, room_id, seq)
        job = Regenerate(
            room_id, seq, user, self.runs.owner, onward, self.purse.terms, self.purse.least()
        )
        started = self._chat.writer.run(job)
        self.runs.carry_out(started.claims)
        return started.message

    def answer_tool(self, user: User, use_id: str, approve: bool) -> None:
        """The asker's word to what an assistant wants to do. Raises ChatError `not_found`."""
        self.approvals.answer(user, use_id, approve)

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


def _place(message_id: str) -> tuple[int, int]:
    place = parse_message_id(message_id)
    if place is None:
        raise not_found("message")
    return place
