"""The adapter to chat completions over the `openai` package, for any base URL that speaks its protocol."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from chatapp import runtime
from chatapp.errors import ChatError

from . import capabilities, chunks, faults
from .capabilities import Capabilities
from .context import Prompt, ToolCall, as_messages
from .provider import PIECE_CHARS, PIECE_EVERY_S, PLAIN, Finish, Manner, Stopped
from .transport import Transport
from .wire import FAULTS, Cut, Line, Silent

log = logging.getLogger("chatapp.assistant")

CONNECT_S = 5.0
IDLE_S = 30.0  # between two chunks
TOTAL_S = 300.0
DRAIN_S = 0.05  # for the end of the body after [DONE], so that the connection can be used again
RETRY_AFTER_S = (0.5, 1.5)
MAX_BUSY_WAIT_S = 3.0  # a busy provider that asks for more is reported instead
MAX_ANSWER = 32_000  # code points
MAX_CALLS = 16  # of tools, in one round
MAX_ARGUMENTS = 16_000  # code points of one of them


class ChatCompletions:
    """A provider behind a base URL. One client for its whole life, shared by all calls."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        model: str | None,
        can: Capabilities | None = None,
        *,
        name: str = "",
    ) -> None:
        """`api_key` None for servers that want none; `model` None takes the first that the server lists.

        `can` None: what the address tells. `name`: what people are told of it, who may not know the address; without
        one it is for tries and logs alone.
        """
        self.name = name or urlsplit(base_url).netloc.rpartition("@")[2]
        self.model = model or ""
        self.capabilities = can or capabilities.of(base_url)
        self.client = openai.OpenAI(
            # The SDK insists on a key; a server without keys ignores it.
            api_key=api_key or "none",
            base_url=base_url,
            max_retries=0,  # it would retry what is final, and wait where stop() cannot reach
            timeout=httpx2.Timeout(TOTAL_S, connect=CONNECT_S),
            http_client=httpx2.Client(transport=Transport(base_url), follow_redirects=True),
        )

    def call(self, prompt: Prompt, manner: Manner = PLAIN) -> _Call:
        return _Call(self, as_messages(prompt), manner, prompt.tools)

    def close(self) -> None:
        self.client.close()

    def find_model(self) -> None:
        """Ask the server for its models when none is set."""
        if not self.model:
            found = self.client.models.list().data
            if not found:
                raise faults.failure("ai_model_missing")
            self.model = found[0].id

    def without_usage(self) -> None:
        """Remember that this server does not know `stream_options`."""
        self.capabilities = replace(self.capabilities, usage=False)


