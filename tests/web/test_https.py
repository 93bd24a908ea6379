"""What differs over https, which ends at a proxy: cookies with a prefix, and the promise to stay with https."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

CSRF = {"X-Chatapp-Csrf": "1"}
HTTPS, HTTP = "https://chat.example", "http://chat.example"


def cookies(client: FlaskClient, url: str) -> list[str]:
    answer = client.post("/api/v1/guests", json={"name": "Alice"}, headers=CSRF, base_url=url)
    assert answer.status_code == 201
    return answer.headers.getlist("Set-Cookie")


def test_over_https_the_cookie_is_bound_to_the_host_and_over_http_it_can_be_kept(
    client: FlaskClient,
) -> None:
    (secure,) = cookies(client, HTTPS)
    assert secure.startswith("__Host-chatapp=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(secure.split("; "))
    assert "Domain" not in secure
    (plain,) = cookies(client, HTTP)
    assert plain.startswith("chatapp=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(plain.split("; "))
    assert "Secure" not in plain


def test_over_https_a_cookie_without_the_prefix_counts_for_nothing(client: FlaskClient) -> None:
    cookies(client, HTTPS)
    assert client.get("/api/v1/me", base_url=HTTPS).status_code == 200
    value = client.get_cookie("__Host-chatapp", "chat.example")
    assert value is not None
    stranger = client.application.test_client()
    stranger.set_cookie("chatapp", value.value, domain="chat.example")
    assert stranger.get("/api/v1/me", base_url=HTTPS).status_code == 401


def test_a_form_over_https_gives_cookies_with_the_prefix(client: FlaskClient) -> None:
    page = client.get("/", base_url=HTTPS)
    (visitor,) = page.headers.getlist("Set-Cookie")
    assert visitor.startswith("__Host-chatapp-visitor=")
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    fields = {"name": "Bob", "room": "tea", "csrf": token}
    entered = client.post("/enter", data=fields, base_url=HTTPS)
    assert entered.status_code == 303
    assert entered.headers["Set-Cookie"].startswith("__Host-chatapp=")


def test_only_over_https_browsers_are_told_to_stay_with_it(client: FlaskClient) -> None:
    for path in ("/", "/healthz", "/api/v1/me", "/static/none.js"):
        over_https = client.get(path, base_url=HTTPS).headers
        assert over_https["Strict-Transport-Security"] == "max-age=31536000"
        assert "Strict-Transport-Security" not in client.get(path, base_url=HTTP).headers


@pytest.mark.parametrize("origin", ["https://chat.example", "https://chat.example:443"])
def test_the_origin_is_ours_also_where_the_proxy_does_not_tell_the_scheme(
    client: FlaskClient, origin: str
) -> None:
    cookies(client, HTTP)
    headers = {**CSRF, "Origin": origin}
    path = "/api/v1/rooms"
    new = {"slug": f"room-{len(origin)}"}
    foreign = {**CSRF, "Origin": "https://evil.example"}
    assert client.post(path, json=new, headers=foreign, base_url=HTTP).status_code == 403
    assert client.post(path, json=new, headers=headers, base_url=HTTP).status_code == 201
