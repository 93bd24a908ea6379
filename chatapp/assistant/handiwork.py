"""An attempt's uses of tools: checked, approved where they write, carried out in time, and noted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from chatapp import runtime
from chatapp.clock import now_ms, rfc3339
from chatapp.errors import ChatError
from chatapp.ids import message_id, new_id
from chatapp.payloads import ToolRequest, ToolSettled, User
from chatapp.realtime import frames
from chatapp.store import tool_jobs
from chatapp.store.run_rows import Claim
from chatapp.store.tool_jobs import AddToolUse, AnswerTool, EndToolUse, ExpireTool

from .context import Exchange, ToolCall
from .provider import Stopped
from .tools import RESULT, TOOLS, Told, Tool

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

log = logging.getLogger("chatapp.assistant")

ROUNDS = 5  # after which the model has to answer with what it knows
CALLS = 4  # of one round
TOOL_S = 10.0  # for carrying one out
LOOK_EVERY_S = 2.0  # at the database, should another worker's word be lost


class Approvals:
    """One per worker: the askers' words, wherever they were said."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._waiting: dict[str, runtime.Event] = {}
        chat.control.on("tool_answered", lambda fields: self._wake(fields["id"]))

    def answer(self, user: User, use_id: str, approve: bool) -> None:
        """The asker's word. Raises ChatError `not_found`."""
        self._chat.writer.run(AnswerTool(use_id, user.id, approve))
        self._wake(use_id)
        self._chat.control.tell("tool_answered", id=use_id)

    def pending(self, user: User, slug: str) -> list[ToolRequest]:
        """What waits for a person's word in a room."""
        seat = self._chat.rooms.seat(user, slug)
        with self._chat.db.snapshot() as db:
            found = tool_jobs.pending(db, user.id, seat.room_id, now_ms())
        return [
            ToolRequest(
                one.id,
                seat.slug,
                message_id(one.room_id, one.seq),
                one.assistant,
                one.tool,
                one.arguments,
                rfc3339(one.expires_at),
            )
            for one in found
        ]

    def ask(
        self, claim: Claim, use_id: str, call: Tool, arguments: dict[str, Any], until: int
    ) -> None:
        """Put the question to the asker, on all their devices."""
        request = ToolRequest(
            use_id,
            claim.slug,
            message_id(claim.room_id, claim.seq),
            claim.assistant,
            call.name,
            arguments,
            rfc3339(until),
        )
        packet = frames.event("tool_request", msgspec.json.encode(request))
        self._chat.broadcast.user(claim.asker.id, packet)

    def wait(self, claim: Claim, use_id: str, over: Callable[[], bool]) -> str:
        """Until the asker has said a word, or nobody is waited for: approved, refused or expired."""
        event = self._waiting.setdefault(use_id, runtime.Event())
        until = time.monotonic() + tool_jobs.APPROVAL_MS / 1000
        state: str | None = "pending"
        try:
            while state == "pending" and (left := until - time.monotonic()) > 0 and not over():
                event.wait(min(left, LOOK_EVERY_S))
                with self._chat.db.snapshot() as db:
                    state = tool_jobs.state(db, use_id)
        finally:
            self._waiting.pop(use_id, None)
        if state == "pending":
            state = self._chat.writer.run(ExpireTool(use_id))
        settled = ToolSettled(use_id, claim.slug, state or "expired")  # type: ignore[arg-type]
        packet = frames.event("tool_settled", msgspec.json.encode(settled))
        self._chat.broadcast.user(claim.asker.id, packet)
        return settled.state

    def _wake(self, use_id: str) -> None:
        event = self._waiting.get(use_id)
        if event is not None:
            event.set()


class Handiwork:
    """Of one attempt. `over()`: whether the attempt is."""

    def __init__(
        self, chat: Chat, approvals: Approvals, claim: Claim, over: Callable[[], bool]
    ) -> None:
        self._chat, self._approvals, self._claim, self._over = chat, approvals, claim, over

    def use(self, calls: tuple[ToolCall, ...], said: str) -> Exchange:
        """Carry out what the model asked for in one round. A failure is told to the model, and nobody else."""
        results = [
            self._one(call) if place < CALLS else "Too many at one time."
            for place, call in enumerate(calls)
        ]
        return Exchange(said, calls, tuple(results))

    def _one(self, call: ToolCall) -> str:
        tool = TOOLS.get(call.name)
        if tool is None:
            return "There is no such tool."
        try:
            arguments = tool.check(call.arguments)
        except ChatError as refusal:
            return f"The arguments are wrong: {refusal.message}"
        claim, use_id = self._claim, new_id()
        shown: dict[str, Any] = msgspec.to_builtins(arguments)
        until = self._chat.writer.run(
            AddToolUse(
                use_id,
                claim.room_id,
                claim.seq,
                claim.attempt,
                claim.asker.id,
                tool.name,
                shown,
                tool.writes,
            )
        )
        if tool.writes:
            self._approvals.ask(claim, use_id, tool, shown, until)
            state = self._approvals.wait(claim, use_id, self._over)
            if self._over():
                raise Stopped
            if state != "approved":
                return f"{claim.asker.name} did not allow it."
        place = message_id(claim.room_id, claim.seq)
        self._chat.streams.use(claim.room_id, claim.slug, place, claim.attempt, tool.name)
        state, told = self._in_time(tool, arguments)
        self._chat.writer.run(EndToolUse(use_id, state, told.noted))
        return told.text[:RESULT]

    def _in_time(self, tool: Tool, arguments: Any) -> tuple[str, Told]:
        outcome: list[tuple[str, Told]] = []

        def work() -> None:
            try:
                outcome.append(("done", tool.run(self._chat, self._claim, arguments)))
            except ChatError as refusal:
                outcome.append(("failed", Told(f"It failed: {refusal.message}")))
            except Exception:
                log.exception("the tool %s failed", tool.name)
                outcome.append(("failed", Told("It failed.")))

        runtime.spawn(work).join(TOOL_S)
        return outcome[0] if outcome else ("failed", Told("It took too long."))
