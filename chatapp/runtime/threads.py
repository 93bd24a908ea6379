"""The border between the loop and real OS threads, alike on eventlet, gevent and threading.

The C functions below are bound before anything is monkey-patched, so they stay the operating system's own: a real
thread started here never meets a green lock, and a green task never waits on a real one.
"""

from __future__ import annotations

import _socket
import logging
import os
import socket
from _queue import SimpleQueue
from _thread import get_native_id
from _thread import start_new_thread as _start_os_thread
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from .loop import Event, spawn, turn

R = TypeVar("R")

log = logging.getLogger("chatapp.runtime")


def os_thread(fn: Callable[..., object], *args: object) -> None:
    """Start a real OS thread, also where the standard library is monkey-patched.

    `fn` must touch nothing that belongs to the loop: no logging, no green lock, no shared database engine
    (measured: a shared engine hung every run, logging on both sides half of them). It answers through a Bridge.
    """
    _start_os_thread(fn, args)


class Bridge:
    """Carries calls from OS threads to the loop, in the order in which they were posted.

    A byte through a socket pair wakes the loop. Sending uses the C socket type, which no runtime patches; it never
    blocks: when the pair is full a wake-up is on its way already.
    """

    def __init__(self) -> None:
        self._calls: deque[tuple[Callable[..., object], tuple[object, ...]]] = deque()
        self._wake: _socket.socket | None = None

    def start(self) -> None:
        """Begin to deliver. Call it on the loop, in the process that will run it, before the first thread posts."""
        if self._wake is None:
            receiver, sender = socket.socketpair()
            self._wake = _socket.socket(fileno=sender.detach())
            self._wake.setblocking(False)
            spawn(self._deliver, receiver)

    def post(self, fn: Callable[..., object], *args: object) -> None:
        """Have fn(*args) run on the loop soon, inside a turn. Callable from any OS thread."""
        self._calls.append((fn, args))
        if self._wake is not None:
            try:
                self._wake.send(b"\0")
            except OSError:
                pass  # full: a wake-up is on its way; closed meanwhile: this call was the last and is delivered

    def close(self) -> None:
        """What was posted is still delivered; call it when no thread posts any more."""
        wake, self._wake = self._wake, None
        if wake is not None:
            wake.close()

    def _deliver(self, receiver: socket.socket) -> None:
        with receiver:
            while receiver.recv(4096):
                self._run_calls()
            self._run_calls()

    def _run_calls(self) -> None:
        while self._calls:
            fn, args = self._calls.popleft()
            try:
                with turn:
                    fn(*args)
            except Exception:
                log.exception("call from a thread failed")


class PoolFull(Exception):
    """More calls wait in a Pool than it accepts."""


class _Call(Generic[R]):
    __slots__ = ("args", "done", "error", "fn", "result")

    def __init__(self, fn: Callable[..., R], args: tuple[object, ...]) -> None:
        self.fn, self.args = fn, args
        self.result: R | None = None
        self.error: BaseException | None = None
        self.done = Event()


class Pool:
    """A few OS threads for work that would hold up the loop (password hashing, a search in a large SQLite file)."""

    def __init__(self, size: int, backlog: int, nice: int = 0) -> None:
        """`size` threads; at most `backlog` calls may wait besides those that run. `nice`: how far they step back, for
        work that uses a processor fully; the loop is likely to share it."""
        self._size, self._limit, self._nice = size, size + backlog, nice
        self._pending = self._threads = 0
        self._calls: SimpleQueue[_Call[Any] | None] = SimpleQueue()
        self._bridge = Bridge()
        self._started = False

    def run(self, fn: Callable[..., R], *args: object) -> R:
        """fn(*args) in an OS thread while the calling task waits; raises what it raises, or PoolFull at once."""
        with turn:
            if self._pending >= self._limit:
                raise PoolFull
            self._pending += 1
            if not self._started:
                self._started = True
                self._bridge.start()
                self._threads += self._size
                for _ in range(self._size):
                    os_thread(self._work)
        call = _Call(fn, args)
        self._calls.put(call)
        call.done.wait()
        if call.error is not None:
            raise call.error
        return call.result  # type: ignore[return-value]

    def close(self) -> None:
        """End the threads after the calls that wait; run() starts new ones."""
        with turn:
            if self._started:
                self._started = False
                for _ in range(self._size):
                    self._calls.put(None)

    def _work(self) -> None:
        if self._nice:
            try:
                os.setpriority(os.PRIO_PROCESS, get_native_id(), self._nice)
            except OSError:
                pass  # it is only slower for the others then
        while (call := self._calls.get()) is not None:
            try:
                call.result = call.fn(*call.args)
            except BaseException as error:  # noqa: BLE001 - raised again where run() waits
                call.error = error
            self._bridge.post(self._finish, call)
        self._bridge.post(self._ended)

    def _ended(self) -> None:
        self._threads -= 1
        if not self._threads:
            self._bridge.close()

    def _finish(self, call: _Call[Any]) -> None:
        self._pending -= 1
        call.done.set()
