"""The product as it is really run: `wsgi.py` with its worker processes, on a free port."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import requests

from . import migrated
from .client import Client, Payload
from .open_runs import none_left
from .processes import Process, free_port
from .waiting import eventually

# Those that were started and not closed.
alive: list[Server] = []

KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")


class Server:
    """An installation. Without `database_url` it has SQLite in its folder, with the schema in place unless it is `bare`;
    several workers need `redis_url`.

    `env`: further settings, as in .env.example. Rate limits run but do not bite unless `env` sets CHATAPP_RATE_LIMITS.
    `arguments`: further ones of wsgi.py; `entry`: what Python runs instead of it. After terminate() or kill(), start() brings it back on the same port and data.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        redis_url: str | None = None,
        workers: int = 1,
        runtime: str = "eventlet",
        env: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        entry: Sequence[str] = ("wsgi.py",),
        host: str = "127.0.0.1",
        bare: bool = False,
    ) -> None:
        self.folder = folder
        self.workers = workers
        self.runtime = runtime
        self.arguments = arguments
        self.entry = entry
        self.host = host
        self.bare = bare
        self.port = free_port()
        self.url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{self.port}"
        self.env = {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "CHATAPP_DATA_DIR": str(folder / "data"),
            "CHATAPP_RATE_LIMITS": "1000000/s",
            "CHATAPP_RUNTIME": runtime,
            "PYTHONUNBUFFERED": "1",
            "PYTHONFAULTHANDLER": "1",
            **({"DATABASE_URL": database_url} if database_url else {}),
            **({"REDIS_URL": redis_url} if redis_url else {}),
            **(env or {}),
        }
        self._clients: list[Client] = []
        self._http = requests.Session()
        self._http.trust_env = False

    def launch(self) -> Process:
        """Start it without waiting until it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.bare and "DATABASE_URL" not in self.env:
            migrated.sqlite(Path(self.env["CHATAPP_DATA_DIR"]) / "chat.sqlite3")
        if self not in alive:
            alive.append(self)
        command = [sys.executable, *self.entry, "--host", self.host, "--port", str(self.port)]
        self.process = Process(
            f"server {self.runtime} {self.workers}",
            [*command, "--workers", str(self.workers), *self.arguments],
            log=self.folder / "server.log",
            env=self.env,
        )
        return self.process

    def start(self, within: float = 90) -> Server:
        """Start it and wait until every worker accepts."""
        self.launch()
        try:
            self.is_ready(within)
        except BaseException:
            self.close()
            raise
        return self

    def is_ready(self, within: float = 90) -> None:
        """Wait until /readyz says that every worker accepts."""

        def ready() -> bool:
            self.process.must_run()
            return self._http.get(f"{self.url}/readyz", timeout=5).status_code == 200

        eventually(ready, within=within, what="the server is ready")

    # Its processes

    def worker_pids(self) -> list[int]:
        """The workers' process ids, oldest first."""
        children = psutil.Process(self.process.pid).children()
        return [child.pid for child in sorted(children, key=psutil.Process.create_time)]

    def worker(self, name: str) -> psutil.Process:
        """The process of the worker of this name: `w1`, `w2`, …"""
        for pid in self.worker_pids():
            with contextlib.suppress(psutil.NoSuchProcess):  # one that has just ended
                if f"--name={name}" in psutil.Process(pid).cmdline():
                    return psutil.Process(pid)
        raise AssertionError(f"no {name} runs")

    def census(self, worker: psutil.Process) -> dict[str, Any]:
        """What a worker says that it holds."""

        def lines() -> list[dict[str, Any]]:
            whole, _, _being_written = self.log.rpartition("\n")
            told = [line for line in whole.splitlines() if '"chatapp.census"' in line]
            found = [
                json.loads(json.loads(line)["message"].removeprefix("census ")) for line in told
            ]
            return [each for each in found if each["pid"] == worker.pid]

        before = len(lines())
        worker.send_signal(signal.SIGUSR1)
        eventually(lambda: len(lines()) > before, within=30, what="a worker tells what it holds")
        return lines()[-1]

    def kill_worker(self, index: int) -> int:
        """kill -9 of one worker; its former process id. The supervisor starts another."""
        pid = self.worker_pids()[index]
        with contextlib.suppress(ProcessLookupError):
            psutil.Process(pid).kill()
        return pid

    def terminate(self, timeout: float = 30) -> int:
        """SIGTERM, and wait for the graceful stop; the exit code."""
        return self.process.terminate(timeout)

    def kill(self) -> None:
        """kill -9 of the supervisor and every worker at once, as if the machine went away."""
        supervisor = psutil.Process(self.process.pid)
        processes = [supervisor, *supervisor.children(recursive=True)]
        # First nobody may run any more: a worker that sees the supervisor's end would stop gracefully.
        for act in (psutil.Process.suspend, psutil.Process.kill):
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    act(process)
        self.process.wait()

    def close(self) -> None:
        """End it and the clients that were made here. Fails if an answer is still open that should have ended."""
        try:
            if self in alive:
                none_left([self])
        finally:
            self._end()

    def _end(self) -> None:
        if self in alive:
            alive.remove(self)
        for client in self._clients:
            client.close()
        self._http.close()
        if self.process.returncode is None:
            self.process.close()

    @property
    def log(self) -> str:
        return self.process.log

    # Its visitors

    def http(
        self, method: str, path: str, json: Any = None, *, token: str | None = None, **more: Any
    ) -> requests.Response:
        """A request to it, as the holder of `token`. Never follows redirects; no cookies are kept."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        self._http.cookies.clear()
        return self._http.request(
            method,
            self.url + path,
            json=json,
            headers=headers,
            timeout=more.pop("timeout", 20),
            allow_redirects=False,
            **more,
        )

    def guest(self, name: str) -> Payload:
        """Let a guest in: `{token, user}`."""
        response = self.http("POST", "/api/v1/guests", {"name": name})
        assert response.status_code == 201, response.text
        answer: Payload = response.json()
        return answer

    def connect(
        self,
        name: str | None = None,
        *,
        token: str | None = None,
        worker: str | None = None,
        **more: Any,
    ) -> Client:
        """A connection of a new guest of this name, or of the holder of a token; closed with the server.

        Which worker serves it is the kernel's choice, unless `worker` names one. Raises RefusedError. `more` goes to
        Client.
        """
        token = token or self.guest(name or "someone")["token"]
        if worker:
            names = (str(each.laddr) for each in self.worker(worker).net_connections("unix"))
            more["through"] = next(name for name in names if name.endswith(f"/{worker}.sock"))
        client = Client(self.url, {"token": token}, **more)
        self._clients.append(client)
        return client
