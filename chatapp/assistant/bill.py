"""What one answer used: as the provider counted it, or as we estimate where it does not say."""

from __future__ import annotations

from dataclasses import replace

from chatapp.store.budgets import Use
from chatapp.store.run_rows import Ending

from .context import Prompt, estimate, tokens
from .provider import Finish
from .spending import Purse

CUT_FROM = 2_000  # tokens; what is shorter fits every window
# The provider counted less than this part of our estimate, which is on the safe side: so it saw less.
CUT_PROMPT = 1 / 3


class Bill:
    """Of the calls of one attempt. `told` code points stood there before the first of them."""

    def __init__(self, model: str, told: int) -> None:
        self.model, self.told = model, told
        self.estimate = 0  # of the latest prompt
        self.asked = 0  # tokens of prompts that were answered, as estimated
        self.prompt_tokens: int | None = None
        self.completion_tokens: int | None = None
        self.truncated = False

    def sends(self, prompt: Prompt) -> None:
        """A call is about to be made."""
        self.estimate = estimate(prompt)

    def needs(self, purse: Purse, max_output: int, prompt: Prompt) -> Use:
        """What the budgets keep: for this call, and for those before it."""
        need = purse.expected(self.model, prompt, max_output)
        before = purse.cost(self.model, self.asked, 0) or 0
        return Use(need.tokens + self.asked, need.cost + before)

    def finish(self, finish: Finish) -> None:
        """A call was answered to its end."""
        self.asked += self.estimate
        if finish.prompt_tokens:
            self.prompt_tokens = (self.prompt_tokens or 0) + finish.prompt_tokens
            self.completion_tokens = (self.completion_tokens or 0) + (finish.completion_tokens or 0)
            if self.estimate > CUT_FROM and finish.prompt_tokens < self.estimate * CUT_PROMPT:
                self.truncated = True

    def settle(self, how: Ending, purse: Purse, text: str) -> Ending:
        """The ending with what was used. An answer that failed before it said anything used nothing."""
        written = text[self.told :]
        if self.prompt_tokens is not None:
            prompt, completion = self.prompt_tokens, self.completion_tokens or 0
        elif self.asked or written:
            prompt, completion = self.asked or self.estimate, tokens(written)
        else:
            prompt = completion = 0
        cost = purse.cost(self.model, prompt, completion)
        return replace(
            how,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cost=cost,
            truncated=self.truncated,
            used=Use(prompt + completion, cost or 0),
        )