class _Call:
    """One answer; see provider.Call."""

    def __init__(
        self,
        provider: ChatCompletions,
        messages: list[dict[str, Any]],
        manner: Manner,
        tools: tuple[dict[str, Any], ...],
    ) -> None:
        self._provider, self._messages, self._manner = provider, messages, manner
        self._tools = tools
        self._asked: dict[int, list[str]] = {}  # index -> id, name, arguments
        self._stop = runtime.Event()
        self._line = Line(self._before_read)
        self._started = 0.0
        self._progress: float | None = None  # when the latest token came, shown or only thought
        self._delivered: float | None = None  # when text was last passed on
        self._pending: list[str] = []
        self._pending_chars = self._length = 0
        self._draining = False

    def stop(self) -> None:
        self._stop.set()
        self._line.cut()

    def run(self, on_text: Callable[[str], None]) -> Finish:
        self._on_text = on_text
        self._started = time.monotonic()
        for wait in (*RETRY_AFTER_S, None):
            try:
                return self._attempt()
            except faults.UnknownOption:
                self._provider.without_usage()
            except ChatError as error:
                pause = self._pause_before_retry(error, wait)
                if pause is None:
                    raise
                if self._stop.wait(pause):
                    raise Stopped from None
        raise faults.failure("ai_misconfigured")

    def _pause_before_retry(self, error: ChatError, wait: float | None) -> float | None:
        """Seconds, or None when this failure is the answer."""
        if wait is None or self._progress is not None or self._left() <= wait:
            return None
        if error.code == "ai_unavailable":
            return wait * random.uniform(0.8, 1.2)
        if error.code == "ai_busy" and (error.retry_after or 0) <= MAX_BUSY_WAIT_S:
            return error.retry_after
        return None

    def _attempt(self) -> Finish:
        try:
            with self._line.in_use():
                if self._manner.model is None:
                    self._provider.find_model()
                with self._open() as body:
                    return self._read(body)
        except (openai.OpenAIError, chunks.BadStream, chunks.ErrorEvent, Cut, *FAULTS) as error:
            if self._stop.is_set():
                raise Stopped from None
            self._deliver()  # what came before the fault was said
            log.warning("provider %s: %s", self._provider.name, faults.describe(error))
            raise self._meaning(error) from None

    @contextmanager
    def _open(self) -> Iterator[Iterable[bytes]]:
        options: dict[str, Any] = {}
        if self._provider.capabilities.usage:
            options["stream_options"] = {"include_usage": True}
        if self._manner.temperature is not None:
            options["temperature"] = self._manner.temperature
        if self._tools:
            options["tools"] = self._tools
        with self._provider.client.chat.completions.with_streaming_response.create(
            model=self._manner.model or self._provider.model,
            messages=self._messages,  # type: ignore[arg-type]
            stream=True,
            **options,
        ) as response:
            yield response.iter_bytes()

    def _read(self, body: Iterable[bytes]) -> Finish:
        reason: str | None = None
        usage = chunks.Usage()
        done = False
        for chunk in chunks.read(body):
            if chunk is None:
                done = True
                break
            usage = chunk.usage or usage
            for choice in chunk.choices or ():
                reason = choice.finish_reason or reason
                self._take(choice.delta)
            if self._length >= MAX_ANSWER:
                break
        self._deliver()
        if not done or not (self._length or self._asked):
            raise faults.failure("ai_incomplete")
        self._drain(body)
        if reason is None and self._provider.capabilities.finish_reason:
            raise faults.failure("ai_incomplete")
        calls = tuple(
            ToolCall(call_id or f"call_{index}", name, arguments)
            for index, (call_id, name, arguments) in sorted(self._asked.items())
        )
        return Finish(reason, usage.prompt_tokens, usage.completion_tokens, calls)

    def _take(self, delta: chunks.Delta | None) -> None:
        if delta is None:
            return
        if delta.tool_calls:
            self._note(delta.tool_calls)
        if delta.content or delta.reasoning_content or delta.reasoning or delta.tool_calls:
            self._progress = time.monotonic()
        if delta.content:
            self._pending.append(delta.content)
            self._pending_chars += len(delta.content)
            if self._pending_chars >= PIECE_CHARS:
                self._deliver()

    def _note(self, pieces: list[chunks.ToolPiece]) -> None:
        for piece in pieces:
            if piece.index not in self._asked and len(self._asked) >= MAX_CALLS:
                continue
            call = self._asked.setdefault(piece.index, ["", "", ""])
            call[0] = piece.id or call[0]
            if piece.function is not None:
                call[1] += piece.function.name or ""
                call[2] += piece.function.arguments or ""
            if len(call[1]) + len(call[2]) > MAX_ARGUMENTS:
                raise chunks.BadStream("arguments without end")

    def _deliver(self) -> None:
        # A NUL, which no database takes, would cost the whole answer.
        text = "".join(self._pending).replace("\0", "")[: MAX_ANSWER - self._length]
        self._pending.clear()
        self._pending_chars = 0
        if text:
            self._length += len(text)
            self._delivered = time.monotonic()
            self._on_text(text)

    def _drain(self, body: Iterable[bytes]) -> None:
        self._draining = True
        try:
            for _ in body:
                pass
        except (Cut, *FAULTS):
            pass

    def _before_read(self) -> float:
        """All that was received is parsed: pass it on, wait until the next piece is due, then read."""
        if self._draining:
            return DRAIN_S
        self._deliver()
        if self._delivered is not None:
            pause = self._delivered + PIECE_EVERY_S - time.monotonic()
            if pause > 0:
                runtime.pause(pause)
        if self._line.is_cut:
            raise Cut
        left = self._left()
        if left <= 0:
            raise Silent
        return left

    def _left(self) -> float:
        """Seconds until the call is given up if nothing comes."""
        if self._progress is None:
            limit = self._started + self._provider.capabilities.first_token_s
        else:
            limit = min(self._progress + IDLE_S, self._started + TOTAL_S)
        return limit - time.monotonic()

    def _meaning(self, error: Exception) -> Exception:
        if isinstance(error, openai.APIStatusError):
            return faults.of_status(error)
        if isinstance(error, chunks.ErrorEvent):
            return faults.of_event(error.code)
        silent = isinstance(error, Silent)
        if silent and time.monotonic() < self._started + TOTAL_S:
            return faults.failure("ai_unavailable")
        if isinstance(error, chunks.BadStream) or self._length:
            return faults.failure("ai_incomplete")
        return faults.failure("ai_unavailable")
