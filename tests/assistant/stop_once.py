"""`python -m tests.assistant.stop_once <runtime> plain|tls`: stops two calls, prints milliseconds.

Three lines: from stop() to the end of run() in mid-stream, the same before any answer, and the longest time for which
another task of the loop did not run meanwhile.
"""

from __future__ import annotations

import sys

from chatapp import runtime

runtime.patch(sys.argv[1])

import os  # noqa: E402 - the standard library is patched first
import tempfile  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

from tests.assistant.prompts import ask  # noqa: E402
from tests.openai_server import OpenAIServer, behaviours  # noqa: E402
from tests.support.certificates import certificate  # noqa: E402


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        pem = certificate(Path(folder)) if sys.argv[2] == "tls" else None
        if pem is not None:
            os.environ["SSL_CERT_FILE"] = pem
        from chatapp.assistant.completions import ChatCompletions

        with OpenAIServer(pem) as ai:
            provider = ChatCompletions(ai.base_url, None, "test")
            stopped(provider, ai, 0, behaviours.stall("some text"))
            stopped(provider, ai, 1, behaviours.silent())
            print(longest_gap * 1000)
            provider.close()


longest_gap = 0.0


def watch(over: runtime.Event) -> None:
    global longest_gap
    while not over.is_set():
        before = time.monotonic()
        runtime.sleep(0.005)
        longest_gap = max(longest_gap, time.monotonic() - before)


def stopped(
    provider: object, ai: OpenAIServer, request: int, behaviour: behaviours.Behaviour
) -> None:
    from chatapp.assistant.completions import ChatCompletions
    from chatapp.assistant.provider import Stopped

    assert isinstance(provider, ChatCompletions)
    ai.will(behaviour)
    call, heard, over = provider.call(ask("hello")), runtime.Event(), runtime.Event()
    ended: list[float] = []

    def run() -> None:
        try:
            call.run(lambda _text: heard.set())
        except Stopped:
            ended.append(time.monotonic())
        over.set()

    runtime.spawn(run)
    assert ai.wait(request, "open")
    if behaviour["steps"]:
        assert heard.wait(10)
    runtime.sleep(0.1)  # past the pause between two pieces, so that it stands in the read
    runtime.spawn(watch, over)
    runtime.sleep(0.02)
    began = time.monotonic()
    call.stop()
    assert over.wait(10)
    print((ended[0] - began) * 1000, flush=True)
    assert ai.wait(request, "closed")


main()
