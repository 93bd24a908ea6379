"""Connections that are slow, many, large or idle, on every runtime."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.waiting import eventually

from .conftest import Echo, StartEcho, ask

HEAD_SECONDS = 1.0
MANY = 1_100


@pytest.fixture(scope="module")
def server(each_runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Echo]:
    """A server that waits for headers for a second only."""
    folder = tmp_path_factory.mktemp(each_runtime) / "echo"
    server = Echo(folder, each_runtime, 1, env={"HEAD_SECONDS": str(HEAD_SECONDS)})
    yield server.ready()
    server.close()


def read_to_the_end(raw: socket.socket) -> bytes:
    """What comes before the server ends the connection; it must do so soon."""
    raw.settimeout(5)
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := raw.recv(4096):
            received += chunk
    return received


def test_who_does_not_bring_a_whole_head_in_time_is_cut(server: Echo) -> None:
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(contextlib.closing(server.connection())) for _ in range(3)]
        slow[1].sock.sendall(b"GET /who HT")
        slow[2].sock.sendall(b"GET /who HTTP/1.1\r\nHost: he")

        answers = [read_to_the_end(connection.sock) for connection in slow]

    assert time.monotonic() - begun > HEAD_SECONDS * 0.9
    assert all(not answer or answer[9:12] == b"400" for answer in answers), answers
    assert server.get("/who")[0] == 200


def test_a_head_that_trickles_in_is_cut_as_well(server: Echo) -> None:
    begun = time.monotonic()
    with contextlib.closing(server.connection()) as slow:
        slow.sock.settimeout(0.1)
        slow.sock.sendall(b"GET /who HTTP/1.1\r\n")
        while not _has_ended(slow.sock):
            assert time.monotonic() - begun < 5, "the server reads on"
            with contextlib.suppress(ConnectionError):
                slow.sock.sendall(b"X: y\r\n")
    assert server.get("/who")[0] == 200


def _has_ended(raw: socket.socket) -> bool:
    """Whether the server has closed; asks for as long as the socket's time limit."""
    try:
        return raw.recv(4096) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_a_request_may_take_longer_than_its_head(server: Echo) -> None:
    with contextlib.closing(server.connection()) as connection:
        assert ask(connection, "/slow/1.5") == (200, "finished")


def test_a_kept_connection_may_be_idle_for_longer_than_a_head_may_take(server: Echo) -> None:
    with (
        contextlib.closing(server.connection()) as kept,
        contextlib.closing(server.connection()) as clock,
    ):
        kept.request("GET", "/who")
        first = kept.getresponse()
        first.read()
        if first.will_close:  # on threads none is kept
            return
        assert ask(clock, "/slow/1.5") == (200, "finished")
        kept.auto_open = 0  # http.client would connect anew without a word
        assert ask(kept, "/who")[0] == 200


def test_a_body_of_megabytes_arrives_whole(server: Echo) -> None:
    with contextlib.closing(server.connection()) as connection:
        assert ask(connection, "/size", "POST", b"x" * 5_000_000) == (200, 5_000_000)
    with contextlib.closing(server.connection()) as connection:
        pieces = (b"y" * 65_536 for _ in range(32))
        connection.request("POST", "/size", pieces, encode_chunked=True)
        assert int(connection.getresponse().read()) == 32 * 65_536


def test_what_is_no_http_is_refused_and_not_logged_with_a_traceback(server: Echo) -> None:
    for rubbish in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"HELLO\r\n\r\n"):
        with contextlib.closing(server.connection()) as connection:
            connection.sock.sendall(rubbish)
            read_to_the_end(connection.sock)
    assert server.get("/who")[0] == 200
    assert "Traceback" not in server.log


@pytest.fixture
def files() -> Iterator[None]:
    """Enough open files for many connections in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("files")
def test_more_than_a_thousand_connections_are_served_and_ended(
    start_echo: StartEcho, each_runtime: str
) -> None:
    server = start_echo(on=each_runtime)
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(contextlib.closing(server.connection())) for _ in range(MANY)
        ]
        for connection in (connections[0], connections[-1]):
            assert ask(connection, "/who")[0] == 200

        assert server.terminate() == 0
    assert "Traceback" not in server.log


@pytest.mark.usefixtures("files")
def test_when_its_open_files_run_out_it_turns_clients_away_and_recovers(
    start_echo: StartEcho, each_runtime: str
) -> None:
    server = start_echo(on=each_runtime, env={"FILES": "300"})
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(contextlib.closing(server.connection())) for _ in range(200)
        ]
        turned_away = stack.enter_context(contextlib.closing(server.connection()))
        assert turned_away.sock.recv(4096).startswith(b"HTTP/1.1 503 ")
        assert ask(connections[0], "/who")[0] == 200
    eventually(lambda: server.get("/who")[0] == 200)
    assert server.log.count("clients are turned away") == 1
