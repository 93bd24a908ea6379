"""The "Test" of the settings page: a provider tried by who may set an assistant up, at the cost of their budgets."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.ids import new_id
from chatapp.payloads import User
from chatapp.payloads import assistants as shapes
from chatapp.store.budgets import Use
from chatapp.store.holds import HoldFor, SettleFor
from chatapp.store.rooms import ASSISTANT_ID

from .provider import Stopped
from .providers import Providers, configured
from .spending import Purse

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

    from .roster import Roster
    from .trial import Trial

log = logging.getLogger("chatapp.assistant")

PATIENCE_S = 45.0  # a request is not kept open for longer
NEED = Use(2_000)  # tokens, held while it is tried


class Trying:
    """One per worker."""

    def __init__(self, chat: Chat, providers: Providers, roster: Roster, purse: Purse) -> None:
        self._chat, self._providers = chat, providers
        self._roster, self._purse = roster, purse

    def try_out(self, user: User, slug: str, wanted: shapes.TryProvider) -> shapes.Trial:
        """What a provider is found to do; counted like a question, whose tokens the person and the room pay.

        Takes up to 45 s. Raises ChatError: `forbidden`, `not_found`, `bad_request`, `rate_limited`, `budget_exceeded`.
        """
        seat = self._roster.may_set_up(user, slug)
        if wanted.provider not in self._providers:
            raise ChatError("bad_request", "There is no such provider here.")
        known = configured(self._chat.settings)
        one = known.get(wanted.provider) or (
            None if self._providers.is_demo(wanted.provider) else next(iter(known.values()))
        )
        if one is None:
            return shapes.Trial([shapes.Finding("ok", "demo", {})])
        if wanted.model is not None:
            one = msgspec.structs.replace(one, model=wanted.model)
        # With the SDK, which takes half a second to import.
        from .trial import Trial  # noqa: PLC0415

        terms = self._purse.terms
        held = HoldFor(new_id(), terms.caps, terms.paces, user.id, seat.room_id, ASSISTANT_ID, NEED)
        day = self._chat.writer.run(held)
        trial = Trial(one, window=False)
        try:
            return shapes.Trial(self._in_time(trial))
        finally:
            self._chat.writer.run(SettleFor(held, day, trial.used))

    def _in_time(self, trial: Trial) -> list[shapes.Finding]:
        found: list[shapes.Finding] = []

        def work() -> None:
            try:
                for one in trial.findings():
                    found.append(shapes.Finding(one.mark, one.code, one.params))  # noqa: PERF401 (each as it comes)
            except Stopped:
                pass
            except Exception:
                log.exception("a provider could not be tried")
                found.append(shapes.Finding("wrong", "internal", {}))

        task = runtime.spawn(work)
        if not task.join(PATIENCE_S):
            trial.stop()
            task.join(1.0)
            found.append(shapes.Finding("wrong", "slow", {"seconds": round(PATIENCE_S)}))
        return found
