"""ChatError: the only error that crosses a layer, and the codes that clients know."""

from __future__ import annotations

from typing import Literal

# code -> HTTP status. Codes are part of the contract: clients translate them, people never see the raw word.
CODES: dict[str, int] = {
    "bad_request": 400,
    "too_long": 413,
    "unknown_event": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "name_taken": 409,
    "rate_limited": 429,
    "overloaded": 503,
    "unavailable": 503,
    "internal": 500,
    "ai_misconfigured": 502,
    "ai_model_missing": 502,
    "ai_busy": 503,
    "ai_quota": 502,
    "ai_unavailable": 502,
    "ai_incomplete": 502,
    "ai_too_long": 502,
    "budget_exceeded": 429,
}

# Codes after which the same request may succeed if it is sent again.
RETRYABLE = frozenset({"rate_limited", "overloaded", "unavailable"})

# Whose a budget of assistants is.
BudgetScope = Literal["person", "room", "assistant"]


class ChatError(Exception):
    """A refusal with a stable code and an English sentence; the UI translates the code.

    `retry_after`: seconds after which trying again makes sense. `budget`: whose is used up, of `budget_exceeded`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        retry_after: float | None = None,
        budget: BudgetScope | None = None,
    ) -> None:
        if code not in CODES:
            raise ValueError(f"unknown error code {code!r}")
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.budget = budget

    @property
    def status(self) -> int:
        """The HTTP status of this code."""
        return CODES[self.code]

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def not_found(what: str) -> ChatError:
    """The one answer for what does not exist and for what the asker may not know to exist."""
    return ChatError("not_found", f"No such {what}, or it is not open to you.")
