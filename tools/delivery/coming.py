"""Somebody who is connected, and connects again when the connection breaks, as the protocol wants it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial

from .journal import Journal
from .outbox import RETRYABLE
from .wire import Address, LostError, RefusedError, Wire

FIRST_WAIT = (0.1, 0.5)
LONGEST_WAIT = 3.0

_connections = itertools.count(1)


class Coming(ABC):
    """One device of somebody who has an account."""

    def __init__(
        self, record: Journal, token: str, user_id: str, addresses: Sequence[Address]
    ) -> None:
        """`addresses` are tried in turn."""
        self.record, self.token, self.id = record, token, user_id
        self.wire: Wire | None = None
        self.connection = 0
        self.ended: str | None = None  # why it does not come back
        self.addresses, self._turn = list(addresses), 0
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._come_back: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_up(self) -> bool:
        """Connected, and all there."""
        return self._up.is_set()

    async def come(self) -> None:
        """Be connected until cancelled."""
        failures = 0
        while self.ended is None:
            self._down.clear()
            try:
                await self._connect()
                failures = 0
                self._up.set()
                await self._down.wait()
                self._up.clear()
            except LostError:
                failures += 1
            except RefusedError as error:
                self.record.refused(error.data.get("code") or "")
                if error.data.get("code") not in RETRYABLE:
                    self.ended = str(error)
                failures += 1
            if self.wire is not None:
                self.wire.abort("given up")
            self._turn += 1
            self.record.reconnections += 1
            wait = random.uniform(*FIRST_WAIT) * 2 ** min(failures, 3)
            if self._come_back is not None:
                wait, self._come_back = self._come_back, None
            await asyncio.sleep(min(wait, LONGEST_WAIT))

    def cut(self) -> None:
        """The connection breaks, without a word."""
        if self.wire is not None:
            self.wire.abort("cut")

    async def up(self) -> Wire:
        """The connection, once it is there. Raises LostError when it will never be."""
        while not self._up.is_set():
            if self.ended is not None:
                raise LostError(self.ended)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._up.wait(), 0.2)
        assert self.wire is not None
        return self.wire

    async def leave(self) -> None:
        """End everything."""
        self.ended = self.ended or "left"
        for task in self._tasks:
            task.cancel()
        if self.wire is not None:
            self.wire.abort("left")

    async def _connect(self) -> None:
        address = self.addresses[self._turn % len(self.addresses)]
        self.connection = connection = next(_connections)
        self.wire = await Wire.open(
            address,
            {"token": self.token, "protocol": 1},
            partial(self._hears, connection),
            partial(self._lost, connection),
        )
        await self._enter()

    def _hears(self, connection: int, frame: str) -> None:
        if connection == self.connection:
            self._heard(frame)

    def _lost(self, connection: int, why: str) -> None:
        if connection == self.connection:
            self._gone(why)
            self._up.clear()
            self._down.set()

    def _closing(self, retry_after: float) -> None:
        """The server said when to come back."""
        self._come_back = retry_after * random.uniform(1, 1.3)

    @abstractmethod
    async def _enter(self) -> None:
        """What is to be done on a new connection before one is all there. Raises LostError or RefusedError."""

    @abstractmethod
    def _heard(self, frame: str) -> None:
        """An event came."""

    @abstractmethod
    def _gone(self, why: str) -> None:
        """The connection has ended."""
