"""The process that outlives the workers: prepares the database, binds the listener, keeps N workers running.

It imports nothing but the standard library and its neighbours here, so that no bug of the application, no library and
no event loop can take it down, and so that it is up in a tenth of a second.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import assignment, listener
from .children import STOP_SECONDS, Child, GiveUp
from .signals import SignalPipe
from .status import Board

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STARTING_POLL_SECONDS = 0.05
# A unix socket's path holds 107 bytes; a worker's file name takes some of them.
LONGEST_FOLDER = 80
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to serve, and where."""

    host: str
    port: int
    workers: int
    app: str = "chatapp:create_app"
    # Brings the database to the code's schema under a lock, or says in a sentence why it cannot.
    prepare: tuple[str, ...] = ("chatapp.store.schema", "upgrade")
    node: str = ""
    folder: Path | None = None  # of the workers' unix sockets; None: a private one
    proxies: tuple[str, ...] = ()


def serve(plan: Plan) -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP, then stop gracefully. Returns the exit code; what went wrong is on stderr."""
    signals = SignalPipe([*STOP_SIGNALS, signal.SIGCHLD])
    _lift_open_files()
    try:
        with listener.bind(plan.host, plan.port) as tcp, _folder(plan) as folder:
            supervisor = _Supervisor(plan, tcp, folder, signals)
            if (code := supervisor.prepare()) != 0:
                return code
            listener.listen(tcp)
            return supervisor.run()
    except (listener.ListenError, GiveUp) as error:
        complain(str(error))
        return 1


def complain(sentence: str) -> None:
    """Say on stderr what went wrong."""
    sys.stderr.write(f"chatapp: {sentence}\n")
    sys.stderr.flush()


class _Supervisor:
    def __init__(self, plan: Plan, tcp: socket.socket, folder: Path, signals: SignalPipe) -> None:
        self._plan, self._tcp, self._signals = plan, tcp, signals
        names = assignment.worker_names(plan.workers, plan.node)
        self._board = Board(assignment.status_file(folder), plan.workers, create=True)
        # Never written: the workers see its end when this process is gone, however it went.
        lifeline, self._lifeline_held = os.pipe()
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        self._children = [
            Child(
                assignment.Assignment(
                    name, names, folder, tcp.fileno(), lifeline, plan.app, plan.proxies
                ),
                self._environment,
                self._board,
            )
            for name in names
        ]
        self._announced = False

    def prepare(self) -> int:
        """Bring the database to the code's schema; returns the exit code of the process that does it."""
        if not self._plan.prepare:
            return 0
        command = [sys.executable, "-m", *self._plan.prepare]
        with subprocess.Popen(command, env=self._environment) as process:
            while process.poll() is None:
                if self._stop_asked(timeout=1.0):
                    process.terminate()
            return process.returncode if process.returncode >= 0 else 1

    def run(self) -> int:
        """Keep the workers running until asked to stop."""
        try:
            stop = False
            while not stop:
                now, served = time.monotonic(), self._announced
                pause = min(child.tend(now, served=served) for child in self._children)
                # Looked at once: a worker that became ready between two looks would be announced a minute late.
                if self._board.all_ready():
                    self._announce()
                else:
                    pause = min(pause, STARTING_POLL_SECONDS)
                stop = self._stop_asked(pause)
        finally:
            self._stop()
        return 0

    def _announce(self) -> None:
        if not self._announced:
            self._announced = True
            sys.stdout.write(f"chatapp: serving on {listener.url(self._tcp)}\n")
            sys.stdout.flush()

    def _stop_asked(self, timeout: float) -> bool:
        select.select([self._signals], [], [], timeout)
        return not self._signals.read().isdisjoint(STOP_SIGNALS)

    def _stop(self) -> None:
        """Ask all workers to stop, then insist: at a second signal, or when their time is up."""
        for child in self._children:
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.running() for child in self._children):
            if (left := deadline - time.monotonic()) <= 0 or self._stop_asked(left):
                break
        for child in self._children:
            child.kill()


@contextlib.contextmanager
def _folder(plan: Plan) -> Iterator[Path]:
    """The folder of the workers' sockets. Whoever may enter it may speak to the workers as a trusted proxy."""
    if plan.folder is None:
        folder = Path(tempfile.mkdtemp(prefix="chatapp-"))
        if len(os.fsencode(folder)) > LONGEST_FOLDER:
            folder.rmdir()
            folder = Path(tempfile.mkdtemp(prefix="chatapp-", dir="/tmp"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    folder = plan.folder.absolute()
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        raise GiveUp(f"--sockets: the path {folder} is too long for unix sockets.")
    try:
        folder.mkdir(mode=0o750, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise GiveUp(f"--sockets: the folder {folder} cannot be used ({error.strerror}).") from None
    try:
        _lock(descriptor, folder)
        yield folder
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise GiveUp(f"--sockets: the folder {folder} is in use by another server.") from None


def _lift_open_files() -> None:
    """A connection is an open file, and the usual soft limit of 1,024 is for programs that call select()."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
