"""Try the configured providers and say in words what is wrong: `python -m chatapp.assistant.check [NAME…] [--window]`.

Key and address, the model, streaming, how tokens are counted, tools, and with --window whether as much is read as is
sent (on an address of the own network always: that costs nothing, and servers there cut without a word).
Exit status: 0 when all is well, 1 when something is wrong, 2 for settings that cannot be read.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import openai

from chatapp.ai_settings import ProviderSettings
from chatapp.config import SettingsError, load
from chatapp.errors import ChatError

from . import capabilities, faults
from .bill import CUT_PROMPT
from .completions import ChatCompletions
from .context import MARGIN, SYSTEM_TOKENS, Prompt, Turn, estimate, tokens
from .provider import Finish
from .providers import configured, connect
from .tools import SPECS
from .wire import FAULTS

OK, NOTE, WRONG = "ok", "note", "WRONG"
SAMPLE = "the quick brown fox jumps over the lazy dog and runs away into the wood "

_HINTS = {
    "ai_misconfigured": "The key was refused, or the request. Is the key the one for this address, and is it in the environment"
    " of this process?",
    "ai_model_missing": "The model is not there, or the address lacks its /v1. `ollama pull` fetches a model; vLLM serves the one it"
    " was started with.",
    "ai_busy": "The rate limit of the account is reached: wait, or ask the provider for more.",
    "ai_quota": "The account has no credit left: look into the provider's billing.",
    "ai_unavailable": "Nobody answers there in time. Is the server running, and is the port right? From a container, 127.0.0.1 is the"
    " container itself.",
    "ai_incomplete": "The stream ends before the answer does, or it is no stream: perhaps a proxy in between answers with a page of its own.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    mark: str
    text: str


def check(one: ProviderSettings, *, window: bool = False) -> Iterator[Finding]:
    """Try a provider; each finding as it is made. Stops at what makes the rest meaningless."""
    provider = connect(one)
    assert isinstance(provider, ChatCompletions)
    try:
        yield from _models(provider)
        finish: list[Finish] = []
        yield from _streaming(provider, finish)
        if finish:
            yield from _usage(finish[0])
            yield from _tools(provider)
            host = urlsplit(one.base_url).hostname or ""
            if window or capabilities.is_local(host):
                yield from _window(provider)
    finally:
        provider.close()


def _models(provider: ChatCompletions) -> Iterator[Finding]:
    try:
        names = [model.id for model in provider.client.models.list().data]
    except openai.APIStatusError as error:
        if error.status_code in (404, 405):
            yield Finding(
                NOTE, "it does not list its models; what follows shows whether the model is there"
            )
            return
        yield _wrong(provider.name, error)
        return
    except (openai.OpenAIError, *FAULTS, ValueError, TypeError, AttributeError) as error:
        yield _wrong(provider.name, error)
        return
    if not names:
        yield Finding(WRONG, "it answers, and has no model at all. " + _HINTS["ai_model_missing"])
    elif not provider.model:
        yield Finding(NOTE, f"no model is set: the first that it lists is used, {names[0]}")
    elif provider.model in names or f"{provider.model}:latest" in names:
        yield Finding(OK, f"the address answers, takes the key, and has the model {provider.model}")
    else:
        some = ", ".join(names[:8])
        yield Finding(NOTE, f"it does not list the model {provider.model}; it lists {some}")


def _wrong(name: str, error: Exception) -> Finding:
    meaning = faults.failure("ai_unavailable")
    if isinstance(error, openai.APIStatusError):
        found = faults.of_status(error)
        meaning = found if isinstance(found, ChatError) else faults.failure("ai_misconfigured")
    detail = faults.describe(error)
    return Finding(WRONG, f"{name} refuses: {detail}. {_HINTS[meaning.code]}")


def _say(
    provider: ChatCompletions, prompt: Prompt, hear: Callable[[str], None] = lambda _text: None
) -> Finish:
    finish: Finish = provider.call(prompt).run(hear)
    return finish


def _streaming(provider: ChatCompletions, finished: list[Finish]) -> Iterator[Finding]:
    began = time.monotonic()
    heard: list[float] = []
    try:
        finish = _say(
            provider,
            _prompt("Count from one to twenty in words."),
            lambda _text: heard.append(time.monotonic()),
        )
    except faults.ContextTooLong:
        yield Finding(
            WRONG, "even a short question is too long for it: is its window set very small?"
        )
        return
    except ChatError as error:
        wait = f" It says to come back in {error.retry_after:.0f} s." if error.retry_after else ""
        yield Finding(
            WRONG,
            f"it did not answer ({error.code}). {_HINTS.get(error.code, error.message)}{wait}",
        )
        return
    finished.append(finish)
    first, last = (1000 * (at - began) for at in (heard[0], heard[-1]))
    yield Finding(
        OK, f"it answers: the first words after {first:.0f} ms, the last after {last:.0f} ms"
    )
    if len(heard) == 1 and last > 1000:
        yield Finding(
            NOTE,
            "all of the answer came at once: something in between holds the stream back (a proxy's buffer?)",
        )
    if finish.reason is None:
        yield Finding(
            NOTE, "it does not say why an answer ends: a cut one cannot be told from a whole one"
        )
    elif finish.reason == "length":
        yield Finding(
            NOTE, "it cut a short answer for its length: is its limit of output set very small?"
        )


def _usage(finish: Finish) -> Iterator[Finding]:
    if finish.prompt_tokens:
        yield Finding(
            OK,
            f"it counts tokens ({finish.prompt_tokens} and {finish.completion_tokens} for that question)",
        )
    else:
        yield Finding(NOTE, "it does not count tokens: budgets and receipts go by our estimate")


def _tools(provider: ChatCompletions) -> Iterator[Finding]:
    try:
        _say(provider, replace(_prompt("Say hello."), tools=SPECS))
    except (ChatError, faults.ContextTooLong):
        if provider.capabilities.tools:
            yield Finding(
                WRONG, 'it refuses tools, which its settings promise: set "tools": false for it'
            )
        else:
            yield Finding(NOTE, "it takes no tools: assistants there cannot search their room")
        return
    if provider.capabilities.tools:
        yield Finding(OK, "it takes tools")
    else:
        yield Finding(
            NOTE,
            'it takes tools, and they are off for it: "tools": true lets assistants search their room',
        )


def _window(provider: ChatCompletions) -> Iterator[Finding]:
    can = provider.capabilities
    room = int(can.window * (1 - MARGIN)) - can.max_output - SYSTEM_TOKENS - 200
    text = SAMPLE * max(1, room // tokens(SAMPLE))
    prompt = _prompt(f"{text}\nSay ok.")
    try:
        finish = _say(provider, prompt)
    except faults.ContextTooLong:
        yield Finding(
            WRONG,
            f'it refuses what should fit {can.window} tokens: set its "window" to what it really has',
        )
        return
    except ChatError as error:
        yield Finding(
            NOTE, f"whether it reads {can.window} tokens could not be tried ({error.code})"
        )
        return
    sent = estimate(prompt)
    if not finish.prompt_tokens:
        yield Finding(
            NOTE,
            f"whether it reads all of {can.window} tokens cannot be seen: it does not count them",
        )
    elif finish.prompt_tokens < sent * CUT_PROMPT:
        yield Finding(
            WRONG,
            f"it read {finish.prompt_tokens} tokens where about {sent} were sent: it cuts without a word. Raise its context"
            f' length (OLLAMA_CONTEXT_LENGTH), or set "window" to what it has, instead of {can.window}',
        )
    else:
        yield Finding(
            OK, f"it reads as much as is sent (its window is taken to be {can.window} tokens)"
        )


def _prompt(text: str) -> Prompt:
    asked = Turn(1, "1-1", "Admin", "person", "2026-01-01T00:00:00.000Z", text)
    return Prompt("assistant", "check", ("Admin",), (asked,))


def main(arguments: list[str]) -> int:
    """See the module."""
    logging.getLogger("chatapp.assistant").setLevel(logging.ERROR)  # the report says it in words
    window = "--window" in arguments
    wanted = [name for name in arguments if name != "--window"]
    try:
        found = configured(load())
    except SettingsError as error:
        sys.stderr.write(f"chatapp: {error}\n")
        return 2
    missing = [name for name in wanted if name not in found]
    if missing:
        sys.stderr.write(
            f"chatapp: no provider is called {missing[0]}; there is {', '.join(found) or 'none'}.\n"
        )
        return 2
    if not found:
        sys.stdout.write(
            "No provider is set up: the built-in demo answers. docs/assistants.md says how to connect one.\n"
        )
        return 0
    wrong = False
    for name in wanted or found:
        one = found[name]
        sys.stdout.write(f"{name}: {one.base_url.rpartition('@')[2]}\n")
        for finding in check(one, window=window):
            wrong = wrong or finding.mark == WRONG
            sys.stdout.write(f"  {finding.mark:5}  {finding.text}\n")
            sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
