"""One answer being written: a background task that belongs to the room, not to whoever asked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from chatapp import runtime
from chatapp.errors import RETRYABLE, ChatError
from chatapp.ids import message_id
from chatapp.payloads import MentionSpan, Message
from chatapp.services import mentions
from chatapp.store import assistant_rows, naming, run_texts
from chatapp.store.assistant_rows import AssistantRow
from chatapp.store.budgets import NOTHING
from chatapp.store.pending import Pending
from chatapp.store.run_jobs import Ended, EndRun, RecordCall
from chatapp.store.run_rows import Claim, Ending

from . import faults, refusals
from .bill import Bill
from .context import PROMPT_VERSION, Prompt, ToolCall, fit
from .gather import gather
from .handiwork import ROUNDS, Approvals, Handiwork
from .provider import PLAIN, Call, Manner, Provider, Stopped
from .providers import Providers
from .saving import Saves
from .spending import Purse
from .tools import SPECS

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

log = logging.getLogger("chatapp.assistant")

END_RETRY_S = 1.0  # while the database is away
CUT_SHORT = ("length", "content_filter")  # the model had more to say


class Run:
    """Carries out one attempt. `text` is what the room has been shown."""

    def __init__(
        self,
        chat: Chat,
        providers: Providers,
        purse: Purse,
        approvals: Approvals,
        saves: Saves,
        claim: Claim,
        over: Callable[[Run, Ended | None], None],
    ) -> None:
        """`over(run, ended)` is called on the loop, once; `ended` None when somebody else closed the attempt."""
        self.claim = claim
        self.place = (claim.room_id, claim.seq)
        self.text = ""
        # For `saves`: characters that are stored, whether a save is under way, and whether there was none yet.
        self.saved = 0
        self.saving, self.unsaved = False, True
        #: resolved with the message as it ended, or with `conflict`
        self.ended: Pending[Message] = Pending()
        self._chat, self._providers, self._purse, self._saves = chat, providers, purse, saves
        self._over_callback = over
        self._message_id = message_id(claim.room_id, claim.seq)
        self._call: Call | None = None
        self._bill: Bill | None = None
        self._handiwork = Handiwork(chat, approvals, claim, lambda: self.over)
        self.over = False

    def start(self) -> None:
        """Begin. The message is there already, as thinking."""
        self._chat.streams.begin(self.claim.room_id, self._message_id, self.claim.attempt)
        runtime.spawn(self._main)

    def end(self, how: Ending) -> bool:
        """Close the run with the text so far, from any task. False when it is over already. Does not wait."""
        with runtime.turn:
            if self.over:
                return False
            self.over = True
        if self._call is not None:
            self._call.stop()
        claim = self.claim
        # Before anything was told, what is saved stays: the text that was to be gone on with.
        how = replace(how, text=self.text or None, used=NOTHING)
        if self._bill is not None:
            how = self._bill.settle(how, self._purse, self.text)
        self._submit_end(
            EndRun(claim.room_id, claim.seq, claim.attempt, how, claim.owner, self._purse.terms)
        )
        return True

    def lost(self) -> None:
        """Somebody else has closed or taken over the attempt: say no more."""
        with runtime.turn:
            if self.over:
                return
            self.over = True
        if self._call is not None:
            self._call.stop()
        self._finished(None, ChatError("conflict", "This answer is over."))

    # Writing

    def _main(self) -> None:
        try:
            self._answer()
        except Stopped:
            pass
        except ChatError as error:
            if error.code == "conflict":  # somebody else closed it or took it over
                self.lost()
            elif error.code == "budget_exceeded":  # the whole prompt, or a price, is known only now
                self._refused(error)
            else:
                how = Ending("interrupted" if self.text else "failed", error=error.code)
                self.end(replace(how, retry_after=error.retry_after))
        except Exception:
            log.exception("the answer %s failed", self._message_id)
            self.end(Ending("interrupted" if self.text else "failed", error="internal"))

    def _refused(self, refusal: ChatError) -> None:
        """The room sees that it was stopped; why is told to who asked alone, as where it is refused before it begins."""
        claim = self.claim
        if self.end(Ending("stopped")):
            question = message_id(claim.room_id, claim.question_seq)
            refusals.tell(self._chat, claim.asker, claim.slug, question, refusal)

    def _answer(self) -> None:
        claim = self.claim
        online, _count = self._chat.presence.online(claim.room_id)
        with self._chat.db.snapshot() as db:
            row = assistant_rows.one(db, claim.assistant.id)
            prefix = run_texts.prefix(db, claim.room_id, claim.seq)
            persona = row.persona if row else ""
            prompt = gather(db, claim, online, persona, prefix)
        if prompt is None:  # the question was deleted, or hidden from assistants, while it waited
            self.end(Ending("stopped"))
            return
        if prefix:
            self._tell(prefix)
            self.saved = len(prefix)
        self._ask(prompt, row)
        self.end(Ending("done", mentions=self._named()))

    def _named(self) -> tuple[MentionSpan, ...]:
        """Whom the answer mentions: they are told as by anybody's message."""
        signs = mentions.signs(self.text)
        if not signs:
            return ()
        try:
            with self._chat.db.snapshot() as db:
                named = naming.bearers(db, [(self.claim.room_id, signs)])
        except ChatError:
            return ()  # the text is whole, and worth more than its mentions
        found = naming.spans(self.claim.room_id, signs, named)
        return tuple(span for span in found if span.user_id != self.claim.assistant.id)

    def _ask(self, prompt: Prompt, row: AssistantRow | None) -> None:
        provider = self._providers.get(row.provider if row else "")
        manner = Manner(row.model, row.temperature) if row else PLAIN
        can = provider.capabilities
        tools = SPECS if can.tools and (row is None or row.tools) else ()
        self._bill = Bill(manner.model or provider.model, len(self.text))
        for window in (can.window, can.window // 2):
            fitted = replace(fit(prompt, window, can.max_output), tools=tools)
            try:
                self._rounds(provider, fitted, manner, self._bill)
            except faults.ContextTooLong:
                continue
            return
        # With no older message left that could be left out it is the question; else the window is set larger than it is.
        raise faults.failure("ai_misconfigured" if len(fitted.turns) > 1 else "ai_too_long")

    def _rounds(self, provider: Provider, prompt: Prompt, manner: Manner, bill: Bill) -> None:
        """The answer, with the tools that it takes; after the last round none are offered."""
        for _ in range(ROUNDS):
            began = len(self.text)
            calls = self._one_call(provider, prompt, manner, bill)
            if not calls:
                return
            exchange = self._handiwork.use(calls, self.text[began:])
            if self.text[began:].strip():
                self._said("\n\n")
            prompt = replace(prompt, exchanges=(*prompt.exchanges, exchange))
        self._one_call(provider, replace(prompt, tools=()), manner, bill)

    def _one_call(
        self, provider: Provider, prompt: Prompt, manner: Manner, bill: Bill
    ) -> tuple[ToolCall, ...]:
        bill.sends(prompt)
        self._record(provider, prompt, bill)
        call = provider.call(prompt, manner)
        with runtime.turn:
            if self.over:
                raise Stopped
            self._call = call
        try:
            finish = call.run(self._said)
        except faults.ContextTooLong:
            if prompt.exchanges:  # what was told or done before is not told or done once more
                raise faults.failure("ai_incomplete") from None
            raise
        bill.finish(finish)
        if bill.truncated:
            self._warn_of_cut(provider, bill)
        if finish.reason in CUT_SHORT:
            raise faults.failure("ai_incomplete")
        return finish.tool_calls

    def _record(self, provider: Provider, prompt: Prompt, bill: Bill) -> None:
        """Note what the attempt is made from and have the budgets hold what it may use; nothing is asked before."""
        claim = self.claim
        self._chat.writer.run(
            RecordCall(
                claim.room_id,
                claim.seq,
                claim.attempt,
                f"{provider.name}/{bill.model}",
                PROMPT_VERSION,
                prompt.seen,
                bill.estimate,
                prompt.left_out,
                self._purse.terms.caps,
                bill.needs(self._purse, provider.capabilities.max_output, prompt),
            )
        )

    def _warn_of_cut(self, provider: Provider, bill: Bill) -> None:
        log.warning(
            "provider %s counted %d prompt tokens where about %d were sent: is its window set smaller?",
            provider.name,
            bill.prompt_tokens,
            bill.estimate,
        )

    def _said(self, text: str) -> None:
        self._tell(text)
        self._saves.grown(self)

    def _tell(self, text: str) -> None:
        claim = self.claim
        with runtime.turn:
            if self.over:
                raise Stopped
            told = self._chat.streams.extend(
                claim.room_id, claim.slug, self._message_id, claim.attempt, text
            )
            if told:
                self.text += text
        if not told:
            self.lost()
            raise Stopped

    # Storing

    def _submit_end(self, job: EndRun) -> None:
        def done(ended: Ended | None, error: Exception | None) -> None:
            if isinstance(error, ChatError) and error.code in RETRYABLE:
                runtime.call_later(END_RETRY_S, self._submit_end, job)
            else:
                self._finished(ended, error)

        try:
            self._chat.writer.submit(job).on_done(done)
        except ChatError as busy:
            done(None, busy)

    def _finished(self, ended: Ended | None, error: Exception | None) -> None:
        self._chat.streams.end(self.claim.room_id, self._message_id, self.claim.attempt)
        if error is not None and not isinstance(error, ChatError):
            log.error("the end of %s could not be stored", self._message_id, exc_info=error)
        self._over_callback(self, ended)
        self.ended.resolve(ended.message if ended else None, error)
