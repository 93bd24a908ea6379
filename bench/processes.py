"""Programs on their processors: started, waited for, and ended whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "bench-work"  # not in version control
START_S = 60
STOP_S = 15

_CPUS = sorted(os.sched_getaffinity(0))
# The generator has the last processor for itself, where there are two; a server the first, several workers the rest.
LOAD_CPUS = _CPUS[-1:]
SERVER_CPUS = _CPUS[:1]
WORKERS_CPUS = _CPUS[:-1] or _CPUS


class Absent(Exception):
    """Something cannot be had here; the sentence says what and why."""


def pin(command: Sequence[str | Path], cpus: Sequence[int]) -> list[str]:
    """The command on these processors; it ends with this process."""
    words = [str(word) for word in command]
    if shutil.which("taskset"):
        words = ["taskset", "-c", ",".join(map(str, cpus)), *words]
    if shutil.which("setpriv"):
        words = ["setpriv", "--pdeathsig", "TERM", "--", *words]
    return words


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str | Path],
    cpus: Sequence[int],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program for as long as the block lasts."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            pin(command, cpus),
            env=None if env is None else {**os.environ, **env},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=user,
            start_new_session=True,  # Ctrl+C reaches only us; we end it in our own order
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for an HTTP answer of any kind but 503. Raises Absent with the program's last words if it does not come."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError as error:
            if error.code != 503:
                return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise Absent(f"it does not start ({lines[-1][:200] if lines else 'without a word'})")
        time.sleep(0.05)


def memory(pid: int) -> int:
    """Bytes that a program and its children hold for themselves (USS: what is shared with others not counted)."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(each.memory_full_info().uss for each in family)


def cpu_seconds(pid: int) -> float:
    """Processor seconds that a program and its children have used."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in family)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder on a real disk, gone afterwards: a commit that only reaches memory would flatter."""
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=WORK) as name:
        yield Path(name)
