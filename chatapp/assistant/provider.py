"""What an assistant asks for its words: the interface that every provider has, and the choice of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chatapp.config import Settings

from .capabilities import OPENAI_MODEL, OPENAI_URL, Capabilities
from .context import Prompt

# A room gets a growing answer in pieces: one read of the network in this time, and what came meanwhile goes together.
PIECE_EVERY_S = 0.045
PIECE_CHARS = 2048  # sooner, if this much is there


class Stopped(Exception):
    """stop() ended the call."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a complete answer ended. Token counts are the provider's, None when it does not say."""

    reason: str | None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Call(Protocol):
    """One answer being produced."""

    def run(self, on_text: Callable[[str], None]) -> Finish:
        """Produce the answer in the calling task; on_text gets it piece by piece, the first at once.

        Raises Stopped, ContextTooLong, or ChatError with one of the ai_ codes. What on_text raises ends the call too.
        """
        ...

    def stop(self) -> None:
        """End run() from any task, the connection included. Without effect on a call that is over."""
        ...


class Provider(Protocol):
    """A source of answers."""

    @property
    def name(self) -> str:
        """What to call it in records: a host, or `demo`."""
        ...

    @property
    def model(self) -> str:
        """The model that answers, as far as known."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    def call(self, prompt: Prompt) -> Call:
        """Prepare one answer. Nothing is sent before run()."""
        ...

    def close(self) -> None:
        """Let go of idle connections; no call follows."""
        ...


def choose(settings: Settings) -> Provider:
    """The provider that the settings name: any OpenAI-compatible server, else the built-in demo."""
    if settings.openai_api_key or settings.openai_base_url:
        # The SDK takes half a second to import: only who uses it waits for that.
        from .completions import ChatCompletions  # noqa: PLC0415

        base_url = settings.openai_base_url or OPENAI_URL
        model = settings.openai_model or (OPENAI_MODEL if base_url == OPENAI_URL else None)
        return ChatCompletions(base_url, settings.openai_api_key, model)
    from .demo import Demo  # noqa: PLC0415

    return Demo()
