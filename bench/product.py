"""The product with everything on: accounts, membership, validation, limits that count but do not bite, durable storage."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from .generator import Dialect, Server
from .processes import ROOT, SERVER_CPUS, free_port, running, until_it_answers

CHAT = Dialect(
    message='42/chat,1["message",{"room":"room%r","client_id":"%u","body":"@%t@ %m %p"}]',
    hello=('40/chat,{"token":"%k"}', '42/chat,0["join",{"room":"room%r"}]'),
    ready='43/chat,0[{"ok":true',
    numbered=True,
    only='["message",',  # not the summaries of rooms that a member has not joined here
)
NOT_OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "PORT",
)
TOKENS = "tokens"
_GREETERS = 8


@contextmanager
def chatapp(
    folder: Path,
    people: Path | None = None,
    *,
    env: dict[str, str] | None = None,
    workers: int = 1,
    cpus: Sequence[int] = SERVER_CPUS,
) -> Iterator[Server]:
    """The product on SQLite (synchronous=FULL) unless `env` says otherwise. `people`: what guests() has made."""
    data = folder / "data"
    if people is not None:
        shutil.copytree(people, data, dirs_exist_ok=True)
    port = free_port()
    settings = {
        **dict.fromkeys(NOT_OURS, ""),
        "CHATAPP_DATA_DIR": str(data),
        "CHATAPP_RATE_LIMITS": "1000000/s",
        "CHATAPP_RUNTIME": "eventlet",
        **(env or {}),
    }
    log = folder / "chatapp.log"
    command = [sys.executable, "wsgi.py", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(workers)]
    with running(command, cpus, log=log, env=settings) as process:
        until_it_answers(f"http://127.0.0.1:{port}/readyz", process, log)
        tokens = data / TOKENS
        yield Server("chatapp", port, process.pid, CHAT, tokens if tokens.exists() else None)


def guests(folder: Path, count: int) -> Path:
    """A data folder with a database of `count` guests and their tokens, made by the product itself.

    Every server that is measured starts with a copy: nobody waits for ten thousand sign-ins in each round.
    """
    folder.mkdir()
    with chatapp(folder) as server:
        sign_in(server.port, count, folder / "data" / TOKENS)
    return folder / "data"


def sign_in(port: int, count: int, file: Path) -> None:
    """Write the tokens of `count` new guests to a file, one a line."""

    def some(first: int) -> list[str]:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            return [
                _guest(connection, f"Guest {number:05}")
                for number in range(first, count, _GREETERS)
            ]

    with ThreadPoolExecutor(_GREETERS) as pool:
        found = [token for tokens in pool.map(some, range(_GREETERS)) for token in tokens]
    file.write_text("\n".join([*found, ""]))


def guest(port: int, name: str) -> str:
    """Sign in one more guest; its token."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        return _guest(connection, name)


def _guest(connection: http.client.HTTPConnection, name: str) -> str:
    body = json.dumps({"name": name})
    connection.request("POST", "/api/v1/guests", body, {"Content-Type": "application/json"})
    token: str = json.loads(connection.getresponse().read())["token"]
    return token


def with_tokens(server: Server, folder: Path) -> Server:
    """The same server, with the tokens that sign_in() has written meanwhile."""
    return replace(server, tokens=folder / "data" / TOKENS)


def version() -> str:
    """The product's version and, in a checkout, the commit."""
    git = os.popen(f"git -C {ROOT} describe --always --dirty 2>/dev/null").read().strip()
    return git or "without version control"
