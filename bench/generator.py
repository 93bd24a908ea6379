"""Driving the generator (wsload.c) in the dialect of each server, with frames of equal length."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .processes import LOAD_CPUS, Absent, cpu_seconds, pin
from .workloads import Workload

HERE = Path(__file__).parent
LIMIT_S = 600


@dataclass(frozen=True)
class Dialect:
    """How one enters a room and speaks on a server; the generator's own help says what %r, %t and the like become."""

    message: str
    hello: tuple[str, ...] = ()
    ready: str = ""
    path: str = "/socket.io/?EIO=4&transport=websocket"
    raw: bool = False  # a plain WebSocket, without Engine.IO
    numbered: bool = False  # the server numbers the messages of a room
    only: str = ""  # what a delivery begins with, where messages also come in other events


@dataclass(frozen=True)
class Server:
    """A server that runs: where, in which dialect, and whose tokens the generator shows."""

    name: str
    port: int
    pid: int
    dialect: Dialect
    tokens: Path | None = None


@dataclass(frozen=True)
class Held:
    """Connections that are held: the room they are in, and how many there are after how long."""

    process: subprocess.Popen[str]
    room: str
    ready: dict[str, Any]

    def finish(self) -> dict[str, Any]:
        """Let them go; what they heard."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=30)
        return json.loads(out.splitlines()[-1])  # type: ignore[no-any-return]


SOCKET_IO = Dialect(
    message='421["message",{"room":"room%r","body":"@%t@ %m %p"}]',
    hello=("40", '420["join",{"room":"room%r"}]'),
    ready="430[",
)
RAW = Dialect(
    message='{"message":"@%t@ %m %p"}', path="/ws/chat/%r/", ready='"connection"', raw=True
)


def build(folder: Path) -> Generator:
    """Compile the generator and the measure of send()."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Absent("make bench needs a C compiler (Debian: apt-get install gcc).")
    for name, flags in (("wsload", ()), ("sendlimit", ("-pthread",))):
        command = [compiler, "-O2", *flags, "-o", str(folder / name), str(HERE / f"{name}.c")]
        subprocess.run(command, check=True)
    return Generator(folder)


class Generator:
    """Opens connections, sends, counts. Peers get a longer text, so that a delivery has as many bytes as the product's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._longer: dict[tuple[str, int], int] = {}
        self._loads = 0
        self.frame_bytes: float | None = None  # of a delivery of the product

    def run(
        self, server: Server, load: Workload, seconds: float, rate: float | None = None
    ) -> dict[str, Any]:
        """What came of a load: deliveries a second, latencies in ms, what was lost, and the server's CPU time.

        `rate`: messages a second, whatever comes back. `cpu_us` of a message: from when all are connected to the end.
        """
        load = replace(load, payload=load.payload + self._padding(server, load.payload))
        more = ["--json", "--announce", "--duration", str(seconds)]
        if rate is not None:
            more += ["--rate", f"{rate:.1f}"]
        command = self._command(server, load, more)
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            process.stdout.readline()
            before = cpu_seconds(server.pid)
            out, complaints = process.communicate(timeout=LIMIT_S)
            spent = cpu_seconds(server.pid) - before
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            raise Absent(f"{server.name}: {complaints.strip()[-300:] or 'no connection'}")
        result: dict[str, Any] = json.loads(out.splitlines()[-1])
        return {**result, "cpu_us": spent / result["sent"] * 1e6 if result["sent"] else 0.0}

    @contextmanager
    def holding(self, server: Server, conns: int, only: str = "") -> Iterator[Held]:
        """`conns` connections in one room that say nothing, and count what they hear (`only` frames that begin so)."""
        load = Workload("idle", conns, 1, 0, 1)
        more = ["--duration", "3600", "--warmup", "0", "--announce", "--json"]
        more += ["--only", only] if only else []
        command = self._command(server, load, more)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise Absent("no connection became ready")
            yield Held(process, f"r{self._loads:04}-room0", json.loads(line))
        finally:
            process.kill()
            process.wait()

    def sends(self, conns: int, size: int, seconds: float) -> float:
        """How many send() calls a second one processor makes to so many connections."""
        program = str(self._folder / "sendlimit")
        done = subprocess.run(
            [program, str(conns), str(size), str(seconds)],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=True,
        )
        return float(done.stdout.split()[1].removesuffix("/s"))

    def next_room(self, number: int) -> str:
        """A room of the load that runs next."""
        return f"r{self._loads + 1:04}-room{number}"

    def measure_frames(self, product: Server) -> None:
        """How long a delivery of the product is, before the peers are measured."""
        self.frame_bytes = self._frame_bytes(product, 64)

    def _padding(self, server: Server, payload: int) -> int:
        if server.name == "chatapp" or self.frame_bytes is None:
            return 0
        key = (server.name, payload)
        if key not in self._longer:
            shorter = self.frame_bytes - self._frame_bytes(server, 64)
            self._longer[key] = max(0, round(shorter))
        return self._longer[key]

    def _frame_bytes(self, server: Server, payload: int) -> float:
        load = Workload("frame", 20, 1, 4, 1, payload=payload)
        return float(
            self._once(server, load, ["--duration", "0.2", "--warmup", "0"])["frame_bytes"]
        )

    def _once(self, server: Server, load: Workload, more: list[str]) -> dict[str, Any]:
        command = self._command(server, load, ["--json", *more])
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        if done.returncode != 0:
            raise Absent(f"{server.name}: {done.stderr.strip()[-300:] or 'no connection'}")
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    def _command(self, server: Server, load: Workload, more: list[str]) -> list[str]:
        dialect = server.dialect
        self._loads += 1
        # Rooms that nobody was in before: members of the load before this one would be in the way.
        texts = [
            text.replace("room%r", f"r{self._loads:04}-%r")
            for text in (dialect.message, *dialect.hello)
        ]
        command = [str(self._folder / "wsload"), "--port", str(server.port), "--path", dialect.path]
        command += ["--conns", str(load.conns), "--rooms", str(load.rooms)]
        command += ["--senders", str(load.senders), "--window", str(load.window)]
        command += ["--payload", str(load.payload), "--msg", texts[0]]
        for text in texts[1:]:
            command += ["--hello", text]
        if dialect.ready:
            command += ["--ready", dialect.ready]
        if server.tokens is not None:
            command += ["--tokens", str(server.tokens)]
        command += ["--raw"] * dialect.raw + ["--order"] * dialect.numbered + more
        if dialect.only and "--only" not in command:
            command += ["--only", dialect.only]
        return pin(command, LOAD_CPUS)
