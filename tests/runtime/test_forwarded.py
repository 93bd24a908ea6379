"""Whom a request comes from, when proxies are in between."""

from __future__ import annotations

from typing import Any

import pytest

from chatapp.runtime.forwarded import behind_proxies, place

PROXIES = ["10.0.0.0/8", "2001:db8::1"]


def seen(**environ: str) -> tuple[str, str]:
    """REMOTE_ADDR and scheme as the application sees them."""
    answers = []

    def application(environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        answers.append((environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]))
        return []

    behind_proxies(application, PROXIES)({"wsgi.url_scheme": "http", **environ}, lambda: None)
    return answers[0]


@pytest.mark.parametrize("proxy", ["10.1.2.3", "2001:db8::1", ""])
def test_a_proxy_of_ours_is_believed(proxy: str) -> None:
    assert seen(
        REMOTE_ADDR=proxy, HTTP_X_FORWARDED_FOR="198.51.100.7", HTTP_X_FORWARDED_PROTO="https"
    ) == ("198.51.100.7", "https")


@pytest.mark.parametrize("stranger", ["192.0.2.1", "127.0.0.1", "2001:db8::2", "unix"])
def test_nobody_else_is(stranger: str) -> None:
    assert seen(
        REMOTE_ADDR=stranger, HTTP_X_FORWARDED_FOR="198.51.100.7", HTTP_X_FORWARDED_PROTO="https"
    ) == (stranger, "http")


def test_what_a_visitor_wrote_into_the_header_stands_left_of_the_truth() -> None:
    assert (
        seen(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="1.1.1.1, 198.51.100.7, 10.0.0.2")[0]
        == "198.51.100.7"
    )


def test_a_request_of_the_proxy_itself_keeps_its_address() -> None:
    assert seen(REMOTE_ADDR="10.0.0.1") == ("10.0.0.1", "http")
    assert seen(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="10.0.0.2")[0] == "10.0.0.1"
    assert seen(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_PROTO="gopher")[1] == "http"


def test_a_proxy_is_ours_also_when_its_ipv4_comes_to_a_socket_for_both() -> None:
    forwarded = {"HTTP_X_FORWARDED_FOR": "198.51.100.7"}
    assert seen(REMOTE_ADDR="::ffff:10.0.0.1", **forwarded)[0] == "198.51.100.7"
    assert seen(REMOTE_ADDR="::ffff:192.0.2.1", **forwarded)[0] == "::ffff:192.0.2.1"


def test_who_has_a_network_of_addresses_is_one_visitor() -> None:
    one = place("2001:db8:1:2::1")
    assert place("2001:0db8:0001:0002:ffff:ffff:ffff:ffff") == one
    assert place("2001:db8:1:3::1") != one
    assert place("fe80::1%eth0") == place("fe80::2%eth1")
    # Of IPv4 every address is somebody.
    assert place("::ffff:192.0.2.1") == place("192.0.2.1") == "192.0.2.1"
    assert place("192.0.2.2") != place("192.0.2.1")
    assert (place(""), place("not:an:address")) == ("unknown", "not:an:address")
