"""Limits as they are when nobody changed them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatapp.services.limits import LIMITS
from tests.support.server import Server

from .test_accounts import PASSWORD, refused, sign_up


@pytest.fixture(scope="module")
def server(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limited = Server(
        tmp_path_factory.mktemp("server"), runtime=runtime, env={"CHATAPP_RATE_LIMITS": "on"}
    )
    yield limited.start()
    limited.close()


def tries(server: Server, names: list[str]) -> list[int]:
    """Sign in with a wrong password, each time by the next of the names, until that is refused; the statuses."""
    statuses: list[int] = []
    # On a slow machine some tries are granted again meanwhile: one in six seconds.
    while 429 not in statuses and len(statuses) < 5 * LIMITS["sign_in"].burst:
        wrong = {"name": names[len(statuses) % len(names)], "password": "not it at all"}
        statuses.append(server.http("POST", "/api/v1/sessions", wrong).status_code)
    return statuses


def test_passwords_cannot_be_tried_one_after_the_other(server: Server) -> None:
    sign_up(server, "Alice")
    sign_up(server, "Bob")
    statuses = tries(server, ["Alice", "alice", "ALICE", "A\u200blice"])
    assert set(statuses[:-1]) == {401}
    assert len(statuses) > LIMITS["sign_in"].burst
    # The right password is refused as well, and somebody else is not.
    right = {"name": "Alice", "password": PASSWORD}
    answer = server.http("POST", "/api/v1/sessions", right)
    error = refused(answer, 429, "rate_limited")
    assert 0 < error["retry_after"] <= 6.1
    assert int(answer.headers["Retry-After"]) >= error["retry_after"]
    assert server.http("POST", "/api/v1/sessions", {**right, "name": "Bob"}).status_code == 201


def test_a_name_nobody_has_is_limited_as_one_that_somebody_has(server: Server) -> None:
    statuses = tries(server, ["Nobody"])
    assert (set(statuses[:-1]), statuses[-1]) == ({401}, 429)
    assert len(statuses) > LIMITS["sign_in"].burst


def test_one_address_makes_so_many_guests_and_no_more(server: Server) -> None:
    answers = [server.http("POST", "/api/v1/guests", {"name": "Flood"}) for _ in range(130)]
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {201, 429}
    assert statuses[0] == 201
    guest = answers[0].json()["token"]
    assert server.http("GET", "/api/v1/me", token=guest).status_code == 200


@pytest.fixture(scope="module")
def strict(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three a second of everything: so that a test reaches a limit however slow the machine is."""
    env = {"CHATAPP_RATE_LIMITS": "3/s"}
    limited = Server(tmp_path_factory.mktemp("strict"), runtime=runtime, env=env)
    yield limited.start()
    limited.close()


def test_one_persons_flood_of_requests_is_not_anothers(strict: Server) -> None:
    alice, bob = (strict.guest(name)["token"] for name in ("Alice", "Bob"))
    statuses = [strict.http("GET", "/api/v1/me", token=alice).status_code for _ in range(30)]
    assert statuses[0] == 200
    assert 429 in statuses
    assert strict.http("GET", "/api/v1/me", token=bob).status_code == 200


def test_one_address_opens_only_so_many_sockets(strict: Server) -> None:
    path = "/socket.io/?EIO=4&transport=polling"
    statuses = [strict.http("GET", path).status_code for _ in range(30)]
    assert statuses[0] == 200
    assert 429 in statuses
