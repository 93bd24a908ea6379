"""What answers cost, and what they may: prices and caps of the settings."""

from __future__ import annotations

from chatapp.ai_settings import Caps as CapsSetting
from chatapp.config import Settings
from chatapp.services.limits import Limits
from chatapp.store.budgets import Cap, Caps, Use
from chatapp.store.paces import Pace, Paces
from chatapp.store.run_rows import Terms

from .context import SYSTEM_TOKENS, TURN_TOKENS, Prompt, estimate, tokens

MILLION = 1_000_000
# Of an answer, kept in the budgets while it is written. What it writes beyond is counted when it has ended.
ANSWER_TOKENS = 2_048


class Purse:
    """One per worker."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._prices = settings.ai_prices
        budgets = settings.ai_budgets
        # With the limits lifted budgets count on, but never bite.
        caps = (
            Caps(_cap(budgets.person), _cap(budgets.room), _cap(budgets.assistant))
            if settings.rate_limit_override is None
            else Caps()
        )
        paces = Paces(_pace(limits, "ai"), _pace(limits, "ai_room"))
        self.terms = Terms(settings.ai_at_once, caps, paces)

    def cost(self, model: str, prompt_tokens: int, completion_tokens: int) -> int | None:
        """In millionths; None when the price of the model is not known."""
        price = self._prices.get(model)
        if price is None:
            return None
        return round(prompt_tokens * price.prompt + completion_tokens * price.completion)

    def least(self, question: str = "") -> Use:
        """What a budget must have left before an answer is begun."""
        return Use(SYSTEM_TOKENS + TURN_TOKENS + tokens(question) + ANSWER_TOKENS)

    def expected(self, model: str, prompt: Prompt, max_output: int) -> Use:
        """What is kept for an answer to this prompt."""
        sent, written = estimate(prompt), min(max_output, ANSWER_TOKENS)
        return Use(sent + written, self.cost(model, sent, written) or 0)


def _cap(setting: CapsSetting) -> Cap:
    cost = None if setting.cost is None else round(setting.cost * MILLION)
    return Cap(setting.tokens, cost)


def _pace(limits: Limits, kind: str) -> Pace:
    cost, ahead = limits.pace(kind)
    return Pace(round(cost * MILLION), round(ahead * MILLION))
