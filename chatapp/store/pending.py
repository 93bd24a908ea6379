"""The outcome of a write that is on its way to the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from chatapp import runtime
from chatapp.errors import ChatError

T = TypeVar("T")
Done = Callable[[T | None, Exception | None], None]

WAIT_S = 30.0


class Pending(Generic[T]):
    """A job's future result. Whoever asks before the commit waits; who asks after it is answered at once."""

    __slots__ = ("_callbacks", "_done", "_error", "_event", "_result")

    def __init__(self) -> None:
        self._done = False
        self._result: T | None = None
        self._error: Exception | None = None
        self._callbacks: list[Done[T]] = []
        self._event: runtime.Event | None = None

    def on_done(self, callback: Done[T]) -> None:
        """Have callback(result, error) called on the loop, in the order of commits; exactly one is not None."""
        with runtime.turn:
            if not self._done:
                self._callbacks.append(callback)
                return
        callback(self._result, self._error)

    def wait(self, timeout: float = WAIT_S) -> T:
        """The result, once it is committed. Raises the job's error, or ChatError `unavailable` after `timeout` s."""
        with runtime.turn:
            if not self._done and self._event is None:
                self._event = runtime.Event()
        if self._event is not None and not self._event.wait(timeout):
            raise ChatError("unavailable", "The write takes too long. Try again.", 1)
        error = self._error
        if error is None:
            return self._result  # type: ignore[return-value]
        try:
            raise error
        finally:
            del self, error  # or the error holds this frame, and the frame the error

    def resolve(self, result: T | None, error: Exception | None) -> None:
        """Called by the writer, on the loop, once."""
        with runtime.turn:
            self._done, self._result, self._error = True, result, error
            callbacks, self._callbacks = self._callbacks, []
            if self._event is not None:
                self._event.set()
        for callback in callbacks:
            callback(result, error)
