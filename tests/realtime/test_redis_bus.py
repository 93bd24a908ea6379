"""The bus over a real Redis that is restarted, stopped and given nonsense; and the manager around it."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import socketio

from chatapp import runtime
from chatapp.realtime import redis_bus
from chatapp.realtime.bus import (
    HOST_BYTES,
    MAGIC,
    Kind,
    decode_message,
    encode_message,
    encode_record,
)
from chatapp.realtime.redis_bus import RedisBus
from chatapp.realtime.redis_manager import ChatRedisManager, database
from tests.support.processes import Process, free_port, program
from tests.support.redis import RedisServer
from tests.support.waiting import eventually

from .conftest import CHANNEL

pytestmark = pytest.mark.redis

Connect = Callable[[str], RedisBus]


class Ear:
    """Hears one kind on a bus."""

    def __init__(self, bus: RedisBus, kind: Kind = Kind.HINT) -> None:
        self.heard: list[str] = []
        bus.on(kind, lambda key, _body: self.heard.append(key))

    def hears(self, *keys: str, within: float = 10.0) -> None:
        eventually(lambda: set(keys) <= set(self.heard), within=within, what=f"hears {keys}")


def until_it_arrives(bus: RedisBus, ear: Ear, key: str, *, within: float) -> None:
    """Hints are only hints: say it again until one arrives."""

    def said() -> bool:
        bus.publish(Kind.HINT, key, b"")
        return key in ear.heard

    eventually(said, within=within, what=f"{key} arrives")


def test_a_restart_of_redis_is_over_within_seconds(
    connect: Connect, redis_server: RedisServer
) -> None:
    here, there = connect(redis_server.url), connect(redis_server.url)
    ear = Ear(there)
    again: list[float] = []
    there.on_resubscribed(lambda: again.append(time.monotonic()))
    redis_server.restart()
    until_it_arrives(here, ear, "1", within=5)
    assert again, "the listener said that it may have missed something"


def test_a_command_waits_for_redis_and_a_hint_does_not(
    connect: Connect, redis_server: RedisServer
) -> None:
    here, there = connect(redis_server.url), connect(redis_server.url)
    commands, hints = Ear(there, Kind.CONTROL), Ear(there)
    redis_server.kill()

    def noticed() -> bool:
        here.publish(Kind.HINT, "lost", b"")
        return here.dropped > 0

    eventually(noticed, within=10, what="the publisher notices")
    here.publish(Kind.CONTROL, "revoke_session", b"{}")
    here.publish(Kind.HINT, "lost", b"")
    resubscribed = runtime.Event()
    there.on_resubscribed(resubscribed.set)
    redis_server.start()
    assert resubscribed.wait(10)
    commands.hears("revoke_session")
    until_it_arrives(here, hints, "1", within=5)
    assert "lost" not in hints.heard


def test_a_redis_that_stands_still_holds_up_nobody(
    connect: Connect, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "CANARY_SECONDS", 0.2)
    monkeypatch.setattr(redis_bus, "SILENCE_SECONDS", 1.0)
    here, there = connect(redis_server.url), connect(redis_server.url)
    ear = Ear(there)
    until_it_arrives(here, ear, "before", within=5)
    redis_server.stop()
    slowest = 0.0
    # Longer than the silence after which a listener connects anew.
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline:
        started = time.monotonic()
        here.publish(Kind.HINT, "during", b"x" * 1000)
        slowest = max(slowest, time.monotonic() - started)
        runtime.sleep(0.001)
    redis_server.cont()
    assert slowest < 1.0
    until_it_arrives(here, ear, "after", within=5)


def test_a_listener_that_hears_nothing_connects_anew(
    connect: Connect, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subscription that was lost on the way, though its connection looks alive."""
    monkeypatch.setattr(redis_bus, "CANARY_SECONDS", 0.2)
    monkeypatch.setattr(redis_bus, "SILENCE_SECONDS", 0.6)
    bus = connect(redis_server.url)
    again = runtime.Event()
    bus.on_resubscribed(again.set)
    with redis_server.client() as client:
        client.execute_command("CLIENT", "PAUSE", "1500", "WRITE")  # holds up PUBLISH, nothing else
    assert again.wait(10)
    until_it_arrives(connect(redis_server.url), Ear(bus), "1", within=5)


def test_what_waits_is_bounded(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_bus, "QUEUE_RECORDS", 10)
    monkeypatch.setattr(redis_bus, "QUEUE_COMMANDS", 5)
    bus = RedisBus(lambda **_options: redis.Redis(), CHANNEL)  # nothing publishes yet
    for number in range(100):
        bus.publish(Kind.HINT, str(number), b"")
    assert bus.dropped == 90
    for number in range(100):
        bus.publish(Kind.CONTROL, str(number), b"")
    assert bus.dropped == 90 + 95
    by_size = RedisBus(lambda **_options: redis.Redis(), CHANNEL)
    monkeypatch.setattr(redis_bus, "QUEUE_BYTES", 1_000)
    for _ in range(9):
        by_size.publish(Kind.HINT, "1", b"x" * 300)
    assert by_size.dropped == 5


def test_one_publish_carries_all_that_waits(redis_server: RedisServer) -> None:
    bus = RedisBus(lambda **options: redis.Redis.from_url(redis_server.url, **options), CHANNEL)
    with redis.Redis.from_url(redis_server.url) as client, client.pubsub() as listening:
        listening.subscribe(CHANNEL)
        assert listening.get_message(timeout=5)["type"] == "subscribe"
        for number in range(100):
            bus.publish(Kind.HINT, str(number), b"")
        bus.start()
        message = listening.get_message(timeout=5)
        assert [key for _, key, _ in decode_message(message["data"])] == list(map(str, range(100)))
    bus.stop()


