"""A request that two programs could read differently is none: it is refused, and nothing behind it is read."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.runtime import heads

from .conftest import Echo

HOST = b"Host: here\r\n"
NEXT = b"GET /who HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
BODY = b"abcde"


def post(headers: bytes, body: bytes = BODY) -> bytes:
    return b"POST /size HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body


def get(headers: bytes) -> bytes:
    return b"GET /who HTTP/1.1\r\n" + headers + b"\r\n"


BAD_HEADS = {
    "two lengths": post(b"Content-Length: 5\r\nContent-Length: 1\r\n"),
    "one length twice": post(b"Content-Length: 5\r\nContent-Length: 5\r\n"),
    "a list of lengths": post(b"Content-Length: 5, 5\r\n"),
    "a signed length": post(b"Content-Length: +5\r\n"),
    "a negative length": post(b"Content-Length: -5\r\n"),
    "a length with an underscore": post(b"Content-Length: 0_5\r\n"),
    "a length of other digits": post("Content-Length: ٥\r\n".encode()),
    "a length and chunks": post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    "an unknown coding": post(b"Transfer-Encoding: gzip\r\n"),
    "two codings": post(b"Transfer-Encoding: identity, chunked\r\n"),
    "a coding twice": post(b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n"),
    "a space before the colon": post(b"Content-Length : 5\r\n"),
    "a folded header": post(b"X: a\r\n Content-Length: 9\r\nContent-Length: 5\r\n"),
    "a line that is no header": post(b"Rubbish\r\nContent-Length: 5\r\n"),
    "a lone CR": post(b"X: a\rContent-Length: 9\r\nContent-Length: 5\r\n"),
    "a lone LF": b"GET /who HTTP/1.1\nHost: here\n\n",
    "NUL": get(HOST + b"X: a\0b\r\n"),
    "no host": get(b""),
    "two hosts": get(HOST + b"Host: there\r\n"),
    "a host with a path": get(b"Host: here/there\r\n"),
    "a host with a person": get(b"Host: me@here\r\n"),
    "two origins": get(HOST + b"Origin: http://here\r\nOrigin: http://evil\r\n"),
    "two credentials": get(HOST + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
    "a path with a space": b"GET /w ho HTTP/1.1\r\n" + HOST + b"\r\n",
    "an old version": b"GET /who\r\n\r\n",
    "a next version": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "chunks in an old version": b"POST /size HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a line of 9,000": get(HOST + b"X: " + b"a" * 9_000 + b"\r\n"),
    "two hundred headers": get(HOST + b"X: a\r\n" * 200),
    "60,000 letters of headers": get(HOST + (b"X: " + b"a" * 6_000 + b"\r\n") * 10),
}

CHUNKS = b"Transfer-Encoding: chunked\r\n"
BAD_CHUNKS = {
    "a signed size": b"+5\r\nabcde\r\n0\r\n\r\n",
    "a negative size": b"-5\r\nabcde\r\n0\r\n\r\n",
    "a size with 0x": b"0x5\r\nabcde\r\n0\r\n\r\n",
    "a size with an underscore": b"0_5\r\nabcde\r\n0\r\n\r\n",
    "no size": b"\r\nabcde\r\n0\r\n\r\n",
    "a size that ends with LF": b"5\nabcde\r\n0\r\n\r\n",
    "LF within an extension": b"5;a\nb\r\nabcde\r\n0\r\n\r\n",
    "something behind a chunk": b"5\r\nabcdeXX0\r\n\r\n",
    "an end without CR": b"5\r\nabcde\n0\r\n\r\n",
    "a trailer that is no header": b"5\r\nabcde\r\n0\r\nRubbish\r\n\r\n",
}


@pytest.fixture(scope="module")
def server(each_runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Echo]:
    server = Echo(tmp_path_factory.mktemp(each_runtime) / "echo", each_runtime, 1, env=None)
    yield server.ready()
    server.close()


def statuses(server: Echo, data: bytes) -> list[int]:
    """Of all answers until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        with contextlib.suppress(ConnectionError):
            raw.sendall(data)
        received = b""
        with contextlib.suppress(ConnectionError):
            while piece := raw.recv(65_536):
                received += piece
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


