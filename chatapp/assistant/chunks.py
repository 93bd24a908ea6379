"""The provider's event stream: server-sent events that carry chat completion chunks, in all their dialects.

Read from the raw body: the SDK's iterator builds a pydantic object for each chunk, ten times as dear
(docs/decisions has the figures).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

MAX_LINE = 1 << 20  # bytes of one event; more is no chat completion


class BadStream(Exception):
    """What came is no stream of chat completion chunks."""


class ErrorEvent(Exception):
    """The provider reported a failure inside the stream; `.code` is its code or type, perhaps empty."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Function(msgspec.Struct):
    """Which tool, and a piece of its arguments' JSON."""

    name: str | None = None
    arguments: str | None = None


class ToolPiece(msgspec.Struct):
    """A piece of a call of a tool; pieces of one `index` belong together."""

    index: int = 0
    id: str | None = None
    function: Function | None = None


class Delta(msgspec.Struct):
    """What a chunk adds. Thinking models fill one of the two reasoning fields first; it is not shown."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: Any = None
    tool_calls: list[ToolPiece] | None = None


class Choice(msgspec.Struct):
    """The one answer we ask for."""

    delta: Delta | None = None
    finish_reason: str | None = None


class Usage(msgspec.Struct):
    """Tokens as the provider counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Chunk(msgspec.Struct):
    """One event. OpenAI's usage chunk has no choices, elsewhere `choices` may be null."""

    choices: list[Choice] | None = None
    usage: Usage | None = None
    error: Any = None


_decode = msgspec.json.Decoder(Chunk).decode


def _lines(body: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for data in body:
        rest += data
        *lines, rest = rest.split(b"\n")
        if len(rest) > MAX_LINE:
            raise BadStream("an event without end")
        yield from lines
    if rest:
        yield rest


def read(body: Iterable[bytes]) -> Iterator[Chunk | None]:
    """The chunks of an event stream; None stands for its [DONE], which is the last.

    Raises BadStream, ErrorEvent, and whatever reading `body` raises. Simply ends if the body does.
    """
    for line in _lines(body):
        if not line.startswith(b"data:"):
            continue  # comments, empty lines, event names
        data = line[5:].strip()
        if data == b"[DONE]":
            yield None
            return
        try:
            chunk = _decode(data)
        except msgspec.DecodeError as error:
            raise BadStream("a chunk that cannot be read") from error
        if chunk.error is not None:
            raise ErrorEvent(_code_of(chunk.error))
        yield chunk


def _code_of(error: Any) -> str:
    if not isinstance(error, dict):
        return ""
    return str(error.get("code") or error.get("type") or "")
