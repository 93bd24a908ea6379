"""Whatever comes, over the contract's events, the API's routes and in raw packets: an answer or an end, never a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatapp.errors import CODES
from chatapp.payloads.catalog import CLIENT_EVENTS, ClientEvent
from tests.support.server import Server
from tests.transport.test_packets import GOOD, anything, damaged

from .lines import POLLING, WEBSOCKET
from .shapes import payloads
from .world import MB_20, World

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = CODES.keys() - {"internal"}


# Out of this process: the server's own tasks use `random`, which Hypothesis has to itself in here.
def examples(count: int) -> settings:
    return settings(
        max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )


shortly_and_for_long = pytest.mark.parametrize(
    "count", [6, pytest.param(600, marks=[pytest.mark.faults, pytest.mark.timeout(900)])]
)


@pytest.fixture(scope="module")
def fuzzed(_alone: Server) -> Iterator[World]:
    """The server; in the end it has logged no fault and holds no more than before."""
    world = World(_alone)
    logged = len(_alone.log)
    world.memory()
    yield world
    world.close()
    log = _alone.log[logged:]
    assert "Traceback" not in log
    # The library reports a request for a session that is gone as an error of its own.
    faults = [line for line in log.splitlines() if '"level":"error"' in line and "chatapp." in line]
    assert not faults, faults[-3:]


@shortly_and_for_long
@pytest.mark.parametrize("event", CLIENT_EVENTS, ids=lambda event: event.name)
def test_every_event_is_answered_whatever_it_carries(
    fuzzed: World, event: ClientEvent, count: int
) -> None:
    socket = fuzzed.connect("Fuzz")
    socket.join(fuzzed.room)
    socket.send(fuzzed.room, "something to talk about")
    before = fuzzed.memory()

    @examples(count)
    @given(st.lists(payloads(event.payload), min_size=10, max_size=30))
    def send(many: list[Any]) -> None:
        numbers = [socket.request(event.name, each) for each in many]
        for number, payload in zip(numbers, many, strict=True):
            answer = socket.ack(number)
            assert answer["ok"] or answer["error"]["code"] in EXPECTED, (payload, answer)

    send()
    assert socket.is_open
    socket.join(fuzzed.room)
    assert fuzzed.memory() - before < MB_20


@shortly_and_for_long
@pytest.mark.parametrize("transport", [WEBSOCKET, POLLING])
def test_every_raw_packet_is_answered_or_ends_the_connection(
    fuzzed: World, transport: str, count: int
) -> None:
    token = fuzzed.guest("Fuzz")["token"]
    before = fuzzed.memory()
    witness = fuzzed.connect("Witness")  # who answers pings meanwhile: it takes minutes
    packets = st.one_of(
        damaged(), st.sampled_from(GOOD), anything.filter(lambda each: isinstance(each, str))
    ).map(lambda packet: f"4{packet}")
    raw = st.one_of(packets, st.text(max_size=20)).filter(
        lambda text: text.isprintable() and "\x1e" not in text
    )

    @examples(count)
    @given(st.lists(raw, min_size=1, max_size=6), st.booleans())
    def send(many: list[str], entered: bool) -> None:
        talk = fuzzed.line(transport)
        if entered:
            talk.enter(token)
        for each in many:
            talk.line.say(each)
        # Still there, and then it answers; or gone, and then it says so.
        talk.line.say('42/chat,77["leave",{"room":"nowhere"}]')
        answer = talk.ack_or_end(77)
        assert answer is None or answer["error"]["code"] in {"not_found", "rate_limited"}
        talk.line.close()

    send()
    witness.join(fuzzed.room)
    assert fuzzed.memory() - before < MB_20


schema = schemathesis.openapi.from_dict(yaml.safe_load((ROOT / "docs/openapi.yaml").read_text()))


@pytest.fixture(scope="module")
def fuzzer(fuzzed: World) -> tuple[World, str]:
    token: str = fuzzed.guest("Fuzz")["token"]
    fuzzed.http("POST", "/rooms", {"slug": "tea"}, token=token)
    return fuzzed, token


@schema.exclude(path_regex="/stream$").parametrize()
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_every_route_answers_as_its_document_says(
    case: schemathesis.Case, fuzzer: tuple[World, str]
) -> None:
    world, token = fuzzer
    leaves = case.method == "DELETE" and case.path.endswith(("/sessions", "/current"))
    if leaves:  # of somebody else, who is needed no more
        token = world.guest("Gone")["token"]
    if case.path.endswith("/refresh"):
        token = world.guest("Refreshed")["token"]
    headers = {"Authorization": f"Bearer {token}"}
    response = case.call(base_url=world.server.url, headers=headers, timeout=20)
    assert response.status_code < 500 or response.status_code == 503, response.text
    if response.status_code >= 400:
        assert response.json()["error"]["code"] in EXPECTED, response.text
    elif response.status_code != 204:
        case.validate_response(response, checks=[schemathesis.checks.response_schema_conformance])


def test_the_schema_is_really_held_against_answers(fuzzer: tuple[World, str]) -> None:
    """An answer that is not what the document says is noticed."""
    world, token = fuzzer
    operation = schema["/api/v1/me"]["GET"]
    case = operation.Case()
    headers = {"Authorization": f"Bearer {token}"}
    answer = case.call(base_url=world.server.url, headers=headers)
    checks = [schemathesis.checks.response_schema_conformance]
    case.validate_response(answer, checks=checks)
    other = requests.get(f"{world.server.url}/api/v1/rooms", headers=headers, timeout=20)
    assert json.loads(other.text)
    with pytest.raises(BaseExceptionGroup):
        case.validate_response(other, checks=checks)
