"""Child processes of the tests: each has a log, ends with the test process, and is stopped by its handle."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from .waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
PORTS = range(12000, 32768)  # browsers refuse some below, connections are made from those above

# The kernel ties a child's life to the *thread* that started it, so all are started by one that lives to the end.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="process-starter")

# Every process that was started, for the report of a failed test.
started: list[Process] = []


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses now; no outgoing connection takes it while a server on it is down."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class EndedError(Exception):
    """A program that should be running has ended; the message is its log."""


class Process:
    """A running program. `user` is who runs it, when the tests run as root."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log_path = log
        self.stop_signal = stop_signal
        self._reported = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self._popen = _starter.submit(
                subprocess.Popen,
                [*_bound_to_us(stop_signal, user), *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
            ).result()
        started.append(self)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """The exit code (negative: the signal that ended it), or None while it runs."""
        return self._popen.poll()

    @property
    def log(self) -> str:
        """Everything it has printed so far."""
        return self.log_path.read_text(errors="replace")

    def must_run(self) -> None:
        """Raise EndedError if it has ended."""
        if self.returncode is not None:
            raise EndedError(f"{self.name} ended with {self.returncode}:\n{self.log}")

    def unreported_log(self) -> str:
        """What it has printed since the last call; nothing if its folder is gone already."""
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as file:
            file.seek(self._reported)
            text = file.read()
        self._reported += len(text)
        return text.decode(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float = 20) -> int:
        """Wait for its end; its exit code. AssertionError if it goes on running."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {timeout:g} s") from None

    def terminate(self, timeout: float = 20) -> int:
        """Ask it to stop, wait for that, and return its exit code."""
        self.signal(signal.SIGCONT)
        self.signal(self.stop_signal)
        return self.wait(timeout)

    def kill(self) -> None:
        """End it at once."""
        self.signal(signal.SIGKILL)
        self._popen.wait()

    def close(self) -> None:
        """End it politely, and if that fails at once. For the end of a fixture."""
        with contextlib.suppress(AssertionError):
            self.terminate()
        self.kill()


def _bound_to_us(end: signal.Signals, user: str | None) -> list[str]:
    """The words before a command that end it when the test process dies, and run it as `user`."""
    as_user = user if os.geteuid() == 0 else None
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        assert as_user is None, "setpriv (util-linux) is needed to start a server as another user"
        return []
    who = ["--reuid", as_user, "--regid", as_user, "--init-groups"] if as_user else []
    return [setpriv, *who, "--pdeathsig", end.name.removeprefix("SIG"), "--"]


@contextlib.contextmanager
def paused(processes: Iterable[psutil.Process]) -> Iterator[None]:
    """These stand still meanwhile (SIGSTOP): what a shared listener accepts is accepted by the others."""
    processes = list(processes)
    try:
        for process in processes:
            process.suspend()
        for process in processes:
            eventually(lambda: process.status() == psutil.STATUS_STOPPED)  # noqa: B023 (awaited here)
        yield
    finally:
        for process in processes:
            process.resume()


def program(name: str, *folders: str) -> str:
    """The path of a program; a test that needs a missing one fails with the way to get it."""
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *folders]))
    assert path, f"{name} is not installed; `make system-packages` installs what the tests need"
    return path
