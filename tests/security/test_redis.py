"""Whoever can write to Redis can disturb the hints of workers, and can run nothing in them."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.support.redis import RedisServer
from tests.support.server import Server


class Touch:
    """Pickled, it makes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.redis
def test_a_pickle_in_redis_is_not_opened(
    redis_server: RedisServer, runtime: str, tmp_path: Path, room: str
) -> None:
    server = Server(tmp_path / "server", runtime=runtime, redis_url=redis_server.url, workers=2)
    trap = tmp_path / "trap"
    pickle.loads(pickle.dumps(Touch(trap)))
    assert trap.is_dir()  # so it would work
    trap.rmdir()
    server.start()
    with redis.Redis.from_url(redis_server.url) as client:
        channels = client.pubsub_channels()
        assert channels
        for channel in [*channels, b"flask-socketio", b"socketio"]:
            for payload in (Touch(trap), {"method": "emit", "event": Touch(trap)}):
                client.publish(channel, pickle.dumps(payload))
        sockets = [server.connect(f"Somebody {number}") for number in range(4)]
        for each in sockets:
            each.join(room)
        sockets[0].send(room, "after all that")
        for each in sockets:
            each.sees("message", body="after all that")
    assert not trap.exists()
    server.close()
