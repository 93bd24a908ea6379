"""Nobody is ever somebody else, also while workers die in the middle of requests and the database stands still."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import websocket

from tests.support.client import RefusedError
from tests.support.server import Server
from tests.support.waiting import eventually
from tests.web.conftest import CSRF

FAULTY = (
    requests.RequestException,
    websocket.WebSocketException,
    OSError,
    RefusedError,
    AssertionError,
)


class Somebody:
    """One browser tab: who is in it changes, and each credential is always the same person's."""

    def __init__(self, server: Server, number: int, seen: dict[str, Any]) -> None:
        self.server, self.number, self.seen = server, number, seen
        self.dice = random.Random(number)
        self.http = requests.Session()
        self.http.trust_env = False
        self.known: dict[str, dict[str, Any]] = {}  # by token
        self.wrong: list[str] = []
        self.said = self.checked = 0
        self.token = ""

    def comes_in(self) -> None:
        name = f"canary {self.number} {self.dice.getrandbits(48):x}"
        url = f"{self.server.url}/api/v1/guests"
        answer = self.http.post(url, json={"name": name}, headers=CSRF, timeout=20).json()
        self._is(answer["user"]["name"] == name, f"came in as {answer['user']}, not {name}")
        self.token = answer["token"]
        self.known[self.token] = answer["user"]

    def asks(self) -> None:
        """By every credential one had, in the middle of which a request may be cut off."""
        token = self.dice.choice(list(self.known))
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.server.url}/api/v1/me"
        if self.dice.random() < 0.3:
            with contextlib.suppress(requests.RequestException):
                requests.get(url, headers=headers, timeout=0.001)  # a task killed in mid-query
        answer = requests.get(url, headers=headers, timeout=20)
        self._whoami(token, answer)
        by_cookie = self.http.get(url, timeout=20)
        if self.token:
            self._whoami(self.token, by_cookie)

    def _whoami(self, token: str, answer: requests.Response) -> None:
        if answer.status_code == 200:
            self.checked += 1
            found = answer.json()["user"]
            self._is(found == self.known[token], f"{found} with the token of {self.known[token]}")

    def leaves(self) -> None:
        url = f"{self.server.url}/api/v1/sessions/current"
        if self.http.delete(url, headers=CSRF, timeout=20).status_code == 204:
            self.token = ""
            self._is(
                self.http.get(f"{self.server.url}/api/v1/me", timeout=20).status_code != 200,
                "still somebody after signing out",
            )
            self.comes_in()

    def speaks(self) -> None:
        """The author of a message is whose ack it was; nobody hears a canary that is not theirs to hear."""
        me = self.known[self.token]
        client = self.server.connect(token=self.token, timeout=20)
        try:
            self._is(client.user == me, f"connected as {client.user}, not {me}")
            for _ in range(2):
                room = f"identity-{self.dice.randrange(3)}"
                client.join(room)
                self.said += 1
                message = client.send(room, f"{me['name']} says so in {room}")
                self._is(message["sender"] == me, f"{message['sender']} acked to {me}")
                client.ok("leave", {"room": room})
            own = client.join(f"own-{me['id']}")
            self._is(len(own["online"]) <= 1, f"others in a room of one's own: {own['online']}")
        finally:
            client.cut()

    def _is(self, right: bool, what: str) -> None:
        if not right:
            self.wrong.append(what)

    def walk(self, steps: int) -> None:
        while not self.token:
            with contextlib.suppress(*FAULTY):
                self.comes_in()
        for _ in range(steps):
            step: Callable[[], None] = self.dice.choice(
                [self.asks, self.asks, self.speaks, self.leaves, self.comes_in]
            )
            # What fails is no matter here; who one is, is.
            with contextlib.suppress(*FAULTY, KeyError, ValueError):
                step()
            if not self.token:
                with contextlib.suppress(*FAULTY, KeyError, ValueError):
                    self.comes_in()
        self.http.close()


def kill_now_and_then(server: Server, over: threading.Event, every: float) -> None:
    dice = random.Random(7)
    while not over.wait(every):
        with contextlib.suppress(OSError, IndexError, AssertionError):
            server.kill_worker(dice.randrange(server.workers))


@pytest.mark.redis
@pytest.mark.postgres
@pytest.mark.parametrize(
    ("people", "steps", "every"),
    [
        pytest.param(8, 8, 2.0, id="short"),
        pytest.param(
            32, 150, 5.0, id="long", marks=[pytest.mark.faults, pytest.mark.timeout(1200)]
        ),
    ],
)
def test_who_one_is_never_changes_through_faults(
    runtime: str,
    tmp_path: Any,
    shared_redis: Any,
    postgres: Any,
    people: int,
    steps: int,
    every: float,
) -> None:
    server = Server(
        tmp_path,
        runtime=runtime,
        workers=3,
        redis_url=shared_redis.url,
        database_url=postgres.new_database(),
    ).start()
    seen: dict[str, Any] = {}
    walkers = [Somebody(server, number, seen) for number in range(people)]
    over = threading.Event()
    killer = threading.Thread(target=kill_now_and_then, args=(server, over, every))
    killer.start()
    try:
        with ThreadPoolExecutor(people) as pool:
            for done in [pool.submit(each.walk, steps) for each in walkers]:
                done.result()
    finally:
        over.set()
        killer.join()
    try:
        assert [wrong for each in walkers for wrong in each.wrong] == []
        # It was a test: people were asked who they are, and spoke, through the faults.
        assert sum(each.checked for each in walkers) >= people
        assert sum(each.said for each in walkers) >= people / 2
        eventually(lambda: server.is_ready(within=5) is None, within=60)
        reader = server.connect("Reader", timeout=20)
        found = 0
        for number in range(3):
            reader.join(f"identity-{number}")
            for message in reader.ok("history", {"room": f"identity-{number}", "limit": 100})[
                "messages"
            ]:
                if message["type"] == "text":
                    found += 1
                    assert (
                        message["body"]
                        == f"{message['sender']['name']} says so in identity-{number}"
                    )
        assert found
    finally:
        server.close()
