"""What an assistant asks for its words: the interface that every provider has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .capabilities import Capabilities
from .context import Prompt, ToolCall

# A room gets a growing answer in pieces: one read of the network in this time, and what came meanwhile goes together.
PIECE_EVERY_S = 0.05
PIECE_CHARS = 2048  # sooner, if this much is there


class Stopped(Exception):
    """stop() ended the call."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How one assistant wants its answers made. `model` None: the provider's own; `temperature` None: its default."""

    model: str | None = None
    temperature: float | None = None


PLAIN = Manner()


@dataclass(frozen=True, slots=True)
class Finish:
    """How a complete answer ended. Token counts are the provider's, None when it does not say.

    `tool_calls`: what it wants to know before it goes on.
    """

    reason: str | None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tool_calls: tuple[ToolCall, ...] = ()


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
        """The model that answers unless an assistant wants another, as far as known."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    def call(self, prompt: Prompt, manner: Manner = PLAIN) -> Call:
        """Prepare one answer. Nothing is sent before run()."""
        ...

    def close(self) -> None:
        """Let go of idle connections; no call follows."""
        ...
