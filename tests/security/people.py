"""People with accounts and guests, who ask the API."""

from __future__ import annotations

import subprocess
import sys
import uuid
from typing import Any

from tests.support.client import Client
from tests.support.server import Server

PASSWORD = "correct horse"


class Person:
    """Somebody with a token."""

    def __init__(self, server: Server, answer: Any) -> None:
        assert answer.status_code == 201, answer.text
        self.server = server
        said = answer.json()
        self.token: str = said["token"]
        self.user: dict[str, Any] = said["user"]
        self.id: str = self.user["id"]
        self.name: str = self.user["name"]

    @classmethod
    def guest(cls, server: Server, name: str = "Guest", **more: Any) -> Person:
        return cls(server, server.http("POST", "/api/v1/guests", {"name": name, **more}))

    @classmethod
    def account(cls, server: Server, name: str = "Ann") -> Person:
        new = {"name": f"{name} {uuid.uuid4().hex[:10]}", "password": PASSWORD}
        return cls(server, server.http("POST", "/api/v1/accounts", new))

    def signs_in(self, **more: Any) -> Any:
        """Another session; the answer."""
        return self.server.http(
            "POST", "/api/v1/sessions", {"name": self.name, "password": PASSWORD, **more}
        )

    def asks(self, method: str, path: str, body: Any = None) -> Any:
        return self.server.http(method, f"/api/v1{path}", body, token=self.token)

    def does(self, method: str, path: str, body: Any = None) -> Any:
        """Ask what must be granted."""
        answer = self.asks(method, path, body)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, body: Any = None) -> str:
        """Ask what must be refused; the code."""
        answer = self.asks(method, path, body)
        assert answer.status_code >= 400, (path, answer.text)
        code: str = answer.json()["error"]["code"]
        return code

    def connects(self) -> Client:
        return self.server.connect(token=self.token, timeout=20)


def command(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    """`flask --app wsgi chat …` on the server's machine."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "chat", *words],
        env=server.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
