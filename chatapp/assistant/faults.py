"""A provider's failures in our words. Nothing of the provider's own text goes on: it may hold keys and prompts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from chatapp.errors import ChatError

if TYPE_CHECKING:
    import openai

BUSY_RETRY_S = 20  # when the provider does not say how long
MAX_RETRY_S = 3600

_SENTENCES = {
    "ai_misconfigured": "The assistant is not set up correctly; the server's log tells its administrator why.",
    "ai_model_missing": "The provider does not have the model that the assistant is set to use.",
    "ai_busy": "The assistant's provider is busy.",
    "ai_quota": "The quota of the assistant's provider is used up.",
    "ai_unavailable": "The assistant's provider cannot be reached.",
    "ai_incomplete": "The answer was cut off.",
    "ai_too_long": "The question is too long for the assistant's model.",
}

_TOO_LONG = re.compile(
    r"context.?(length|window|size)|maximum context|too many tokens|prompt is too long|exceeds? the available",
    re.IGNORECASE,
)


class ContextTooLong(Exception):
    """The provider refused the request for its length."""


class UnknownOption(Exception):
    """The provider does not know `stream_options`."""


def failure(code: str, retry_after: float | None = None) -> ChatError:
    """The ChatError of one of the ai_ codes, with its sentence."""
    return ChatError(code, _SENTENCES[code], retry_after)


def of_status(error: openai.APIStatusError) -> Exception:
    """The failure that an HTTP answer of 400 and above means: a ChatError, ContextTooLong or UnknownOption."""
    status, code = error.status_code, error.code or error.type or ""
    if code == "insufficient_quota" or status == 402:
        return failure("ai_quota")
    if status in (401, 403):
        return failure("ai_misconfigured")
    if status == 404:
        return failure("ai_model_missing")
    if status == 429:
        return failure("ai_busy", retry_after(error.response.headers))
    if status == 408 or status >= 500:
        return failure("ai_unavailable")
    if code == "context_length_exceeded" or status == 413 or _TOO_LONG.search(error.message):
        return ContextTooLong()
    if "stream_options" in error.message:
        return UnknownOption()
    return failure("ai_misconfigured")


def of_event(code: str) -> Exception:
    """The failure that an error event inside the stream means before any text came."""
    if code == "insufficient_quota":
        return failure("ai_quota")
    if code == "context_length_exceeded":
        return ContextTooLong()
    if "rate_limit" in code or code == "429":
        return failure("ai_busy", BUSY_RETRY_S)
    return failure("ai_unavailable")


def describe(error: Exception) -> str:
    """What an administrator needs to know about a failure, for the log: no text of the provider's, no key."""
    # The SDK takes half a second to import: only who uses it waits for that.
    from openai import APIStatusError  # noqa: PLC0415

    if isinstance(error, APIStatusError):
        code = error.code or error.type or "no code"
        return f"HTTP {error.status_code} ({code}), request id {error.request_id}"
    return " < ".join(type(link).__name__ for link in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds from `retry-after-ms` or `retry-after` (a date there counts as not said), within an hour."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if 0 <= seconds <= MAX_RETRY_S:
            return seconds
    return BUSY_RETRY_S