NONSENSE = [
    b"",
    b"\xff\xfe",
    b"5",
    b"null",
    b'["method"]',
    b'{"method": "nobody knows"}',
    b"[" * 100_000,
    pickle.dumps({"method": "emit"}),
    bytes((MAGIC, 9)) + b"another version",
    bytes((MAGIC, 1)) + b"cut",
    encode_message(b"h" * HOST_BYTES, [b"\x01\x00\x05\x00\x00\xff\xffcut off"]),
    encode_message(b"h" * HOST_BYTES, [encode_record(200, "unknown kind", b"")]),
    encode_message(b"h" * HOST_BYTES, [encode_record(Kind.ROOM, "not handled", b"")]),
]


def test_nonsense_on_the_channel_is_passed_over(
    manager: Callable[[str], ChatRedisManager], redis_server: RedisServer
) -> None:
    here, there = manager(redis_server.url), manager(redis_server.url)
    subscriptions: list[int] = []
    there.bus.on_resubscribed(lambda: subscriptions.append(1))
    heard: list[str] = []

    def fails(key: str, _body: bytes) -> None:
        heard.append(key)
        raise ValueError(key)

    there.bus.on(Kind.HINT, fails)
    with redis.Redis.from_url(redis_server.url) as client:
        for data in NONSENSE:
            client.publish(here.channel, data)
    here.bus.publish(Kind.HINT, "first", b"")
    here.bus.publish(Kind.HINT, "second", b"")
    eventually(lambda: heard == ["first", "second"], what="what makes sense is heard")
    assert subscriptions == [], "it listened all the time"


# The manager around it


@pytest.fixture
def manager() -> Iterator[Callable[[str], ChatRedisManager]]:
    """Makes a manager with a Socket.IO server of its own, which listens already."""
    made: list[ChatRedisManager] = []

    def make(url: str) -> ChatRedisManager:
        manager = ChatRedisManager(url)
        made.append(manager)
        listens = runtime.Event()
        manager.bus.on_resubscribed(listens.set)
        manager.set_server(socketio.Server(async_mode="threading"))
        manager.initialize()
        assert listens.wait(10), "the manager listens"
        return manager

    yield make
    for each in made:
        each.bus.stop()


def test_what_python_socketio_publishes_itself_still_arrives(
    manager: Callable[[str], ChatRedisManager],
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emitted: list[dict[str, object]] = []
    monkeypatch.setattr(
        ChatRedisManager, "_handle_emit", lambda _self, message: emitted.append(message)
    )
    there = manager(redis_server.url)
    socketio.RedisManager(redis_server.url, channel=there.channel, write_only=True).emit(
        "hello", {"a": 1}, room="r"
    )
    eventually(lambda: emitted, what="it arrived")
    assert emitted[0]["event"] == "hello"
    with redis.Redis.from_url(redis_server.url) as client:
        client.publish(there.channel, json.dumps(emitted[0] | {"event": "again"}))
    eventually(lambda: emitted[-1]["event"] == "again", what="it goes on")


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("redis://localhost", "0"),
        ("redis://localhost:6379/3", "3"),
        ("valkey://user:password@localhost:6379/3?timeout=1", "3"),
        ("unix:///run/redis.sock?db=2", "2"),
        ("unix:///run/redis.sock", "0"),
        ("redis+sentinel://one:1,two:2/4/service", "4"),
    ],
)
def test_installations_are_kept_apart_by_their_database(url: str, number: str) -> None:
    assert database(url) == number


def talks(manager: Callable[[str], ChatRedisManager], url: str) -> None:
    here, there = manager(url), manager(url)
    heard: list[str] = []
    there.bus.on(Kind.CONTROL, lambda key, _body: heard.append(key))
    here.bus.publish(Kind.CONTROL, "hello", b"")
    eventually(lambda: heard == ["hello"], what=f"workers talk over {url}")


def test_workers_talk_over_a_valkey_url(
    manager: Callable[[str], ChatRedisManager], redis_server: RedisServer
) -> None:
    talks(manager, redis_server.url.replace("redis", "valkey", 1))


def test_workers_talk_over_a_unix_socket(
    manager: Callable[[str], ChatRedisManager], tmp_path: Path
) -> None:
    path = tmp_path / "redis.sock"
    server = Process(
        "redis",
        [program("redis-server", "/usr/sbin"), "--port", "0", "--unixsocket", path, "--save", ""],
        log=tmp_path / "redis.log",
    )
    try:
        eventually(path.exists, within=10, what="Redis listens")
        talks(manager, f"unix://{path}?db=1")
    finally:
        server.close()


def test_workers_talk_by_way_of_a_sentinel(
    manager: Callable[[str], ChatRedisManager], redis_server: RedisServer, tmp_path: Path
) -> None:
    port = free_port()
    config = tmp_path / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\n"
        f"sentinel monitor chat 127.0.0.1 {redis_server.port} 1\n"
    )
    sentinel = Process(
        "sentinel",
        [program("redis-server", "/usr/sbin"), config, "--sentinel"],
        log=tmp_path / "sentinel.log",
    )

    def knows() -> bool:
        with redis.Redis(port=port) as client:
            return bool(client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "chat"))

    try:
        eventually(lambda: _answers(knows), within=10, what="the sentinel knows the master")
        talks(manager, f"redis+sentinel://127.0.0.1:{port}/0/chat")
    finally:
        sentinel.close()


def _answers(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except redis.RedisError:
        return False
