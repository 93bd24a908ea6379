"""Behind a proxy: what it says of its visitors counts if it is one of ours, and origins are checked all the same."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.server import Server

# Every address of 127.0.0.0/8 is this machine: a connection can come from a proxy of ours, or from a stranger.
OURS, STRANGERS = "127.0.0.9", "127.0.0.10"
HOST = "chat.example"
BY_HTTPS = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def behind(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("behind")
    server = Server(folder, runtime=runtime, arguments=["--trust-proxy", OURS])
    yield server.start()
    server.close()


def ask(
    server: Server, by: str, path: str, headers: dict[str, str], body: object = None
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of an answer to a request that comes from the address `by`."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.port, timeout=20, source_address=(by, 0)
    )
    with closing(connection):
        if body is None:
            connection.request("GET", path, headers=headers)
        else:
            headers = {**headers, "Content-Type": "application/json", "X-Chatapp-Csrf": "1"}
            connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        said = "" if response.status == 101 else response.read().decode()
        return response.status, dict(response.getheaders()), said


def opens(server: Server, by: str, headers: dict[str, str]) -> tuple[int, int]:
    """What long-polling and a WebSocket are answered."""
    path = "/socket.io/?EIO=4&transport="
    polling, _, _ = ask(server, by, f"{path}polling", headers)
    websocket, _, _ = ask(server, by, f"{path}websocket", {**headers, **UPGRADE})
    return polling, websocket


def cookie(server: Server, by: str) -> str:
    """The name of the cookie that a new guest gets: bound to https, or not."""
    status, headers, said = ask(server, by, "/api/v1/guests", BY_HTTPS, {"name": "Alice"})
    assert status == 201, said
    return headers["Set-Cookie"].partition("=")[0]


def test_only_a_trusted_proxy_says_how_the_visitor_came(behind: Server) -> None:
    assert cookie(behind, OURS) == "__Host-chatapp"
    assert cookie(behind, STRANGERS) == "chatapp"


@pytest.mark.parametrize("by", [OURS, STRANGERS], ids=["trusted", "untrusted"])
def test_origins_are_checked_behind_a_proxy_as_without(behind: Server, by: str) -> None:
    assert opens(behind, by, {**BY_HTTPS, "Origin": f"https://{HOST}"}) == (200, 101)
    for evil in (
        "https://evil.example",
        "null",
        f"https://{HOST}.evil.example",
        f"https://{HOST}:1",
    ):
        assert opens(behind, by, {**BY_HTTPS, "Origin": evil}) == (400, 400), evil
    # The host is what the visitor's browser asked for; a header that anybody may write is no second one.
    forged = {**BY_HTTPS, "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    assert opens(behind, by, {**forged, "Origin": "https://evil.example"}) == (400, 400)
    assert opens(behind, by, {**forged, "Origin": f"https://{HOST}"}) == (200, 101)


def test_who_has_a_network_of_addresses_is_one_visitor(
    runtime: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("network")
    env = {"CHATAPP_RATE_LIMITS": "1/s"}  # of each kind one at once, and one in a second
    server = Server(folder, runtime=runtime, arguments=["--trust-proxy", OURS], env=env)
    server.start()

    def comes(address: str) -> int:
        headers = {**BY_HTTPS, "X-Forwarded-For": address}
        return ask(server, OURS, "/api/v1/guests", headers, {"name": "Eve"})[0]

    try:
        assert comes("2001:db8:1:1::1") == 201
        # Each from another address; on a slow machine a second may pass between two.
        assert 429 in [comes(f"2001:db8:1:1:{number}::1") for number in range(20)]
        assert comes("2001:db8:1:2::1") == 201
    finally:
        server.close()
