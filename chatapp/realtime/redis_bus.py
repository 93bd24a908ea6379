"""The bus between workers over Redis: one task publishes, one listens. Nothing here keeps a caller waiting."""

from __future__ import annotations

import logging
import os
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from redis.exceptions import RedisError

from chatapp import runtime

from .bus import (
    COMMANDS,
    HOST_BYTES,
    Handler,
    Kind,
    decode_message,
    encode_message,
    encode_record,
    is_ours,
    sender,
)

log = logging.getLogger("chatapp.bus")

# What may wait for Redis. Beyond it hints are dropped (the database heals what they would have said); commands are few, and
# only dropped beyond their own limit.
QUEUE_RECORDS = 20_000
QUEUE_BYTES = 16 * 1024 * 1024
QUEUE_COMMANDS = 2_000
MESSAGE_BYTES = 256 * 1024  # records published together
PUBLISH_SECONDS = 1.0  # how long Redis may take
RETRY_SECONDS = (0.1, 2.0)  # the first and the longest pause before another try
CANARY_SECONDS = 2.0  # so often the publisher says something …
SILENCE_SECONDS = 6.0  # … and after so long without hearing it the listener connects anew
# Once Redis is back, the other workers' listeners may take this long to be there: commands are said again after it.
RETURN_SECONDS = 3.0

Connect = Callable[..., Any]


