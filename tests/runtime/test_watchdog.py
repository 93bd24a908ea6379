"""A loop that stands still is seen, and ended when it does not move again."""

from __future__ import annotations

import contextlib

import pytest

from tests.support.waiting import eventually

from .conftest import StartEcho, ask

# On threads nothing that one request does stands in another's way.
LOOPS = ["eventlet", "gevent"]
IMPATIENT = {"IMPATIENT": "1"}


@pytest.mark.parametrize("on", LOOPS)
def test_a_standing_loop_shows_where_it_stands(start_echo: StartEcho, on: str) -> None:
    server = start_echo(on=on, env=IMPATIENT)
    with contextlib.closing(server.connection()) as connection:
        ask(connection, "/slow/1.8")
        assert "Timeout" not in server.log

        assert ask(connection, "/stand-still/2.0") == (200, "moving again")

        assert "Timeout (0:00:01.500000)!" in server.log
        assert "in stand_still" in server.log


@pytest.mark.parametrize("on", LOOPS)
def test_a_loop_that_does_not_move_again_is_ended_and_its_worker_started_again(
    start_echo: StartEcho, on: str
) -> None:
    server = start_echo(workers=2, on=on, env=IMPATIENT)
    with contextlib.closing(server.connection_to("w1")) as connection:
        connection.request("GET", "/stand-still/60.0")

        eventually(lambda: "worker w1 was killed by SIGALRM" in server.log, within=15)

    eventually(lambda: server.get("/readyz")[0] == 200, within=20)
