"""Who comes in: origins, cookies, credentials, sessions."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from contextlib import closing

from chatapp.payloads.routes import ROUTES
from tests.transport.wire import Polling

from .lines import POLLING, WEBSOCKET
from .world import CSRF, World, code, row

EVIL = (
    "https://evil.example",
    "null",
    "http://127.0.0.1.evil.example",
    "http://127.0.0.1@evil.example",
    "http://127.0.0.1",
    "file://",
    "http://[",
)
HANDSHAKE = "/socket.io/?EIO=4&transport=polling"


def _statuses(world: World, headers: dict[str, str]) -> tuple[int, int]:
    """Of the opening of a session by long-polling, and by WebSocket."""
    polling = world.server.http("GET", HANDSHAKE, headers=headers).status_code
    text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return polling, world.wire(text).status


def _cookie(token: str) -> dict[str, str]:
    return {"Cookie": f"chatapp={token}"}


@row(1, off={"origin_check": "a page of https://evil.example was let in"})
def a_page_of_another_site_opens_no_transport(world: World) -> None:
    cookie = _cookie(world.guest("Alice")["token"])
    for origin in EVIL:
        found = _statuses(world, {"Origin": origin, **cookie})
        assert found == (400, 400), f"a page of {origin} was let in: {found}"
    assert _statuses(world, {"Origin": world.origin, **cookie}) == (200, 101)


@row(2, off={"forwarded_host_ignored": "was believed"})
def forwarded_headers_of_strangers_are_not_believed(world: World) -> None:
    forged = {
        "Origin": "https://evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
    }
    assert _statuses(world, forged) == (400, 400), "X-Forwarded-Host was believed"
    assert _statuses(world, {**forged, "Origin": world.origin}) == (200, 101)


@row(3, both=True, off={"cookie_needs_vouching": "a cookie alone was enough"})
def a_cookie_without_an_origin_needs_the_csrf_header(world: World, transport: str) -> None:
    alice = world.guest("Alice")
    cookie = _cookie(alice["token"])
    alone = world.line(transport, cookie)
    answer = alone.connect()
    assert answer.startswith("44"), f"a cookie alone was enough: {answer}"
    assert '"unauthenticated"' in answer
    alone.is_closed()
    for vouching in (CSRF, {"Origin": world.origin}):
        vouched = world.line(transport, {**cookie, **vouching})
        assert vouched.connect().startswith("40")
    # A native client has neither, and a token.
    assert world.line(transport).enter(alice["token"]).user == alice["user"]


@row(4, both=True, off={"auth_is_an_object": "somebody was let in"})
def auth_that_is_no_object_is_nobody(world: World, transport: str) -> None:
    ours = {**_cookie(world.guest("Alice")["token"]), "Origin": world.origin}
    numbers = ("0", "5", "1.5", "-1", "-0.5", "1e999", "NaN", "9" * 400)
    for auth in ("[]", "[1]", *numbers, '""', '"token"', "true", "false", "{", "[" * 900, "x"):
        line = world.line(transport, ours)
        answer = line.connect(auth)
        assert answer.startswith("44"), f"somebody was let in with the auth {auth}: {answer}"
        assert '"unauthenticated"' in answer, answer
        line.is_closed()
    for auth in ("", "{}"):
        assert world.line(transport, ours).connect(auth).startswith("40")


@row(4, both=True)
def an_unknown_field_in_auth_is_refused(world: World, transport: str) -> None:
    token = world.guest("Alice")["token"]
    for more in ({"user_id": "x"}, {"is_admin": True}, {"protocol": 2}, {"protocol": "1"}):
        line = world.line(transport)
        answer = line.connect(json.dumps({"token": token, **more}))
        assert answer.startswith("44"), f"{more} was taken: {answer}"
        assert '"bad_request"' in answer, answer
        line.is_closed()
    assert world.line(transport).connect(json.dumps({"token": token, "protocol": 1}))[:2] == "40"


@row(5)
def a_transport_that_never_connects_is_closed(world: World) -> None:
    lines = [world.line(WEBSOCKET), world.line(POLLING)]
    began = time.monotonic()
    for line in lines:
        line.is_closed()
    assert time.monotonic() - began > 5  # it was the patience for it that ended
    assert world.talk(WEBSOCKET, "Alice").user["name"] == "Alice"


@row(7, everywhere=True, off={"sid_belongs_to_its_opener": "was served"})
def a_foreign_sid_serves_nobody_else(world: World) -> None:
    alice, eve = world.guest("Alice"), world.guest("Eve")
    port, room = world.server.port, world.room
    session = Polling(port, {"Authorization": f"Bearer {alice['token']}"})
    session.post("40/chat,")
    session.until("42/chat,")
    session.post(f'42/chat,1["join",{{"room":"{room}"}}]')
    session.until("43/chat,1")
    said = f'42/chat,2["message",{{"room":"{room}","client_id":"x","body":"as alice"}}]'.encode()
    for headers in (
        {"Authorization": f"Bearer {eve['token']}"},
        _cookie(eve["token"]),
        {"Authorization": "Basic x"},
    ):
        for method, data in (("POST", said), ("GET", None)):
            status, _text = session.request(method, f"&sid={session.sid}", data, headers)
            assert status == 403, f"a foreign sid was served: {status}"
        text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        assert world.wire(text, sid=session.sid).status == 403
    assert session.request("POST", f"&sid={session.sid}", said) == (200, "ok")
    session.until("43/chat,2")
    (message,) = world.http("GET", f"/rooms/{room}/messages", token=alice["token"]).json()[
        "messages"
    ]
    assert message["sender"] == alice["user"]
    session.close()


@row(10, both=True, everywhere=True)
def a_forged_malformed_or_foreign_token_is_nobodys(world: World, transport: str) -> None:
    token = world.guest("Alice")["token"]
    forged: list[object] = [
        "",
        "forged",
        "x" * 43,
        "x" * 60_000,
        token[:-1],
        token + "A",
        token.swapcase(),
        "토큰" * 10,
        "a\nb",
        None,
        5,
        [token],
        {"token": token},
        # of other systems: signed, and naming an account here
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
    ]
    for bad in forged:
        line = world.line(transport, {"Authorization": f"Bearer {token}"})
        answer = line.connect(json.dumps({"token": bad}))
        assert answer.startswith("44"), f"{str(bad)[:60]!r} let somebody in"
        assert '"unauthenticated"' in answer, answer
    for bad in ("forged", token[:-1], "x" * 5_000):
        answer = world.http("GET", "/me", token=bad)
        assert (answer.status_code, code(answer)) == (401, "unauthenticated")
    assert world.http("GET", "/me", token=token).json()["user"]["name"] == "Alice"


@row(18, off={"csrf_header": "was answered 201", "form_token": "a form without its token"})
def a_cookie_changes_nothing_without_the_csrf_token(world: World) -> None:
    cookie = _cookie(world.guest("Alice")["token"])
    new = {"slug": f"{world.room}-csrf"}
    assert code(world.http("POST", "/rooms", new, headers=cookie)) == "forbidden"
    plain = {**cookie, "Content-Type": "text/plain"}
    text = json.dumps(new)
    assert code(world.http("POST", "/rooms", data=text, headers=plain)) == "forbidden"
    form = world.server.http("POST", "/sign-out", data={"session": "all"}, headers=cookie)
    assert form.status_code == 403, "a form without its token was taken"
    assert world.http("GET", "/me", headers=cookie).status_code == 200
    made = world.http("POST", "/rooms", new, headers={**cookie, **CSRF})
    assert made.status_code == 201


@row(18, off={"csrf_header": "a cookie alone was enough"})
def no_route_changes_anything_for_a_cookie_alone(world: World) -> None:
    cookie = _cookie(world.guest("Alice")["token"])
    changing = [route for route in ROUTES if route.method != "GET" and not route.open]
    assert len(changing) > 20
    for route in changing:
        path = re.sub(r"\{\w+\}", "a" * 16, route.path)
        for headers in (cookie, {**cookie, "Origin": "https://evil.example", **CSRF}):
            answer = world.http(route.method, path, {}, headers=headers)
            assert answer.status_code == 403, f"a cookie alone was enough: {route.path}"
            assert "X-Chatapp-Csrf" in answer.json()["error"]["message"], route.path
        # By the rights of its own, or by what is missing in the body: it was looked at.
        vouched = world.http(route.method, path, {}, headers={**cookie, **CSRF})
        assert "X-Chatapp-Csrf" not in vouched.text, route.path
        if vouched.headers.get("Set-Cookie") or route.path in ("/sessions", "/sessions/current"):
            cookie = _cookie(world.guest("Alice")["token"])  # it signed her out
    for path in ("/enter", "/sign-in", "/sign-up", "/sign-out", "/settings"):
        answer = world.server.http("POST", path, data={"name": "Eve"}, headers=cookie)
        assert answer.status_code == 403, path
    evil = {"Origin": "https://evil.example"}
    for route in ROUTES:
        if route.open:
            answer = world.http(route.method, route.path, {"name": "Eve"}, headers=evil)
            assert code(answer) == "forbidden", route.path


@row(19)
def no_foreign_origin_is_reflected(world: World) -> None:
    cookie = _cookie(world.guest("Alice")["token"])
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
    for origin in EVIL:
        for method, path in (
            ("GET", "/api/v1/me"),
            ("OPTIONS", "/api/v1/rooms"),
            ("GET", HANDSHAKE),
            ("OPTIONS", HANDSHAKE),
            ("GET", "/"),
        ):
            headers = {"Origin": origin, **cookie, **preflight}
            answer = world.server.http(method, path, headers=headers)
            shared = {
                name: value for name, value in answer.headers.items() if "access-c" in name.lower()
            }
            assert not shared, (origin, method, path, shared)


@row(31)
def half_a_request_does_not_keep_anybody_out(world: World) -> None:
    """The patience for a head itself is tested in tests/runtime/test_connections.py."""
    slow = [socket.create_connection(("127.0.0.1", world.server.port)) for _ in range(100)]
    for each in slow:
        each.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    assert world.talk(WEBSOCKET, "Alice").call("join", {"room": world.room})["ok"]
    for each in slow:
        with closing(each):
            pass


@row(43)
def nothing_redirects_to_another_server(world: World) -> None:
    for path in ("//evil.example", "/\\evil.example", "/r//evil.example", "//evil.example/%2e%2e"):
        answer = world.server.http("GET", path)
        where = answer.headers.get("Location", "/")
        assert where[:1] == "/", where
        assert where[:2] not in {"//", "/\\"}, where


# What a proxy may take for one request, and we for two, or the other way round. All forms: tests/runtime/test_heads.py.
TWO_READINGS = (
    "Content-Length: 0\r\nContent-Length: {size}",
    "Content-Length: +0",
    "Content-Length : {size}",
    "Content-Length: 0\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: \x0bchunked",
    "X: y\rTransfer-Encoding: chunked",
    "Rubbish\r\nContent-Length: {size}",
)


@row(52, everywhere=True, off={"heads_are_strict": "were read"})
def a_request_with_two_readings_is_none(world: World) -> None:
    hidden = "GET /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n"
    for doubtful in TWO_READINGS:
        head = f"GET /healthz HTTP/1.1\r\nHost: x\r\n{doubtful.format(size=len(hidden))}\r\n\r\n"
        found = _answers(world, head + hidden)
        assert found == [400], f"two requests were read: {doubtful!r}: {found}"
    plain = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    assert _answers(world, plain + hidden)[0] == 200


def _answers(world: World, text: str) -> list[int]:
    """The statuses of all answers on a connection that we end behind this."""
    with socket.create_connection(("127.0.0.1", world.server.port), timeout=20) as raw:
        raw.sendall(text.encode("latin-1"))
        raw.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionError):
            while piece := raw.recv(65_536):
                received += piece
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


OTHERS_COOKIES = (
    'x={"a": 1}',
    "flag",
    "=x",
    'x="open',
    "a@b=1",
    "x[0]=1",
    "x=1 2",
    "path=/",
    "x=\xe9",
    "chatapp-visitor=y",
    "xchatapp=z",
)


@row(53, both=True, off={"cookies_are_read_apart": "was signed out"})
def what_other_programs_set_on_the_host_signs_nobody_out(world: World, transport: str) -> None:
    alice = world.guest("Alice")
    own = f"chatapp={alice['token']}"
    for other in OTHERS_COOKIES:
        for text in (f"{other}; {own}", f"{own}; {other}"):
            headers = {"Cookie": text.encode("latin-1")}
            answer = world.http("GET", "/me", headers=headers)
            assert answer.status_code == 200, f"was signed out by {other!r}"
            assert answer.json()["user"] == alice["user"]
    line = world.line(transport, {"Cookie": f"{OTHERS_COOKIES[0]}; {own}", **CSRF})
    answer = line.connect()
    assert answer.startswith("40"), f"was signed out on the socket: {answer}"
    for nobody in ("xchatapp=", "chatapp-x=", "x; y chatapp=", "chatapp=;x="):
        answer = world.http("GET", "/me", headers={"Cookie": nobody + alice["token"]})
        assert answer.status_code == 401, nobody


def _parts(count: int) -> tuple[dict[str, str], bytes]:
    """A form of the entry page, with so many parts beside its own."""
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    own = part.format("name", "Eve") + part.format("room", "tea")
    text = own + part.format("a", "") * count + "--b--\r\n"
    return {"Content-Type": "multipart/form-data; boundary=b"}, text.encode()


def _fields(count: int) -> tuple[dict[str, str], bytes]:
    text = "name=Eve&room=tea" + "&a" * count
    return {"Content-Type": "application/x-www-form-urlencoded"}, text.encode()


@row(40, off={"body_size": "was read"})
def a_form_of_very_many_parts_is_refused(world: World) -> None:
    # 1,010 parts are within 64 KiB; how many a form may have is bounded besides.
    for form, few, many in ((_parts, 10, (1_010, 100_000)), (_fields, 1_000, (100_000,))):
        headers, data = form(few)
        read = world.server.http("POST", "/enter", headers=headers, data=data)
        assert read.status_code == 403, read.status_code  # read: it has no token
        for count in many:
            headers, data = form(count)
            answer = world.server.http("POST", "/enter", headers=headers, data=data)
            assert answer.status_code == 413, f"{count} parts: was read: {answer.status_code}"
