"""Nobody is ever somebody else: many people at once, over several workers with shared pools, who come, go and change."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.client import RefusedError
from tests.support.server import Server

from .conftest import CSRF, Browser

PEOPLE, STEPS = 16, 25


class Walk:
    """One browser through which several people come and go. `now` is whose turn it is."""

    def __init__(self, server: Server, browser: Browser, number: int) -> None:
        self.server, self.browser = server, browser
        self.dice = random.Random(number)
        self.number = number
        self.now: dict[str, str] = {}
        self.token = ""
        self.ended: list[str] = []
        self.room = f"identity-{number % 4}"
        self.said = 0
        self.enters()

    def enters(self) -> None:
        """Somebody new comes in, in the same browser: the session before it ends."""
        if self.token:
            self.ended.append(self.token)
        name = f"canary {self.number} {self.dice.getrandbits(40):x}"
        answer = self.browser.api("POST", "/guests", {"name": name}).json()
        assert answer["user"]["name"] == name
        self.now, self.token = answer["user"], answer["token"]

    def leaves(self) -> None:
        """Signs out, and is nobody; then somebody new comes."""
        assert self.browser.api("DELETE", "/sessions/current").status_code == 204
        assert self.browser.api("GET", "/me").status_code == 401
        self.ended.append(self.token)
        self.token = ""
        self.enters()

    def asks(self) -> None:
        """By cookie and by token the answer is oneself; a session that ended is nobody's."""
        assert self.browser.api("GET", "/me").json()["user"] == self.now
        by_token = self.server_me(self.token)
        assert by_token == (200, self.now)
        if self.ended:
            assert self.server_me(self.dice.choice(self.ended)) == (401, None)

    def server_me(self, token: str) -> tuple[int, dict[str, str] | None]:
        answer = self.browser.http.get(
            f"{self.server.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"}, timeout=20
        )
        return answer.status_code, answer.json().get("user")

    def opens_a_page(self) -> None:
        """The page of a room, and the home page, are one's own."""
        for path in (f"/r/{self.room}", "/", "/settings"):
            self.browser.get(path)
            assert self.browser.boot["user"] == self.now

    def speaks(self) -> None:
        """What one says is one's own, whatever the way."""
        self.said += 1
        self.browser.get(f"/r/{self.room}")
        body = {"client_id": f"c{self.said}", "body": f"{self.now['name']} says so"}
        said = self.browser.api("POST", f"/rooms/{self.room}/messages", body).json()
        assert said["sender"] == self.now
        with_socket = self.server.connect(token=self.token)
        assert with_socket.user == self.now
        with_socket.join(self.room)
        answer = with_socket.send(self.room, f"{self.now['name']} says so")
        assert answer["sender"] == self.now
        with_socket.cut()

    def reconnects(self) -> None:
        """A socket with the cookie is oneself; with a session that ended it is refused."""
        cookie = f"chatapp={self.browser.http.cookies['chatapp']}"
        client = self.server.connect(token=self.token, cookie=cookie)
        assert client.user == self.now
        client.cut()
        if self.ended:
            with pytest.raises(RefusedError) as refused:
                self.server.connect(token=self.dice.choice(self.ended))
            assert refused.value.data["code"] == "unauthenticated"

    def walk(self) -> None:
        """Many steps, none of which may find anybody else."""
        for _ in range(STEPS):
            steps = [self.asks, self.opens_a_page, self.speaks, self.reconnects]
            step = self.dice.choice([*steps, self.asks, self.enters, self.leaves])
            step()


def test_nobody_is_ever_somebody_else(server: Server, browser: Callable[..., Browser]) -> None:
    walks = [Walk(server, browser(), number) for number in range(PEOPLE)]
    start = threading.Barrier(PEOPLE)

    def walk(each: Walk) -> None:
        start.wait()
        each.walk()

    with ThreadPoolExecutor(PEOPLE) as pool:
        for done in [pool.submit(walk, each) for each in walks]:
            done.result()
    # Every message was said by whom it names.
    for number in range(4):
        reader = server.guest("Reader")["token"]
        slug = f"identity-{number}"
        headers = {"Authorization": f"Bearer {reader}", **CSRF}
        me = server.http("GET", "/api/v1/me", headers=headers).json()["user"]
        server.http("POST", f"/api/v1/rooms/{slug}/members", {"user_id": me["id"]}, token=reader)
        page = server.http("GET", f"/api/v1/rooms/{slug}/messages?limit=100", token=reader).json()
        assert page["messages"]
        for message in page["messages"]:
            assert message["body"] == f"{message['sender']['name']} says so"