class RedisBus:
    """See bus.Bus. `connect(**options)` makes a Redis client.

    While Redis does not answer, hints are dropped at once and counted in `dropped`; commands wait.
    """

    listened = True

    def __init__(self, connect: Connect, channel: str) -> None:
        self._connect, self.channel = connect, channel
        self.host = os.urandom(HOST_BYTES)
        self.dropped = 0
        self._handlers: dict[int, Handler] = {}
        self._resubscribed: list[Callable[[], None]] = []
        self._heard_again: list[Callable[[], None]] = []
        self._hints: deque[bytes] = deque()
        self._hint_bytes = 0
        self._commands: deque[bytes] = deque()
        self._again: deque[bytes] = deque(maxlen=QUEUE_COMMANDS)
        self._all_back_at: float | None = None  # of the monotonic clock; None: nobody was away
        self._texts: deque[bytes] = deque(maxlen=QUEUE_COMMANDS)  # messages of python-socketio
        self._wake = runtime.Event()
        self._away = self._stopped = False

    def publish(self, kind: Kind, key: str, body: bytes) -> None:
        record = encode_record(kind, key, body)
        with runtime.turn:
            if kind in COMMANDS and len(self._commands) < QUEUE_COMMANDS:
                self._commands.append(record)
            elif self._away or (
                len(self._hints) >= QUEUE_RECORDS or self._hint_bytes >= QUEUE_BYTES
            ):
                self.dropped += 1
                return
            else:
                self._hints.append(record)
                self._hint_bytes += len(record)
        self._wake.set()

    def publish_text(self, data: bytes) -> None:
        """Publish a message of another format on the same channel."""
        self._texts.append(data)
        self._wake.set()

    def on(self, kind: Kind, handler: Handler) -> None:
        self._handlers[kind] = handler

    def on_resubscribed(self, callback: Callable[[], None]) -> None:
        self._resubscribed.append(callback)

    def on_published_again(self, callback: Callable[[], None]) -> None:
        self._heard_again.append(callback)

    # — publishing ————————————————————————————————————————————————————————————————————————————————————————————————————

    def start(self) -> None:
        """Begin to publish."""
        runtime.spawn(self._publish)

    def stop(self) -> None:
        """Both tasks end soon. What waits is not published any more."""
        self._stopped = True
        self._wake.set()

    def _publish(self) -> None:
        client, pauses, spoken = None, _Pauses(), 0.0
        while not self._stopped:
            self._wake.wait(CANARY_SECONDS)
            self._wake.clear()
            hints: list[bytes] = []
            commands: list[bytes] = []
            try:
                if client is None:
                    client = self._connect(
                        socket_timeout=PUBLISH_SECONDS, socket_connect_timeout=PUBLISH_SECONDS
                    )
                while self._texts:
                    client.publish(self.channel, self._texts.popleft())
                while True:
                    commands, hints = self._take()
                    records = commands + hints
                    if not records and time.monotonic() - spoken < CANARY_SECONDS:
                        break
                    client.publish(self.channel, encode_message(self.host, records))
                    spoken = time.monotonic()
                    self._published(commands)
                pauses.over()
            except (RedisError, OSError) as error:
                if pauses.first:
                    log.warning("Redis does not take what is published; trying on (%s)", error)
                self._redis_is_away(commands, hints)
                _close(client)
                client = None
                pauses.pause()
        _close(client)

    def _take(self) -> tuple[list[bytes], list[bytes]]:
        """(commands, hints) for one message: commands first."""
        with runtime.turn:
            commands, hints, size = [], [], 0
            while self._commands and size < MESSAGE_BYTES:
                commands.append(self._commands.popleft())
                size += len(commands[-1])
            while self._hints and size < MESSAGE_BYTES:
                hints.append(self._hints.popleft())
                size += len(hints[-1])
                self._hint_bytes -= len(hints[-1])
            return commands, hints

    def _published(self, commands: list[bytes]) -> None:
        with runtime.turn:
            if self._away:
                self._away = False
                self._all_back_at = time.monotonic() + RETURN_SECONDS
                for callback in self._heard_again:
                    callback()
            if self._all_back_at is None:
                return
            self._again += commands
            if time.monotonic() >= self._all_back_at:
                self._commands += self._again
                self._again.clear()
                self._all_back_at = None

    def _redis_is_away(self, commands: list[bytes], hints: list[bytes]) -> None:
        """What was in flight may have arrived: a command may come twice, a hint is not worth repeating."""
        with runtime.turn:
            self._away = True
            self._commands.extendleft(reversed(commands))
            self.dropped += len(hints) + len(self._hints)
            self._hints.clear()
            self._hint_bytes = 0
            self._wake.set()

    # — listening —————————————————————————————————————————————————————————————————————————————————————————————————————

    def listen(self) -> Iterator[bytes]:
        """What comes on the channel in another format; what is the bus's own is handled on the way."""
        pauses = _Pauses()
        while not self._stopped:
            client = subscription = None
            try:
                # The time-out is for connecting: get_message() has its own, and a listener may hear nothing for long.
                client = self._connect(
                    socket_timeout=SILENCE_SECONDS,
                    socket_connect_timeout=PUBLISH_SECONDS,
                    socket_keepalive=True,
                )
                subscription = client.pubsub()
                subscription.subscribe(self.channel)
                for data in self._receive(subscription):
                    pauses.over()
                    if not is_ours(data):
                        yield data
                    elif sender(data) != self.host:
                        self._deliver(data)
            except (RedisError, OSError) as error:
                if pauses.first:
                    log.warning("Redis is away; trying on (%s)", error)
            except Exception:
                log.exception("listening to Redis failed; trying on")
            _close(subscription)
            _close(client)
            pauses.pause()

    def _receive(self, subscription: Any) -> Iterator[bytes]:
        """Data of messages, until nothing is heard for too long: not even what this worker says itself."""
        while message := subscription.get_message(timeout=SILENCE_SECONDS):
            if self._stopped:
                return
            if message["type"] == "subscribe":
                with runtime.turn:
                    for callback in self._resubscribed:
                        callback()
            elif message["type"] == "message" and isinstance(message["data"], bytes):
                yield message["data"]
        log.warning("nothing is heard from Redis; connecting anew")

    def _deliver(self, data: bytes) -> None:
        for kind, key, body in decode_message(data):
            handler = self._handlers.get(kind)
            if handler is None:
                continue
            try:
                with runtime.turn:
                    handler(key, body)
            except Exception:
                log.exception("what another worker said could not be handled (kind %d)", kind)


class _Pauses:
    """Between attempts: longer each time, up to a limit, and not the same for all workers."""

    def __init__(self) -> None:
        self._next = RETRY_SECONDS[0]

    @property
    def first(self) -> bool:
        return self._next == RETRY_SECONDS[0]

    def pause(self) -> None:
        runtime.sleep(self._next * random.uniform(0.5, 1.0))
        self._next = min(self._next * 2, RETRY_SECONDS[1])

    def over(self) -> None:
        self._next = RETRY_SECONDS[0]


def _close(connection: Any) -> None:
    if connection is not None:
        try:
            connection.close()
        except (RedisError, OSError):
            pass
