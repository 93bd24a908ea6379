"""Buses in memory and over a real Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis

from chatapp.realtime.bus import Bus, MemoryBus
from chatapp.realtime.redis_bus import RedisBus
from tests.support.redis import RedisServer

from .workers import Listening

CHANNEL = "chatapp:0"


@pytest.fixture
def connect() -> Iterator[Callable[[str], RedisBus]]:
    """Makes a bus over the Redis at a URL, which listens already."""
    buses: list[RedisBus] = []

    def make(url: str) -> RedisBus:
        bus = RedisBus(lambda **options: redis.Redis.from_url(url, **options), CHANNEL)
        buses.append(bus)
        Listening(bus)
        return bus

    yield make
    for bus in buses:
        bus.stop()


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def buses(request: pytest.FixtureRequest, connect: Callable[[str], RedisBus]) -> tuple[Bus, Bus]:
    """The buses of two workers."""
    if request.param == "memory":
        one, other = MemoryBus(), MemoryBus()
        one.link(other)
        return one, other
    server: RedisServer = request.getfixturevalue("redis_server")
    return connect(server.url), connect(server.url)
