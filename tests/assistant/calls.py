"""Calls of a provider, as tests make them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from chatapp.assistant.completions import ChatCompletions
from chatapp.assistant.context import Prompt
from chatapp.assistant.provider import Call, Finish, Stopped
from chatapp.errors import ChatError

KEY = "sk-canary-1234"


def said(provider: ChatCompletions, prompt: Prompt) -> tuple[str, Finish]:
    pieces: list[str] = []
    finish = provider.call(prompt).run(pieces.append)
    return "".join(pieces), finish


def failed(provider: ChatCompletions, prompt: Prompt) -> tuple[str, ChatError]:
    pieces: list[str] = []
    with pytest.raises(ChatError) as refused:
        provider.call(prompt).run(pieces.append)
    assert KEY not in refused.value.message
    assert "canary" not in refused.value.message
    return "".join(pieces), refused.value


class Running:
    """A call in a task of its own."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._changed = threading.Condition()
        self._text = ""
        self._finish: Finish | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._finish = self._call.run(self._heard)
        except Exception as error:  # noqa: BLE001 - handed to the test
            self._error = error

    def _heard(self, text: str) -> None:
        with self._changed:
            self._text += text
            self._changed.notify_all()

    def wait_for(self, text: str) -> None:
        self._wait(lambda: self._text == text)

    def _wait(self, reached: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(reached, 10), self._text

    def stop_within(self, seconds: float) -> None:
        started = time.monotonic()
        self._call.stop()
        self._thread.join(10)
        assert time.monotonic() - started < seconds
        assert isinstance(self._error, Stopped), self._error

    def result(self) -> Finish:
        self._thread.join(10)
        if self._error is not None:
            raise self._error
        assert self._finish is not None
        return self._finish
