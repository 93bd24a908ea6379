"""What a request must be like: its body, its cookie, its origin; and what every answer is like."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chatapp.runtime.logs import JsonLines
from tests.support.server import Server

from .conftest import CSRF, Browser
from .test_accounts import refused

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(alone: Server) -> Server:
    return alone


@pytest.fixture
def alice(server: Server) -> str:
    token: str = server.guest("Alice")["token"]
    return token


def post(server: Server, token: str, room: str, body: bytes | Iterator[bytes], kind: str) -> Any:
    path = f"/api/v1/rooms/{room}/messages"
    return server.http("POST", path, data=body, headers={"Content-Type": kind}, token=token)


BROKEN = {
    "no JSON": b"client_id=a",
    "cut off": b'{"client_id": "a", "body": "hi"',
    "a list": b"[]",
    "a string": b'"hi"',
    "nothing": b"",
    "a missing field": b'{"client_id": "a"}',
    "an unknown field": b'{"client_id": "a", "body": "hi", "role": "owner"}',
    "the sender set": b'{"client_id": "a", "body": "hi", "user_id": "x"}',
    "a number for a text": b'{"client_id": "a", "body": 5}',
    "null for a text": b'{"client_id": "a", "body": null}',
    "a bad client_id": b'{"client_id": "a b", "body": "hi"}',
    "an empty body": b'{"client_id": "a", "body": "  "}',
    "1e999": b'{"client_id": "a", "body": 1e999}',
    "NaN": b'{"client_id": "a", "body": NaN}',
    "deep nesting": b'{"client_id": "a", "body": ' + b"[" * 900 + b"]" * 900 + b"}",
    "nesting in an unknown field": b'{"x": ' + b"[" * 900 + b"]" * 900 + b"}",
    "a huge integer": b'{"client_id": "a", "body": ' + b"9" * 5000 + b"}",
    "NUL": b'{"client_id": "a", "body": "a\\u0000b"}',
    "a lone surrogate": b'{"client_id": "a", "body": "a\\ud800b"}',
    "a lone low surrogate": b'{"client_id": "a", "body": "a\\udc00b"}',
    "broken UTF-8": b'{"client_id": "a", "body": "\xff\xfe"}',
    "UTF-16": '{"client_id": "a", "body": "hi"}'.encode("utf-16"),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_body_that_is_not_what_was_asked_for_stores_nothing(
    server: Server, alice: str, room: str, body: bytes
) -> None:
    server.http("POST", "/api/v1/rooms", {"slug": room}, token=alice)
    refused(post(server, alice, room, body, "application/json"), 400, "bad_request")
    good = json.dumps({"client_id": "a", "body": "hi \ud83d\ude00"}).encode()
    stored = post(server, alice, room, good, "application/json; charset=utf-8")
    assert (stored.status_code, stored.json()["seq"]) == (201, 1)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type_is_refused(
    server: Server, alice: str, room: str, kind: str
) -> None:
    server.http("POST", "/api/v1/rooms", {"slug": room}, token=alice)
    refused(
        post(server, alice, room, b'{"client_id": "a", "body": "hi"}', kind), 400, "bad_request"
    )


def test_a_text_and_a_body_that_are_too_long_are_told_so(
    server: Server, alice: str, room: str
) -> None:
    server.http("POST", "/api/v1/rooms", {"slug": room}, token=alice)
    for length in (4_001, 70_000):
        body = json.dumps({"client_id": "a", "body": "x" * length}).encode()
        refused(post(server, alice, room, body, "application/json"), 413, "too_long")
    # Also one that does not say how long it will be, and would be good up to there.
    long = json.dumps({"client_id": "a", "body": "x"}).encode().ljust(70_000)
    refused(post(server, alice, room, iter([long]), "application/json"), 413, "too_long")
    short = json.dumps({"client_id": "b", "body": "x"}).encode()
    assert post(server, alice, room, iter([short]), "application/json").status_code == 201
    longest = json.dumps({"client_id": "a", "body": "가" * 4_000}).encode()
    assert post(server, alice, room, longest, "application/json").status_code == 201


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "before=-1", "before=1&after=2", "x=1"],
)
def test_a_query_that_makes_no_sense_is_refused(
    server: Server, alice: str, room: str, query: str
) -> None:
    server.http("POST", "/api/v1/rooms", {"slug": room}, token=alice)
    path = f"/api/v1/rooms/{room}/messages"
    refused(server.http("GET", f"{path}?{query}", token=alice), 400, "bad_request")
    assert server.http("GET", f"{path}?before=5&limit=100", token=alice).status_code == 200


def test_what_is_nowhere_is_not_found(server: Server, alice: str) -> None:
    refused(server.http("GET", "/api/v1/nothing", token=alice), 404, "not_found")
    refused(server.http("GET", "/api/v1/me/", headers={}), 401, "unauthenticated")
    wrong = server.http("POST", "/api/v1/search", {}, token=alice)
    refused(wrong, 405, "bad_request")
    assert "GET" in wrong.headers["Allow"]


def test_a_cookie_counts_only_with_the_header_that_our_scripts_send(
    browser: Callable[..., Browser], room: str
) -> None:
    page = browser()
    page.api("POST", "/guests", {"name": "Alice"})
    new = {"slug": room}
    assert page.api("GET", "/me", headers={}).status_code == 200
    for headers in ({}, {"X-Chatapp-Csrf": "0"}, {"Origin": page.url}):
        refused(page.api("POST", "/rooms", new, headers=headers), 403, "forbidden")
    plain = page.http.post(
        f"{page.url}/api/v1/rooms", '{"slug": "x"}', headers={"Content-Type": "text/plain"}
    )
    refused(plain, 403, "forbidden")
    assert page.api("POST", "/rooms", new).status_code == 201


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1",
        "file://",
    ],
)
def test_a_page_of_another_site_can_do_nothing_with_the_cookie(
    server: Server, browser: Callable[..., Browser], room: str, origin: str
) -> None:
    page = browser()
    page.api("POST", "/guests", {"name": "Alice"})
    foreign = {**CSRF, "Origin": origin, "X-Forwarded-Host": "evil.example"}
    refused(page.api("POST", "/rooms", {"slug": room}, headers=foreign), 403, "forbidden")
    signed_in = page.api("POST", "/guests", {"name": "Mallory"}, headers=foreign)
    refused(signed_in, 403, "forbidden")
    read = page.api("GET", "/me", headers=foreign)
    refused(read, 403, "forbidden")
    # Nor does it make anybody a member by a look.
    server.http(
        "POST", "/api/v1/rooms", {"slug": f"{room}-public"}, token=server.guest("Owner")["token"]
    )
    refused(page.api("GET", f"/rooms/{room}-public/stream", headers=foreign), 403, "forbidden")
    refused(page.api("GET", f"/rooms/{room}-public"), 404, "not_found")
    asked = page.http.options(
        f"{page.url}/api/v1/rooms",
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
    )
    for answer in (read, asked, signed_in):
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
    own = {**CSRF, "Origin": server.url}
    assert page.api("POST", "/rooms", {"slug": room}, headers=own).status_code == 201


def test_a_page_of_another_site_opens_no_socket_and_our_own_does(server: Server) -> None:
    handshake = "/socket.io/?EIO=4&transport=polling"
    foreign = {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}
    assert server.http("GET", handshake, headers=foreign).status_code == 400
    # https may end at a proxy: the page's origin says https then, and the server sees http.
    for scheme in ("http", "https"):
        own = {"Origin": f"{scheme}://127.0.0.1:{server.port}"}
        assert server.http("GET", handshake, headers=own).status_code == 200


def test_a_token_needs_neither_header_nor_origin_and_no_cookie_counts_beside_it(
    server: Server, browser: Callable[..., Browser], alice: str, room: str
) -> None:
    page = browser()
    page.api("POST", "/guests", {"name": "Bob"})
    headers = {"Authorization": f"Bearer {alice}", "Origin": "https://elsewhere.example"}
    assert page.api("POST", "/rooms", {"slug": room}, headers=headers).status_code == 201
    assert page.api("GET", "/me", headers=headers).json()["user"]["name"] == "Alice"


def test_the_headers_that_protect_are_on_every_answer(server: Server, alice: str) -> None:
    paths = [
        "/",
        "/r/tea",
        "/nowhere",
        "/healthz",
        "/static/nothing.js",
        "/api/v1/me",
        "/api/v1/nothing",
        "/socket.io/?EIO=4&transport=polling",
        "/socket.io/?EIO=3&transport=polling",
    ]
    for path in paths:
        headers = server.http("GET", path, token=alice).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "script-src 'self';" in policy, path
        assert "unsafe" not in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert "no-store" in headers["Cache-Control"], path
        assert "Strict-Transport-Security" not in headers, path


def test_what_browsers_report_is_one_line_in_the_log(server: Server) -> None:
    report = '{"csp-report": {"blocked-uri": "a\nb\x1b[31m"}}'
    answer = server.http(
        "POST", "/csp-reports", data=report, headers={"Content-Type": "application/csp-report"}
    )
    assert answer.status_code == 204
    lines = [line for line in server.log.splitlines() if "csp_report" in line]
    assert len(lines) == 1
    assert "\\u001b" in lines[0]


def test_health_is_told_to_anybody(server: Server) -> None:
    for path in ("/healthz", "/readyz"):
        answer = server.http("GET", path)
        assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_what_fails_unexpectedly_is_one_line_of_json_in_the_log_and_no_word_to_the_client(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_token: str) -> None:
        raise RuntimeError("secret\r\n\x1b[31m detail")

    monkeypatch.setattr(app.extensions["chatapp"].people, "by_token", fail)
    answer = client.get("/api/v1/me", headers={"Authorization": "Bearer x"})
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (500, "internal")
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.name == "chatapp.web"]
    line = JsonLines("w1").format(record)
    assert line.isprintable()
    logged = json.loads(line)
    assert logged["request_id"] == error["request_id"]
    assert "secret" in logged["error"]
    client.set_cookie("chatapp", "x")
    page = client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 500
    assert "Something went wrong on the server." in page.text
    assert "secret" not in page.text
