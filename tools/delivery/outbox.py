"""What a person sends, until it is answered: a message keeps its key and is sent again, a change is sent once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from .journal import Journal, Sent
from .wire import LostError, Wire

Payload = dict[str, Any]
ANSWER_SECONDS = 20.0
#: what is sent again unchanged, beside what has no answer: the list of frontend/src/core/errors.ts
RETRYABLE = {"overloaded", "unavailable", "rate_limited"}
NOTHING_DONE = {"overloaded", "rate_limited"}  # refused before anything was tried


class Outbox:
    """Of one person; `up()` gives the connection once there is one, and raises LostError when there will never be."""

    def __init__(self, record: Journal, up: Callable[[], Awaitable[Wire]]) -> None:
        self._record, self._up = record, up

    async def deliver(self, sent: Sent, payload: Payload, *, patient: bool) -> Sent:
        """Send it; `patient`: again and again until it is done or refused for good. `sent` with its outcome.

        A repeated message is answered with what became of the first attempt: its refusal says that nothing is stored, also
        after attempts without an answer. A change has no key, and is tried once.
        """
        await self._up()
        sent.invoked = self._record.now()
        self._record.sent.append(sent)
        while True:
            wire = await self._up()
            sent.attempts += 1
            try:
                reply = await wire.call(sent.kind, payload, ANSWER_SECONDS)
            except LostError:
                sent.unanswered = True
                if not patient:
                    return sent
                wire.abort("no answer")
                await asyncio.sleep(0.05)
                continue
            if reply["ok"]:
                sent.outcome, sent.ended = "ok", self._record.now()
                self._record.acknowledged += sent.kind == "message"
                message = reply["message"]
                sent.seq = message["seq" if sent.kind == "message" else "changed_seq"]
                return sent
            error = reply["error"]
            sent.error = error["code"]
            self._record.refused(sent.error)
            if sent.error not in RETRYABLE:
                sent.outcome, sent.ended = "fail", self._record.now()
                return sent
            sent.unanswered = sent.unanswered or sent.error not in NOTHING_DONE
            if not patient:
                if not sent.unanswered:
                    sent.outcome, sent.ended = "fail", self._record.now()
                return sent
            await asyncio.sleep((error.get("retry_after") or 0.1) * random.uniform(0.5, 1.0))
