"""Tasks and timers, alike on eventlet, gevent and threading."""

from __future__ import annotations

import logging
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

log = logging.getLogger("chatapp.runtime")

RUNTIMES = ("eventlet", "gevent", "threading")

_name = "threading"


class _Turn:
    """`with turn:` — one at a time over the shared structures of this process.

    Green tasks are switched only where they wait, and nothing inside a turn waits, so there it costs nothing.
    On threads it is one re-entrant lock for all: simple to reason about, and speed is not what that runtime is for.
    """

    def __init__(self) -> None:
        self._lock: Any = threading.RLock()

    def become_free(self) -> None:
        self._lock = None

    def __enter__(self) -> None:
        if self._lock is not None:
            self._lock.acquire()

    def __exit__(self, *exc: object) -> None:
        if self._lock is not None:
            self._lock.release()


turn = _Turn()


def patch(runtime: str) -> None:
    """Make this process run on `runtime`. Call it first, before anything that opens sockets is imported."""
    global _name
    if runtime not in RUNTIMES:
        raise ValueError(f"unknown runtime {runtime!r}: one of {', '.join(RUNTIMES)}")
    _name = runtime
    if runtime == "eventlet":
        # It is known (docs/decisions): that is why the same program runs on the other two.
        warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
        import eventlet

        eventlet.monkey_patch()
    elif runtime == "gevent":
        from gevent import monkey

        monkey.patch_all()
    if runtime != "threading":
        turn.become_free()


def name() -> str:
    """The runtime of this process: `threading` unless patch() said otherwise."""
    return _name


def sleep(seconds: float) -> None:
    """Let other tasks run for at least `seconds`; sleep(0) gives up one turn of the loop."""
    time.sleep(seconds)


class Event:
    """A flag that tasks of the loop wait for. Not for OS threads: those use a Bridge."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def clear(self) -> None:
        self._event.clear()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """True once set; False when `timeout` seconds passed first."""
        return self._event.wait(timeout)


def _start(fn: Callable[[], None]) -> None:
    if _name == "eventlet":
        import eventlet

        eventlet.spawn_n(fn)
    elif _name == "gevent":
        import gevent

        gevent.spawn(fn)
    else:
        threading.Thread(target=fn, daemon=True).start()


class Task:
    """A background task of the loop."""

    __slots__ = ("_args", "_done", "_fn")

    def __init__(self, fn: Callable[..., object], args: tuple[object, ...]) -> None:
        self._fn, self._args = fn, args
        self._done = Event()

    def start(self) -> None:
        _start(self._run)

    def _run(self) -> None:
        fn, args = self._fn, self._args
        try:
            fn(*args)
        except Exception:
            log.exception("background task %s failed", getattr(fn, "__qualname__", fn))
        finally:
            self._done.set()

    def done(self) -> bool:
        return self._done.is_set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; False when `timeout` seconds passed first."""
        return self._done.wait(timeout)


def spawn(fn: Callable[..., object], *args: object) -> Task:
    """Run fn(*args) as a background task; what it raises is logged."""
    task = Task(fn, args)
    task.start()
    return task


class Timer:
    """One call in the future."""

    __slots__ = ("_cancelled",)

    def __init__(self) -> None:
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True

    def fire(self, fn: Callable[..., object], args: tuple[object, ...]) -> None:
        if not self._cancelled:
            try:
                fn(*args)
            except Exception:
                log.exception("timer %s failed", getattr(fn, "__qualname__", fn))


def call_later(seconds: float, fn: Callable[..., object], *args: object) -> Timer:
    """Run fn(*args) on the loop after `seconds`, unless the returned timer is cancelled before."""
    timer = Timer()
    if _name == "eventlet":
        import eventlet

        eventlet.spawn_after(seconds, timer.fire, fn, args)
    elif _name == "gevent":
        import gevent

        gevent.spawn_later(seconds, timer.fire, fn, args)
    else:
        thread = threading.Timer(seconds, timer.fire, (fn, args))
        thread.daemon = True
        thread.start()
    return timer
