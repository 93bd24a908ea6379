"""Driving the generator (wsload.c), and measuring one client's acks."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simple_websocket

from .servers import LOAD_CPU, pin

SOURCE = Path(__file__).parent / "wsload.c"

# What the product's `message` event adds around a body: the peers' payload is that much longer, for equal frames.
ENVELOPE = 391


@dataclass(frozen=True)
class Workload:
    """`conns` connections over `rooms` rooms; `senders` in each keep `window` messages in flight."""

    title: str
    conns: int
    rooms: int
    senders: int
    window: int
    payload: int = 64


def build(folder: Path) -> Path:
    """Compile the generator."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("chatapp: make bench needs a C compiler (Debian: apt-get install gcc).")
    program = folder / "wsload"
    subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE)], check=True)
    return program


def chatapp(
    program: Path, port: int, load: Workload, tokens: Path, seconds: float
) -> dict[str, Any]:
    """The generator against the product."""
    message = '42/chat,1["message",{"room":"room%r","client_id":"%u","body":"@%t@ %m %p"}]'
    return _run(
        program,
        port,
        load,
        seconds,
        [
            *("--hello", '40/chat,{"token":"%k"}'),
            *("--hello", '42/chat,0["join",{"room":"room%r"}]'),
            *("--ready", '43/chat,0[{"ok":true', "--msg", message, "--tokens", str(tokens)),
        ],
        load.payload,
    )


def node(program: Path, port: int, load: Workload, seconds: float) -> dict[str, Any]:
    """The generator against Node's Socket.IO."""
    message = '421["message",{"room":"room%r","body":"@%t@ %m %p"}]'
    return _run(
        program,
        port,
        load,
        seconds,
        [
            *("--hello", "40", "--hello", '420["join",{"room":"room%r"}]'),
            *("--ready", '430[{"ok":true', "--msg", message),
        ],
        load.payload + ENVELOPE,
    )


def _run(
    program: Path, port: int, load: Workload, seconds: float, how: list[str], payload: int
) -> dict[str, Any]:
    command = [str(program), "--port", str(port), "--json", "--duration", str(seconds)]
    command += ["--conns", str(load.conns), "--rooms", str(load.rooms)]
    command += ["--senders", str(load.senders), "--window", str(load.window)]
    command += ["--payload", str(payload), *how]
    done = subprocess.run(
        pin(command, LOAD_CPU), capture_output=True, text=True, timeout=180, check=True
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def ack_latency(port: int, token: str, count: int = 300) -> tuple[float, float]:
    """(median, 99th percentile) in ms from sending a message to its ack, one at a time, on an idle server."""
    socket = simple_websocket.Client(f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket")
    socket.send(f'40/chat,{{"token":"{token}"}}')
    _until(socket, "40/chat")
    socket.send('420["join",{"room":"latency"}]'.replace("420", "42/chat,0", 1))
    _until(socket, "43/chat,0[")
    taken = []
    for number in range(1, count + 1):
        started = time.perf_counter()
        payload = f'{{"room":"latency","client_id":"n{number}","body":"How long does this take?"}}'
        socket.send(f'42/chat,{number}["message",{payload}]')
        _until(socket, f"43/chat,{number}[")
        taken.append((time.perf_counter() - started) * 1000)
    socket.close()
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def _until(socket: simple_websocket.Client, beginning: str) -> None:
    while True:
        text = socket.receive(timeout=10)
        if text is None:
            raise TimeoutError(f"nothing that begins with {beginning!r} came")
        if text == "2":
            socket.send("3")
        if isinstance(text, str) and text.startswith(beginning):
            if '"ok":false' in text[:80]:
                raise RuntimeError(text)
            return
