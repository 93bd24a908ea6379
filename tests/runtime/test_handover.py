"""Requests find the worker that holds their session, whichever worker accepted the connection."""

from __future__ import annotations

import contextlib
import fcntl
import json
import socket
import sys
import termios
import threading
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest
import socketio

from tests.support.node import Node
from tests.support.waiting import eventually

from .conftest import Echo, StartEcho, ask

CLIENTS = 40
WAVES = 60


def open_session(server: Echo, worker: str) -> str:
    """Open a long-polling session on this worker; its sid."""
    with server.only(worker), contextlib.closing(server.connection()) as connection:
        connection.request("GET", "/socket.io/?EIO=4&transport=polling")
        sid: str = json.loads(connection.getresponse().read()[1:])["sid"]
    assert sid.startswith(f"{worker}-")
    return sid


def in_waves(client: Callable[[int], object], until: Callable[[], bool]) -> int:
    """Forty clients at once, again until it is so; how many times.

    Which worker accepts a connection is the kernel's affair, so one wave may leave a worker out.
    """
    for wave in range(WAVES):
        threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        if until():
            return wave + 1
    raise AssertionError(f"{WAVES} waves, and still not so")


def polling(sid: str) -> str:
    return f"/socket.io/?EIO=4&transport=polling&sid={sid}"


def enter_namespace(connection: HTTPConnection, sid: str) -> None:
    """CONNECT by POST, and its answer by GET, both over this connection."""
    assert ask(connection, polling(sid), "POST", b"40") == (200, "OK")
    status, answer = ask(connection, polling(sid))
    assert (status, answer[:2]) == (200, "40")


@pytest.mark.parametrize("workers", [2, 3])
def test_every_default_client_connects_upgrades_and_is_answered(
    start_echo: StartEcho, each_runtime: str, workers: int
) -> None:
    server = start_echo(workers=workers, on=each_runtime)
    names = [f"w{number + 1}" for number in range(workers)]
    answers: list[dict[str, Any]] = []
    transports: list[str] = []

    def client(number: int) -> None:
        with socketio.SimpleClient() as client:
            client.connect(server.url, wait_timeout=20)
            answers.append(client.call("echo", f"I am {number}", timeout=20))
            transports.append(client.transport)

    def served_by() -> set[str]:
        return {answer["worker"] for answer in answers}

    waves = in_waves(client, until=lambda: served_by() == {*names} and server.passed(*names) > 0)

    assert Counter(answer["text"] for answer in answers) == {
        f"I am {number}": waves for number in range(CLIENTS)
    }
    assert transports == ["websocket"] * CLIENTS * waves


@pytest.mark.node
def test_every_default_client_in_javascript_connects_upgrades_and_is_answered(
    start_echo: StartEcho, node: Node
) -> None:
    server = start_echo(workers=2)
    script = """
        import { io } from "socket.io-client";
        const [url, count] = process.argv.slice(1);
        for (let number = 0; number < Number(count); number++) {
            const socket = io(url, { forceNew: true });
            socket.on("connect_error", (error) => console.log(JSON.stringify({ error: error.message })));
            socket.on("connect", () => {
                const engine = socket.io.engine;
                const done = () => socket.emit("echo", String(number), (answer) => {
                    console.log(JSON.stringify({ ...answer, transport: engine.transport.name }));
                    socket.close();
                });
                engine.transport.name === "websocket" ? done() : engine.once("upgrade", done);
            });
        }
    """

    lines = node.run(script, server.url, str(CLIENTS))

    assert sorted(int(line["text"]) for line in lines) == list(range(CLIENTS))
    assert {line["transport"] for line in lines} == {"websocket"}


@pytest.mark.parametrize("on", ["eventlet", "gevent"])
def test_a_connection_that_has_been_used_for_a_page_goes_to_the_sibling_and_comes_back(
    start_echo: StartEcho, on: str
) -> None:
    server = start_echo(workers=2, on=on)
    sid = open_session(server, "w2")
    own = open_session(server, "w1")
    with contextlib.closing(server.connection_to("w1")) as connection:
        passed = server.passed("w1", "w2")

        assert ask(connection, "/who")[1]["worker"] == "w1"
        enter_namespace(connection, sid)
        assert ask(connection, "/who")[1]["worker"] == "w2"
        enter_namespace(connection, own)
        assert ask(connection, "/who")[1]["worker"] == "w1"

    assert server.passed("w1", "w2") == passed + 2


