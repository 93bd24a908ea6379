"""deploy/nginx.conf as it stands, but for its addresses and paths, before two real servers."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
import socketio

from tests.support.processes import ROOT, Process, free_port, program
from tests.support.waiting import eventually

from .conftest import Echo, StartEcho, ask
from .test_handover import CLIENTS, in_waves


class Nginx(Process):
    """nginx on a free port with the project's configuration."""

    def __init__(self, folder: Path, sockets: Path, other: Echo) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        for here, there in {
            "/run/chatapp/": f"{sockets}/",
            "server 10.0.0.2:5000": f"server 127.0.0.1:{other.port}",
            "listen 80;": f"listen 127.0.0.1:{self.port};",
            "http {": "http {\n"
            + "".join(
                f"{name}_temp_path {folder / name};\n"
                for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            ),
        }.items():
            assert here in text
            text = text.replace(here, there)
        configuration = folder / "nginx.conf"
        configuration.write_text(text)
        directives = f"daemon off; pid {folder / 'pid'}; error_log stderr;"
        if os.geteuid() == 0:
            directives += " user root;"  # who runs the tests owns the sockets' folder
        super().__init__(
            "nginx",
            [
                program("nginx", "/usr/sbin"),
                *("-p", folder, "-c", configuration, "-e", "stderr", "-g", directives),
            ],
            log=folder / "nginx.log",
        )
        eventually(self._accepts, within=10, what="nginx accepts")

    def _accepts(self) -> bool:
        self.must_run()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.connect()
        connection.close()
        return True


@pytest.fixture
def machines(start_echo: StartEcho, tmp_path: Path) -> tuple[Echo, Echo, Path]:
    """Machine a, machine b, and the folder of the sockets of a's workers."""
    sockets = tmp_path / "sockets"
    a = start_echo("--node", "a", "--sockets", str(sockets), workers=2)
    b = start_echo("--node", "b", "--trust-proxy", "127.0.0.1", workers=2)
    return a, b, sockets


@pytest.fixture
def nginx(machines: tuple[Echo, Echo, Path], tmp_path: Path) -> Iterator[Nginx]:
    _, b, sockets = machines
    nginx = Nginx(tmp_path, sockets, b)
    yield nginx
    nginx.close()


def test_every_default_client_reaches_its_worker_on_two_machines(
    machines: tuple[Echo, Echo, Path], nginx: Nginx
) -> None:
    a, _, _ = machines
    workers: Counter[str] = Counter()
    transports: Counter[str] = Counter()

    everyone = {"a.w1", "a.w2", "b.w1", "b.w2"}

    def client(_: int) -> None:
        with socketio.SimpleClient() as client:
            client.connect(nginx.url, wait_timeout=20)
            workers[client.call("echo", "hello", timeout=20)["worker"]] += 1
            transports[client.transport] += 1

    # nginx knows the workers of machine a, and of b only the machine: which of its workers accepts is the kernel's affair.
    waves = in_waves(client, until=lambda: {"a.w1", "a.w2"} < set(workers))

    assert transports == {"websocket": CLIENTS * waves}
    assert set(workers) <= everyone
    assert a.passed("a.w1", "a.w2") == 0


def test_the_application_sees_the_visitors_address_and_no_forged_one(
    machines: tuple[Echo, Echo, Path], nginx: Nginx
) -> None:
    a, _, _ = machines
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    seen = {}
    for _ in range(20):  # round robin: all of them answer
        with contextlib.closing(HTTPConnection("127.0.0.1", nginx.port, timeout=20)) as connection:
            _, answer = ask(connection, "/who", headers=forged)
            seen[answer["worker"]] = answer["address"], answer["scheme"]

    assert seen["a.w1"] == seen["a.w2"] == ("127.0.0.1", "http")

    with contextlib.closing(a.connection()) as without_nginx:
        _, answer = ask(without_nginx, "/who", headers=forged)
    assert (answer["address"], answer["scheme"]) == ("127.0.0.1", "http")
