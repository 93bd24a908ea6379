"""Trying a provider: what it is found to do and not to do, as codes that the command and the page put into words."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

import openai

from chatapp.ai_settings import ProviderSettings
from chatapp.errors import ChatError
from chatapp.store.budgets import Use

from . import capabilities, faults
from .bill import CUT_PROMPT
from .completions import ChatCompletions
from .context import MARGIN, SYSTEM_TOKENS, Prompt, Turn, estimate, tokens
from .provider import Call, Finish, Stopped
from .providers import connect
from .tools import SPECS
from .wire import FAULTS

SAMPLE = "the quick brown fox jumps over the lazy dog and runs away into the wood "
SHOWN_MODELS = 8
NAME_LENGTH = 120
AT_ONCE_MS = 1000  # an answer that comes as one piece, and so late, was held back

Mark = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. `params` are for the sentence that `code` stands for; `detail` is for the server's own console."""

    mark: Mark
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    detail: str = ""


class Trial:
    """One try of a provider. stop() ends it from another task."""

    def __init__(self, one: ProviderSettings, *, window: bool | None = None) -> None:
        """`window`: whether as much is read as is sent; None: where that costs nothing."""
        provider = connect(one)
        assert isinstance(provider, ChatCompletions)
        self._provider = provider
        host = urlsplit(one.base_url).hostname or ""
        self._window_too = capabilities.is_local(host) if window is None else window
        self._call: Call | None = None
        self._stopped = False
        #: what was asked of the provider so far, as it counted, or as estimated
        self.used = Use()

    def findings(self) -> Iterator[Finding]:
        """Each as it is made. Stops at what makes the rest meaningless. Raises Stopped."""
        try:
            if not (yield from self._models()):
                return
            finish: list[Finish] = []
            yield from self._streaming(finish)
            if finish:
                yield from self._usage(finish[0])
                yield from self._tools()
                if self._window_too:
                    yield from self._window()
        finally:
            self._provider.close()

    def stop(self) -> None:
        """End it; a call that is under way is cut off."""
        self._stopped = True
        if self._call is not None:
            self._call.stop()

    def _models(self) -> Generator[Finding, None, bool]:
        """Whether anything answers at the address."""
        provider = self._provider
        try:
            names = [str(model.id) for model in provider.client.models.list().data]
        except openai.APIStatusError as error:
            if error.status_code in (404, 405):
                yield Finding("note", "lists_nothing")
            else:
                yield _refused(error)
            return True
        except (openai.APIConnectionError, *FAULTS) as error:
            yield _refused(error)
            return False
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            yield _refused(error)
            return True
        model = provider.model
        if not names:
            yield Finding("wrong", "no_model")
        elif not model:
            yield Finding("note", "first_model", {"model": names[0][:NAME_LENGTH]})
        elif model in names or f"{model}:latest" in names:
            yield Finding("ok", "has_model", {"model": model})
        else:
            some = ", ".join(name[:NAME_LENGTH] for name in names[:SHOWN_MODELS])
            yield Finding("note", "other_models", {"model": model, "models": some})
        return True

    def _say(self, prompt: Prompt, hear: Callable[[str], None] = lambda _text: None) -> Finish:
        self._call = self._provider.call(prompt)
        if self._stopped:
            raise Stopped
        heard: list[str] = []

        def listen(text: str) -> None:
            heard.append(text)
            hear(text)

        sent, written = estimate(prompt), 0
        try:
            finish: Finish = self._call.run(listen)
            sent, written = finish.prompt_tokens or sent, finish.completion_tokens or 0
            return finish
        finally:
            if heard:
                self.used = Use(self.used.tokens + sent + (written or tokens("".join(heard))))

    def _streaming(self, finished: list[Finish]) -> Iterator[Finding]:
        began = time.monotonic()
        heard: list[float] = []
        try:
            finish = self._say(
                _prompt("Count from one to twenty in words."),
                lambda _text: heard.append(time.monotonic()),
            )
        except faults.ContextTooLong:
            yield Finding("wrong", "too_long")
            return
        except ChatError as error:
            wait = {} if error.retry_after is None else {"retry_after": error.retry_after}
            yield Finding("wrong", error.code, wait)
            return
        finished.append(finish)
        first, last = (1000 * (at - began) for at in (heard[0], heard[-1]))
        yield Finding("ok", "answers", {"first": round(first), "last": round(last)})
        if len(heard) == 1 and last > AT_ONCE_MS:
            yield Finding("note", "all_at_once")
        if finish.reason is None:
            yield Finding("note", "no_reason")
        elif finish.reason == "length":
            yield Finding("note", "cut_short")

    def _usage(self, finish: Finish) -> Iterator[Finding]:
        if finish.prompt_tokens:
            counted = {"prompt": finish.prompt_tokens, "answer": finish.completion_tokens or 0}
            yield Finding("ok", "counts_tokens", counted)
        else:
            yield Finding("note", "counts_nothing")

    def _tools(self) -> Iterator[Finding]:
        promised = self._provider.capabilities.tools
        try:
            self._say(replace(_prompt("Say hello."), tools=SPECS))
        except (ChatError, faults.ContextTooLong):
            yield Finding("wrong", "refuses_tools") if promised else Finding("note", "no_tools")
            return
        yield Finding("ok", "takes_tools") if promised else Finding("note", "tools_off")

    def _window(self) -> Iterator[Finding]:
        can = self._provider.capabilities
        room = int(can.window * (1 - MARGIN)) - can.max_output - SYSTEM_TOKENS - 200
        prompt = _prompt(f"{SAMPLE * max(1, room // tokens(SAMPLE))}\nSay ok.")
        window: dict[str, Any] = {"window": can.window}
        try:
            finish = self._say(prompt)
        except faults.ContextTooLong:
            yield Finding("wrong", "window_refused", window)
            return
        except ChatError as error:
            yield Finding("note", "window_untried", {**window, "error": error.code})
            return
        sent = estimate(prompt)
        if not finish.prompt_tokens:
            yield Finding("note", "window_unseen", window)
        elif finish.prompt_tokens < sent * CUT_PROMPT:
            read = {"read": finish.prompt_tokens, "sent": sent}
            yield Finding("wrong", "window_cut", {**window, **read})
        else:
            yield Finding("ok", "reads_window", window)


def _refused(error: Exception) -> Finding:
    meaning = faults.failure("ai_unavailable")
    if isinstance(error, openai.APIStatusError):
        found = faults.of_status(error)
        meaning = found if isinstance(found, ChatError) else faults.failure("ai_misconfigured")
    return Finding("wrong", meaning.code, detail=faults.describe(error))


def _prompt(text: str) -> Prompt:
    asked = Turn(1, "1-1", "Admin", "person", "2026-01-01T00:00:00.000Z", text)
    return Prompt("assistant", "check", ("Admin",), (asked,))
