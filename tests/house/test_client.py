"""The protocol client of the tests, against a stock server."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from tests.support.client import Client, RefusedError
from tests.support.processes import Process, free_port
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "tests.house.echo_server", str(port)]
    process = Process("echo server", command, log=tmp_path_factory.mktemp("echo") / "log")

    def listens() -> bool:
        process.must_run()
        with socket.create_connection(("127.0.0.1", port)):
            return True

    eventually(listens, within=10)
    yield f"http://127.0.0.1:{port}"
    process.kill()


@pytest.fixture
def alice(url: str) -> Iterator[Client]:
    client = Client(url, {"token": "good"}, timeout=5)
    yield client
    client.close()


def test_it_is_greeted_with_a_good_token_and_refused_with_a_bad_one(
    url: str, alice: Client
) -> None:
    assert alice.user == {"name": "Alice"}
    with pytest.raises(RefusedError) as refusal:
        Client(url, {"token": "bad"}, timeout=0.5)
    assert refusal.value.data == {"code": "unauthenticated"}
    assert not refusal.value.closed  # a stock server leaves that to the client


def test_an_event_gets_its_ack_and_everyone_sees_it_once(url: str, alice: Client) -> None:
    bob = Client(url, {"token": "good"}, timeout=5)

    first, second = alice.request("echo", {"n": 1}), alice.request("echo", {"n": 2, "x": {"y": 3}})
    assert alice.ack(second)["payload"]["n"] == 2
    assert alice.ack(first)["payload"]["n"] == 1

    assert bob.sees("echoed", x={"y": 3}) == {"n": 2, "x": {"y": 3}}
    assert bob.sees("echoed") == {"n": 1}
    with pytest.raises(AssertionError, match="time is up"):
        bob.sees("echoed", timeout=0.05)
    with pytest.raises(AssertionError, match="saw"):
        bob.has_not_seen("echoed", n=1)
    bob.has_not_seen("echoed", n=3)
    bob.close()


def test_a_refusal_is_told_from_a_success(alice: Client) -> None:
    assert alice.refused("fail")["code"] == "forbidden"
    assert alice.ok("echo", {})["ok"]
    with pytest.raises(AssertionError, match="was answered"):
        alice.ok("fail")
    with pytest.raises(AssertionError, match="was answered"):
        alice.refused("echo", {})


def test_a_connection_that_ends_is_noticed_while_waiting(alice: Client) -> None:
    alice.emit("leave", {})
    alice.is_disconnected()
    assert not alice.is_open


def test_a_client_that_was_cut_off_says_so_instead_of_waiting(alice: Client) -> None:
    alice.cut()
    with pytest.raises(AssertionError, match="the connection ended first"):
        alice.sees("echoed", timeout=60)


def test_a_client_on_hold_reads_nothing_until_it_goes_on(url: str, alice: Client) -> None:
    bob = Client(url, {"token": "good"}, timeout=5)
    alice.hold()
    bob.ok("echo", {"n": 1})
    bob.sees("echoed", n=1)
    with pytest.raises(AssertionError, match="time is up"):
        alice.sees("echoed", timeout=0.1)
    alice.go_on()
    alice.sees("echoed", n=1)
    bob.close()
