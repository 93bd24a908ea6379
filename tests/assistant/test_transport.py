"""How an answer travels: framed in whatever way a server frames it, over TLS, through a tunnel."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatapp.assistant.completions import ChatCompletions
from chatapp.assistant.context import Prompt
from tests.assistant.calls import Running, failed, said
from tests.openai_server import OpenAIServer, behaviours
from tests.support.certificates import certificate

LIMIT_S = 30
EVENTS = [
    step[1].encode()
    for step in (
        *behaviours.words("All is well."),
        behaviours.chunk({}, "stop"),
        behaviours.DONE,
    )
]
BODY = b"".join(EVENTS)


def until_blank(connection: socket.socket) -> bytes:
    """The head of what comes."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1 << 16)
    return head


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port at which `serve` has each connection, in a thread of its own, and closes it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        connection.settimeout(LIMIT_S)
        with connection:
            serve(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(LIMIT_S)


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
        b"Connection: close\r\n\r\n" + BODY,
        b"Transfer-Encoding: chunked\r\n\r\n%x;x=1\r\n%b\r\n0\r\nX-End: 1\r\n\r\n"
        % (len(BODY), BODY),
        b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(BODY),
    ],
    ids=["length", "until-closed", "one-chunk", "packed"],
)
def test_a_body_may_be_framed_in_any_way(
    connect: Callable[..., ChatCompletions], prompt: Prompt, answer: bytes
) -> None:
    def serve(connection: socket.socket) -> None:
        until_blank(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + answer)

    with listening(serve) as port:
        text, finish = said(connect(url=f"http://127.0.0.1:{port}/v1"), prompt)
    assert (text, finish.reason) == ("All is well.", "stop")


@pytest.mark.parametrize("cut_at", [b"", b"7", b"7\r\n", b"7\r\n: half"])
def test_a_body_may_be_cut_within_a_chunk(
    connect: Callable[..., ChatCompletions], prompt: Prompt, cut_at: bytes
) -> None:
    chunk = b"%x\r\n%b\r\n" % (len(EVENTS[0]), EVENTS[0])

    def serve(connection: socket.socket) -> None:
        until_blank(connection)
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + chunk + cut_at)

    with listening(serve) as port:
        text, error = failed(connect(url=f"http://127.0.0.1:{port}/v1"), prompt)
    assert (text, error.code) == ("All", "ai_incomplete")


def test_what_came_of_a_chunk_is_passed_on_before_its_end(
    connect: Callable[..., ChatCompletions], prompt: Prompt
) -> None:
    heard = threading.Event()

    def serve(connection: socket.socket) -> None:
        until_blank(connection)
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY)
        connection.sendall(head + EVENTS[0])
        heard.wait(LIMIT_S)
        connection.sendall(BODY[len(EVENTS[0]) :] + b"\r\n0\r\n\r\n")

    with listening(serve) as port:
        running = Running(connect(url=f"http://127.0.0.1:{port}/v1").call(prompt))
        running.wait_for("All")
        heard.set()
        assert running.result().reason == "stop"


def test_stop_ends_a_body_that_only_closing_would_end(
    connect: Callable[..., ChatCompletions], prompt: Prompt
) -> None:
    closed = threading.Event()

    def serve(connection: socket.socket) -> None:
        until_blank(connection)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + EVENTS[0])
        while connection.recv(1 << 16):
            pass
        closed.set()

    with listening(serve) as port:
        running = Running(connect(url=f"http://127.0.0.1:{port}/v1").call(prompt))
        running.wait_for("All")
        running.stop_within(5)
        assert closed.wait(LIMIT_S)


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """The server over TLS."""
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", pem)
    with OpenAIServer(pem) as server:
        yield server


def test_over_tls_what_arrives_together_goes_together(
    secure: OpenAIServer, connect: Callable[..., ChatCompletions], prompt: Prompt
) -> None:
    """Each word is a record of its own, and a read of TLS ends with its record."""
    provider, pieces = connect(url=secure.base_url), list[str]()
    text = " ".join(["word"] * 400)
    secure.will(behaviours.answer(text))
    provider.call(prompt).run(pieces.append)
    assert "".join(pieces) == text
    assert len(pieces) < 100
    said(provider, prompt)
    assert len({request["peer"] for request in secure.requests}) == 1


def test_a_proxy_is_a_tunnel_to_what_is_encrypted(
    secure: OpenAIServer,
    connect: Callable[..., ChatCompletions],
    prompt: Prompt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heads: list[bytes] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve(connection: socket.socket) -> None:
        heads.append(until_blank(connection))
        host, _, port = heads[-1].split()[1].partition(b":")
        with socket.create_connection((host.decode(), int(port)), LIMIT_S) as onward:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
            back.start()
            pump(connection, onward)
            back.join(LIMIT_S)

    with listening(serve) as port:
        monkeypatch.setenv("https_proxy", f"http://me:p%40ss@127.0.0.1:{port}")
        provider = connect(url=secure.base_url)
        assert said(provider, prompt)[0] == "I am the test model."
        provider.close()
    [head] = heads
    assert head.startswith(b"CONNECT " + secure.base_url[8:-3].encode())
    assert b"proxy-authorization: basic bwu6cebzcw==" in head.lower()


def test_a_proxy_of_an_unknown_kind_is_refused_to_who_asks(
    connect: Callable[..., ChatCompletions],
    prompt: Prompt,
    impatient: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    assert failed(connect(url="http://model.invalid/v1"), prompt)[1].code == "ai_unavailable"
