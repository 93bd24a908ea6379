"""deploy/nginx.conf as it stands, but for its addresses and paths, before two real servers."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import socketio
import websocket

from tests.support.processes import ROOT, Process, free_port, program
from tests.support.waiting import eventually

from .conftest import Echo, StartEcho, ask
from .test_handover import CLIENTS, in_waves, open_session, polling


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


StartNginx = Callable[[], contextlib.AbstractContextManager[Nginx]]


@pytest.fixture
def start_nginx(machines: tuple[Echo, Echo, Path], tmp_path: Path) -> StartNginx:
    """Each new one has no connection yet: the next to machine b is accepted by a worker that runs."""
    _, b, sockets = machines
    return lambda: contextlib.closing(Nginx(Path(mkdtemp(dir=tmp_path)), sockets, b))


@pytest.fixture
def nginx(start_nginx: StartNginx) -> Iterator[Nginx]:
    with start_nginx() as nginx:
        yield nginx


def reach(nginx: Nginx, everyone: set[str]) -> None:
    """Default clients, until each of these workers has some; none comes to another, and all of them upgrade."""
    workers: set[str] = set()
    transports: Counter[str] = Counter()

    def client(_: int) -> None:
        with socketio.SimpleClient() as client:
            client.connect(nginx.url, wait_timeout=20)
            workers.add(client.call("echo", "hello", timeout=20)["worker"])
            transports[client.transport] += 1

    waves = in_waves(client, until=lambda: workers >= everyone)
    assert workers == everyone
    assert transports == {"websocket": CLIENTS * waves}


def test_every_default_client_reaches_its_worker_on_two_machines(
    machines: tuple[Echo, Echo, Path], start_nginx: StartNginx
) -> None:
    a, b, _ = machines
    # nginx knows the workers of machine a; of b it knows only the machine.
    for worker_of_b in ("b.w1", "b.w2"):
        with start_nginx() as nginx, b.only(worker_of_b):
            reach(nginx, {"a.w1", "a.w2", worker_of_b})
    assert a.passed("a.w1", "a.w2") == 0


def upgrade(nginx: Nginx, sid: str) -> tuple[str, ...]:
    """The session goes over to a WebSocket: the answer to its probe, and then that of the application."""
    address = f"ws://127.0.0.1:{nginx.port}/socket.io/?EIO=4&transport=websocket&sid={sid}"
    with contextlib.closing(websocket.create_connection(address, timeout=20)) as ws:
        ws.send("2probe")
        answers = [str(ws.recv())]
        for packet in ("5", '420["echo","hello"]'):
            ws.send(packet)
        answers.append(next(str(packet) for packet in iter(ws.recv, "") if packet != "6"))
        return tuple(answers)


def request(nginx: Nginx, sid: str, method: str, body: bytes | None = None) -> tuple[int, Any]:
    with contextlib.closing(HTTPConnection("127.0.0.1", nginx.port, timeout=20)) as connection:
        return ask(connection, polling(sid), method, body)


def through(b: Echo, other: str, answer_of: Callable[[], Any]) -> Any:
    """What comes back for a request that only this worker can accept, and hands over."""

    def passed() -> int:
        count: int = b.get("/who")[1]["passed"]
        return count

    with ThreadPoolExecutor(1) as pool:
        with b.only(other):
            before = passed()
            answer = pool.submit(answer_of)
            eventually(lambda: passed() == before + 1, within=20, what="it is handed over")
        return answer.result(20)


@pytest.mark.parametrize(("holder", "other"), [("b.w1", "b.w2"), ("b.w2", "b.w1")])
def test_what_nginx_brings_to_another_worker_of_the_machine_is_handed_over(
    machines: tuple[Echo, Echo, Path], start_nginx: StartNginx, holder: str, other: str
) -> None:
    _, b, _ = machines
    sid = open_session(b, holder)
    with start_nginx() as nginx:
        assert through(b, other, lambda: request(nginx, sid, "POST", b"40")) == (200, "OK")
    with start_nginx() as nginx:
        status, answer = through(b, other, lambda: request(nginx, sid, "GET"))
    assert (status, answer[:2]) == (200, "40")
    with start_nginx() as nginx:
        probed, echoed = through(b, other, lambda: upgrade(nginx, sid))
    assert probed == "3probe"
    assert json.loads(echoed.removeprefix("430")) == [{"text": "hello", "worker": holder}]


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
