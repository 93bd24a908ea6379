"""What a worker keeps in Redis so that the others know who is where, and how they learn that it is dead.

    <prefix>:workers              sorted set: worker -> when its lease ends, by the clock of Redis
    <prefix>:<room>:<worker>      hash: person -> JSON of the user; "" -> version of this share

A worker that dies takes all of its people with it when its lease ends. A share lasts a little longer than the pause between
two refreshes, so that nothing is left behind; a refresh costs one command a room and worker, whoever is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from redis.exceptions import RedisError

from chatapp.payloads import User

from .shares import Share

LEASE_MS = 30_000
SHARE_MS = 45_000
TIMEOUT_SECONDS = 1.0
PIPELINE = 500  # commands sent together
_VERSION = b""

_SIGN = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lost = redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return {lost, redis.call('ZRANGE', KEYS[1], 0, -1)}
"""

_user = msgspec.json.Decoder(User)

# What was unreachable or nonsense: all that a caller needs to know is that Redis did not help.
Away = (RedisError, OSError, msgspec.DecodeError)


class Change(NamedTuple):
    """Of this worker's share of a room, from version `prev` (0: nothing else is left of it) to `version`."""

    prev: int
    version: int
    people: Mapping[str, User | None]  # None: gone


class Leases:
    """The commands. Each may raise one of Away, within a second or so."""

    def __init__(self, connect: Callable[..., Any], prefix: str, worker: str) -> None:
        """`connect(**options)` makes a Redis client."""
        self._connect, self._prefix, self._worker = connect, prefix, worker
        self._client: Any = None

    def sign(self, lease_ms: int | None = None) -> tuple[bool, set[str]]:
        """Renew this worker's lease, for LEASE_MS if nothing is said: (it was not there any more, whose leases last)."""
        lost, workers = self._redis.eval(
            _SIGN, 1, f"{self._prefix}:workers", self._worker, lease_ms or LEASE_MS
        )
        return bool(lost), {name.decode() for name in workers}

    def write(self, changes: Mapping[int, Change]) -> None:
        """Change this worker's shares of rooms."""
        commands: list[tuple[Any, ...]] = []
        for room_id, (prev, version, people) in changes.items():
            key = self._share(room_id, self._worker)
            came = {user_id: msgspec.json.encode(user) for user_id, user in people.items() if user}
            went = [user_id for user_id, user in people.items() if not user]
            if not prev:
                commands.append(("DEL", key))
            elif went:
                commands.append(("HDEL", key, *went))
            fields = [part for field in came.items() for part in field]
            commands.append(("HSET", key, _VERSION, version, *fields))
            commands.append(("PEXPIRE", key, SHARE_MS))
        self._run(commands)

    def refresh(self, room_ids: Collection[int]) -> list[int]:
        """Prolong this worker's shares of rooms; returns those that Redis does not have any more."""
        commands = [("PEXPIRE", self._share(room, self._worker), SHARE_MS) for room in room_ids]
        return [room for room, kept in zip(room_ids, self._run(commands), strict=True) if not kept]

    def read(
        self, room_ids: Collection[int], workers: Iterable[str]
    ) -> Iterator[tuple[int, str, Share | None]]:
        """(room, worker, share or None) for each of the rooms and workers."""
        wanted = [(room, worker) for room in room_ids for worker in workers]
        found = self._run([("HGETALL", self._share(*each)) for each in wanted])
        for (room_id, worker), fields in zip(wanted, found, strict=True):
            yield room_id, worker, _decode(fields)

    def versions(self, wanted: Collection[tuple[int, str]]) -> list[int | None]:
        """The version of each (room, worker) share, None where there is none."""
        found = self._run([("HGET", self._share(*each), _VERSION) for each in wanted])
        return [None if version is None else int(version) for version in found]

    def forget(self) -> None:
        """Connect anew at the next command."""
        self._client = None

    def _run(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        answers: list[Any] = []
        for start in range(0, len(commands), PIPELINE):
            with self._redis.pipeline(transaction=False) as pipe:
                for command in commands[start : start + PIPELINE]:
                    pipe.execute_command(*command)
                answers += pipe.execute()
        return answers

    @property
    def _redis(self) -> Any:
        if self._client is None:
            self._client = self._connect(
                socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
            )
        return self._client

    def _share(self, room_id: int, worker: str) -> str:
        return f"{self._prefix}:{room_id}:{worker}"


def _decode(fields: dict[bytes, bytes]) -> Share | None:
    version = fields.pop(_VERSION, None)
    if version is None:
        return None
    people = {name.decode(): _user.decode(user) for name, user in fields.items()}
    return Share(int(version), people)
