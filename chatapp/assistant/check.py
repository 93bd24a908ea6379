"""Try the configured providers and say in words what is wrong: `python -m chatapp.assistant.check [NAME…] [--window]`.

Key and address, the model, streaming, how tokens are counted, tools, and with --window whether as much is read as is
sent (on an address of the own network always: that costs nothing, and servers there cut without a word).
Exit status: 0 when all is well, 1 when something is wrong, 2 for settings that cannot be read.
"""

from __future__ import annotations

import logging
import sys

from chatapp.config import SettingsError, load

from .providers import configured
from .trial import Finding, Trial

_MARKS = {"ok": "ok", "note": "note", "wrong": "WRONG"}

_WORDS = {
    "lists_nothing": "it does not list its models; what follows shows whether the model is there",
    "no_model": "it answers, and has no model at all: `ollama pull` fetches one",
    "first_model": "no model is set: the first that it lists is used, {model}",
    "has_model": "the address answers, takes the key, and has the model {model}",
    "other_models": "it does not list the model {model}; it lists {models}",
    "too_long": "even a short question is too long for it: is its window set very small?",
    "answers": "it answers: the first words after {first} ms, the last after {last} ms",
    "all_at_once": "all of the answer came at once: something in between holds the stream back (a proxy's buffer?)",
    "no_reason": "it does not say why an answer ends: a cut one cannot be told from a whole one",
    "cut_short": "it cut a short answer for its length: is its limit of output set very small?",
    "counts_tokens": "it counts tokens ({prompt} and {answer} for that question)",
    "counts_nothing": "it does not count tokens: budgets and receipts go by our estimate",
    "refuses_tools": 'it refuses tools, which its settings promise: set "tools": false for it',
    "no_tools": "it takes no tools: assistants there cannot search their room",
    "takes_tools": "it takes tools",
    "tools_off": 'it takes tools, and they are off for it: "tools": true lets assistants search their room',
    "window_refused": 'it refuses what should fit {window} tokens: set its "window" to what it really has',
    "window_untried": "whether it reads {window} tokens could not be tried ({error})",
    "window_unseen": "whether it reads all of {window} tokens cannot be seen: it does not count them",
    "window_cut": "it read {read} tokens where about {sent} were sent: it cuts without a word. Raise its context"
    ' length (OLLAMA_CONTEXT_LENGTH), or set "window" to what it has, instead of {window}',
    "reads_window": "it reads as much as is sent (its window is taken to be {window} tokens)",
    "ai_misconfigured": "the key was refused, or the request. Is the key the one for this address, and is it in the environment"
    " of this process?",
    "ai_model_missing": "the model is not there, or the address lacks its /v1. `ollama pull` fetches a model; vLLM serves the one it"
    " was started with",
    "ai_busy": "the rate limit of the account is reached: wait, or ask the provider for more",
    "ai_quota": "the account has no credit left: look into the provider's billing",
    "ai_unavailable": "nobody answers there in time. Is the server running, and is the port right? From a container, 127.0.0.1 is the"
    " container itself",
    "ai_incomplete": "the stream ends before the answer does, or it is no stream: perhaps a proxy in between answers with a page of its own",
}


def in_words(finding: Finding) -> str:
    """What a finding says at a console."""
    text = _WORDS[finding.code].format(**finding.params)
    if "retry_after" in finding.params:
        text += f". It says to come back in {finding.params['retry_after']:.0f} s"
    return f"{text} [{finding.detail}]" if finding.detail else text


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
        for finding in Trial(one, window=True if window else None).findings():
            wrong = wrong or finding.mark == "wrong"
            sys.stdout.write(f"  {_MARKS[finding.mark]:5}  {in_words(finding)}\n")
            sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