def exchange(connection: HTTPConnection, *pieces: bytes) -> bytes:
    """Send pieces, each when the one before has arrived; all that comes back until the server closes."""
    raw = connection.sock
    for piece in pieces:
        raw.sendall(piece)
        eventually(lambda: _unacknowledged(raw) == 0, what="the piece has arrived")
    received = b""
    while chunk := raw.recv(65536):
        received += chunk
    return received


def _unacknowledged(raw: socket.socket) -> int:
    """How many sent bytes have not reached the other end."""
    return int.from_bytes(fcntl.ioctl(raw, termios.TIOCOUTQ, bytes(4)), sys.byteorder)


@pytest.mark.parametrize("on", ["eventlet", "gevent"])
def test_requests_sent_in_one_go_are_answered_in_order_by_their_workers(
    start_echo: StartEcho, on: str
) -> None:
    server = start_echo(workers=2, on=on)
    sid = open_session(server, "w2")
    with contextlib.closing(server.connection_to("w2")) as to_w2:
        ask(to_w2, polling(sid), "POST", b"40")
    with contextlib.closing(server.connection_to("w1")) as connection:
        page = b"GET /who HTTP/1.1\r\nHost: here\r\n\r\n"
        poll = f"GET {polling(sid)} HTTP/1.1\r\nHost: here\r\n\r\n".encode()
        last = b"GET /who HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"

        answer = exchange(connection, page + poll + last)

    first, second, third = answer.split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert b'"worker":"w1"' in first
    assert second.split(b"\r\n\r\n")[1].startswith(b"40{")
    assert b'"worker":"w2"' in third


def test_a_request_that_comes_in_pieces_is_handed_over(
    start_echo: StartEcho, each_runtime: str
) -> None:
    server = start_echo(workers=2, on=each_runtime)
    request = (
        f"POST {polling(open_session(server, 'w2'))} HTTP/1.1\r\nHost: here\r\n"
        "Connection: close\r\nContent-Length: 2\r\n\r\n40"
    ).encode()

    with contextlib.closing(server.connection_to("w1")) as connection:
        answer = exchange(connection, request[:30], request[30:90], request[90:-1], b"0")

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert server.passed("w1") == 1


@pytest.mark.parametrize("sid", ["w3-abc", "w1-abc", "../w2-abc", "%2e-abc", "abc"])
def test_a_session_that_nobody_has_is_refused_by_whoever_is_asked(
    start_echo: StartEcho, sid: str
) -> None:
    server = start_echo(workers=2)
    with contextlib.closing(server.connection_to("w1")) as connection:
        assert ask(connection, polling(sid))[0] == 400
        status, answer = ask(connection, "/who")

    assert (status, answer["worker"], answer["passed"]) == (200, "w1", 0)


def test_the_sessions_of_a_dead_worker_are_refused_so_that_their_clients_connect_anew(
    start_echo: StartEcho, each_runtime: str
) -> None:
    server = start_echo(workers=2, on=each_runtime)
    sid = open_session(server, "w2")
    before = server.worker("w2")
    before.kill()
    eventually(lambda: "worker w2 was killed" in server.log)

    assert server.get(polling(sid))[0] == 400
    eventually(lambda: server.get("/readyz")[0] == 200, within=20)
    assert server.get(polling(sid))[0] == 400


@pytest.mark.parametrize("on", ["eventlet", "gevent"])
def test_a_handed_over_connection_costs_the_first_worker_nothing_any_more(
    start_echo: StartEcho, on: str
) -> None:
    server = start_echo(workers=2, on=on)
    sid = open_session(server, "w2")
    with contextlib.closing(server.connection_to("w1")) as connection:
        enter_namespace(connection, sid)
        first, second = server.worker("w1"), server.worker("w2")
        files, used, used_there = first.num_fds(), _cpu(first), _cpu(second)

        for _ in range(1_000):
            assert ask(connection, "/who")[0] == 200

        assert first.num_fds() == files
        assert _cpu(first) - used < 0.1 * (_cpu(second) - used_there)


def _cpu(process: Any) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
