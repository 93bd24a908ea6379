"""Whatever is sent to a route that takes a body or a query, the answer is a code, never a fault."""

from __future__ import annotations

import json
from typing import Any, get_type_hints
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatapp.errors import CODES
from chatapp.payloads.routes import ROUTES, Route
from tests.support.server import Server

# Out of this process: the server's own tasks use `random`, which Hypothesis has to itself in here.
often = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

TAKES_BODY = [route for route in ROUTES if route.body and not route.open]
EXPECTED = CODES.keys() - {"internal"}
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(
        ["assistant", "system", "1-1", "member", "owner", "forever", "\0", "x" * 300]
    ),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def token(alone: Server) -> str:
    token: str = alone.guest("Alice")["token"]
    alone.http("POST", "/api/v1/rooms", {"slug": "tea"}, token=token)
    return token


def bodies(route: Route) -> st.SearchStrategy[Any]:
    names = sorted(get_type_hints(route.body))
    some = st.fixed_dictionaries({}, optional=dict.fromkeys(names, ANYTHING))
    return some | ANYTHING


def check(answer: Any) -> None:
    if answer.status_code >= 400:
        assert answer.json()["error"]["code"] in EXPECTED, answer.text


@pytest.mark.parametrize("route", TAKES_BODY, ids=lambda route: f"{route.method} {route.path}")
def test_no_body_makes_the_server_fail(alone: Server, token: str, route: Route) -> None:
    @often
    @given(bodies(route), st.text(max_size=20))
    def send(body: Any, slug: str) -> None:
        path = "/api/v1" + route.path.replace("{slug}", quote(slug or "x", safe=""))
        data = json.dumps(body)  # as Python does it: NaN is in there
        headers = {"Content-Type": "application/json"}
        check(alone.http(route.method, path, data=data, headers=headers, token=token))

    send()


@pytest.mark.parametrize("path", ["/rooms/tea/messages", "/search", "/messages/1-1/run"])
def test_no_query_makes_the_server_fail(alone: Server, token: str, path: str) -> None:
    @often
    @given(st.dictionaries(st.sampled_from(["q", "room", "before", "limit", "x"]), st.text()))
    def ask(query: dict[str, str]) -> None:
        check(alone.http("GET", f"/api/v1{path}?{urlencode(query)}", token=token))

    ask()