@pytest.mark.parametrize("request_bytes", BAD_HEADS.values(), ids=BAD_HEADS)
def test_what_has_two_readings_is_refused_and_nothing_behind_it_is_read(
    server: Echo, request_bytes: bytes
) -> None:
    (status,) = statuses(server, request_bytes + NEXT)
    assert status in {400, 431}


@pytest.mark.parametrize(
    "request_bytes",
    [
        post(b"Content-Length: 5\r\n"),
        post(b"content-length:5 \r\nX-Empty:\r\nX: \xe9\t~\r\n"),
        post(CHUNKS, b"5\r\nabcde\r\n0\r\n\r\n"),
        post(b"transfer-encoding: Chunked\r\n", b"2;a=b\r\nab\r\n0003\r\ncde\r\n0\r\nX: y\r\n\r\n"),
        get(HOST + b"Cookie: a=1\r\nCookie: b=2\r\n"),
        get(b"Host: [::1]:5000\r\n"),
        b"GET /who HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ],
)
def test_what_has_one_reading_is_answered_and_so_is_the_next(
    server: Echo, request_bytes: bytes
) -> None:
    found = statuses(server, request_bytes + NEXT)
    assert found[0] == 200
    if server_keeps(server):
        assert found == [200, 200]


def server_keeps(server: Echo) -> bool:
    """On threads a connection ends with its answer."""
    return statuses(server, get(HOST) + NEXT) == [200, 200]


@pytest.mark.parametrize("body", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_a_body_that_is_not_in_chunks_ends_the_connection(server: Echo, body: bytes) -> None:
    assert len(statuses(server, post(CHUNKS, body) + NEXT)) <= 1
    # Also when the application did not want it.
    unwanted = b"GET /who HTTP/1.1\r\n" + HOST + CHUNKS + b"\r\n" + body
    assert len(statuses(server, unwanted + NEXT)) <= 1


@given(st.binary(max_size=200), st.lists(st.integers(1, 70), max_size=8))
def test_chunks_are_read_to_their_end_and_not_a_byte_further(data: bytes, sizes: list[int]) -> None:
    body, at = b"", 0
    for size in sizes:
        piece = data[at : at + size]
        if piece:
            body += b"%x\r\n%b\r\n" % (len(piece), piece)
        at += len(piece)
    reader = io.BufferedReader(io.BytesIO(body + b"0\r\n\r\nnext"))  # type: ignore[arg-type]
    chunks = heads.Chunks(reader)
    read = b"".join(iter(lambda: chunks.read(7), b""))
    assert (read, chunks.read(), reader.read()) == (data[:at], b"", b"next")


@given(st.binary(max_size=120))
def test_whatever_comes_as_a_head_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(heads.Refused):
        head = heads.read(io.BytesIO(data), b"GET / HTTP/1.1\r\n").getvalue()
        assert data.startswith(head)
        assert head.endswith(b"\r\n\r\n")


BLANKS = b" " * 8_000


@pytest.mark.parametrize(
    ("header", "good"),
    [
        (b"X: a" + BLANKS + b"b\r\n", True),
        (b"X:" + BLANKS + b"\r\n", True),
        (b"Host:" + BLANKS + b"here" + b"\t\r\n", True),
        (b"X:" + BLANKS + b"\0\r\n", False),
        (b"X:" + BLANKS + b"a\r\r\n", False),
    ],
)
def test_blanks_cost_no_more_than_other_letters(header: bytes, good: bool) -> None:
    head = (b"" if header.startswith(b"Host") else HOST) + header + b"\r\n"
    trailer = b"0\r\n" + header + b"\r\n"
    begun = time.process_time()
    if good:
        heads.read(io.BytesIO(head), b"GET / HTTP/1.1\r\n")
        assert heads.Chunks(io.BufferedReader(io.BytesIO(trailer))).read() == b""  # type: ignore[arg-type]
    else:
        with pytest.raises(heads.Refused):
            heads.read(io.BytesIO(head), b"GET / HTTP/1.1\r\n")
        with pytest.raises(heads.BadChunk):
            heads.Chunks(io.BufferedReader(io.BytesIO(trailer))).read()  # type: ignore[arg-type]
    assert (
        time.process_time() - begun < 1
    )  # a tenth of a millisecond, unless blanks are tried in every way
