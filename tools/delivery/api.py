"""The HTTP side of the contract, blocking; callers on a loop use threads."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

Payload = dict[str, Any]
PATIENCE_SECONDS = 60.0


class ApiError(Exception):
    """A request was refused, or could not be answered for too long."""


class Api:
    """Requests to `url`; what may be repeated is repeated while the server is away."""

    def __init__(self, url: str, patience: float = PATIENCE_SECONDS) -> None:
        self._base = url.rstrip("/") + "/api/v1"
        self._patience = patience
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(
        self, method: str, path: str, body: Payload | None = None, token: str | None = None
    ) -> Payload:
        """The answer; raises ApiError."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._call(method, path, body, token)
            except urllib.error.HTTPError as error:
                text = error.read().decode(errors="replace")
                wait, final = _wait(error, text), error.code not in (429, 502, 503, 504)
                why = f"{method} {path}: {error.code} {text[:300]}"
            except (OSError, ValueError) as error:
                wait, final, why = 0.3, False, f"{method} {path}: {error}"
            if final or time.monotonic() > deadline:
                raise ApiError(why)
            time.sleep(wait)

    def _call(self, method: str, path: str, body: Payload | None, token: str | None) -> Payload:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(  # noqa: S310 - the address is the caller's own
            self._base + path,
            data=None if body is None else json.dumps(body).encode(),
            headers=headers,
            method=method,
        )
        with self._opener.open(request, timeout=15) as response:
            answer: Payload = json.loads(response.read() or b"{}")
            return answer

    def must_answer(self) -> None:
        """Raise ApiError at once if nobody is there."""
        try:
            with self._opener.open(self._base.removesuffix("/api/v1") + "/healthz", timeout=10):
                pass
        except OSError as error:
            raise ApiError(f"{self._base} does not answer ({error})") from None

    # What the checker asks for

    def guest(self, name: str) -> Payload:
        return self.call("POST", "/guests", {"name": name})

    def me(self, token: str) -> Payload:
        user: Payload = self.call("GET", "/me", token=token)["user"]
        return user

    def make_room(self, slug: str, token: str) -> Payload:
        room: Payload = self.call("POST", "/rooms", {"slug": slug}, token)["room"]
        return room

    def room(self, slug: str, token: str) -> Payload:
        room: Payload = self.call("GET", f"/rooms/{quote(slug)}", token=token)["room"]
        return room

    def enter(self, slug: str, user_id: str, token: str) -> None:
        self.call("POST", f"/rooms/{quote(slug)}/members", {"user_id": user_id}, token)

    def remove(self, slug: str, user_id: str, token: str) -> None:
        self.call("DELETE", f"/rooms/{quote(slug)}/members", {"user_id": user_id}, token)

    def members(self, slug: str, token: str) -> set[str]:
        found = self.call("GET", f"/rooms/{quote(slug)}/members", token=token)["members"]
        return {member["user"]["id"] for member in found}

    def rooms(self, token: str) -> list[Payload]:
        rooms: list[Payload] = self.call("GET", "/rooms", token=token)["rooms"]
        return rooms

    def messages(self, slug: str, token: str) -> Iterator[Payload]:
        """All messages of a room, oldest first."""
        after, more = 0, True
        while more:
            path = f"/rooms/{quote(slug)}/messages?after={after}&limit=100"
            page = self.call("GET", path, token=token)
            yield from page["messages"]
            more = page["more"] and bool(page["messages"])
            after = page["messages"][-1]["seq"] if page["messages"] else after


def _wait(error: urllib.error.HTTPError, text: str) -> float:
    try:
        return float(json.loads(text)["error"].get("retry_after") or 0.3)
    except (ValueError, KeyError, TypeError, AttributeError):
        return float(error.headers.get("Retry-After") or 0.3)
