"""Redis as the message queue: python-socketio's own manager, with our bus on the same channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import socketio
from socketio.redis_manager import parse_redis_sentinel_url

from .overrides import FanoutManager
from .redis_bus import RedisBus

DATABASE_DEFAULT = "0"


class ChatRedisManager(socketio.RedisManager, FanoutManager):  # type: ignore[misc]
    """The client manager of an installation with several workers.

    What python-socketio publishes itself (an emit from elsewhere, a disconnect) goes its way, as JSON; rooms of /chat use
    the bus. The original is deaf for up to 60 s after a lost connection and freezes for 10 s on a publish: connecting,
    listening and publishing are the bus's here. Nothing is ever unpickled, and what is neither is passed over.
    """

    def __init__(self, url: str) -> None:
        # Valkey speaks the same protocol: one client library, and one kind of errors, for both.
        url = url.replace("valkey", "redis", 1) if url.startswith("valkey") else url
        super().__init__(url, channel=f"chatapp:{database(url)}")
        self.bus = RedisBus(self.client, self.channel)

    def client(self, **options: Any) -> Any:
        """A Redis client of the installation's URL: redis, rediss, valkey, unix, or by way of sentinels."""
        module = self._get_redis_module()
        if urlsplit(self.redis_url).scheme.endswith("+sentinel"):
            sentinels, service, more = parse_redis_sentinel_url(self.redis_url)
            sentinel = module.sentinel.Sentinel(sentinels, **{**options, **more})
            return sentinel.master_for(service or self.channel)
        if self.redis_url.startswith("unix:"):
            options.pop("socket_keepalive", None)  # a socket in the file system has none
        return module.Redis.from_url(self.redis_url, **options)

    def initialize(self) -> None:
        super().initialize()
        self.bus.start()

    def _publish(self, data: dict[str, Any]) -> None:
        self.bus.publish_text(self.json.dumps(data).encode())

    def _listen(self) -> Iterator[dict[str, Any]]:
        """The original stops listening when it meets JSON that is no object: only its own messages get there."""
        for data in self.bus.listen():
            try:
                message = self.json.loads(data)
            except (ValueError, RecursionError):
                continue
            if isinstance(message, dict) and "method" in message:
                yield message


def database(url: str) -> str:
    """The number of the Redis database, by which installations that share a server are kept apart: channels are not."""
    if url.startswith("unix:"):
        query = dict(part.partition("=")[::2] for part in urlsplit(url).query.split("&"))
        return query.get("db", DATABASE_DEFAULT)
    return urlsplit(url).path.strip("/").split("/")[0] or DATABASE_DEFAULT
