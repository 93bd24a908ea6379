"""Limits of rate: how often somebody may do something. Published in docs/operations.md.

Each worker counts for itself: with N workers a limit bites at the latest at N times its rate. What assistants are asked
costs money: `ai` and `ai_room` are counted in the database, for all workers (store.paces).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from chatapp import runtime
from chatapp.errors import ChatError


@dataclass(slots=True, frozen=True)
class Limit:
    """`burst` acts at once, then `per_minute` of them."""

    per_minute: float
    burst: int
    key: str  # what is counted apart from each other: address, person, name


LIMITS: dict[str, Limit] = {
    "guest": Limit(60, 100, "address"),
    "account": Limit(12, 20, "address"),
    "sign_in": Limit(10, 10, "name and address"),
    "sign_in_name": Limit(30, 50, "name"),
    "sign_in_address": Limit(30, 50, "address"),
    "connection": Limit(3_000, 500, "address"),
    "socket": Limit(60, 60, "person"),
    "offence": Limit(120, 30, "address"),
    "crowd": Limit(300, 20, "worker"),
    "page": Limit(600, 300, "address"),
    "event": Limit(3_000, 200, "person"),
    "message": Limit(600, 50, "person"),
    "change": Limit(600, 50, "person"),
    "rename": Limit(10, 10, "person"),
    "typing": Limit(240, 20, "person"),
    "ai": Limit(6, 6, "person"),
    "refused_admin": Limit(10, 20, "person"),
    "ai_room": Limit(20, 20, "room"),
    "assistant": Limit(20, 20, "person"),
    "csp_report": Limit(60, 60, "address"),
}

# What one may have at the same time, on each worker.
BOUNDS = {
    "sockets_of_person": 50,
    "sockets_without_person": 100,  # of an address: opened, and nobody has come in yet
}

CROWD_RETRY_S = 10.0

# A request of an address that goes on offending waits at most so long, in seconds. A proxy's or a browser's patience is longer.
MAX_WAIT_S = 3.0

# An address with more offences than these comes after others while there are many.
FEW = 2

# Keys remembered for one limit. Beyond, the one that was quiet for longest is forgotten, and most likely had its burst back.
MAX_KEYS = 50_000


class Limits:
    """Counts acts by kind and key.

    Of a key one number is kept: the time at which its burst is whole again. It lies at most one burst in the future.
    """

    def __init__(
        self, override: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`override`: acts a second that every limit allows instead of its own rate. `clock` counts seconds."""
        self._clock = clock
        self.bounds = BOUNDS if override is None else dict.fromkeys(BOUNDS, max(1, int(override)))
        self.on_crowd: Callable[[], None] = lambda: None
        self._crowd_until = 0.0
        self._whole_at: dict[str, dict[str, float]] = {kind: {} for kind in LIMITS}
        # (seconds that one act costs, seconds that a burst may be ahead)
        self._pace: dict[str, tuple[float, float]] = {}
        for kind, limit in LIMITS.items():
            cost = 60 / limit.per_minute if override is None else 1 / override
            burst = limit.burst if override is None else max(1, int(override))
            self._pace[kind] = (cost, cost * burst)

    def room_for(self, kind: str, there: int) -> None:
        """Raises ChatError `rate_limited` when `there` are as many as may be at the same time."""
        if there >= self.bounds[kind]:
            raise ChatError("rate_limited", "Too many connections at the same time.", CROWD_RETRY_S)

    def pace(self, kind: str) -> tuple[float, float]:
        """(seconds that one act costs, seconds that a burst may be ahead) of a limit that is counted elsewhere."""
        return self._pace[kind]

    def check(self, kind: str, key: str, count: int = 1) -> None:
        """Count an act, or one that weighs as many. Raises ChatError `rate_limited` with `retry_after`; a refused act does not
        count."""
        cost, ahead = self._pace[kind]
        cost *= count
        keys = self._whole_at[kind]
        now = self._clock()
        with runtime.turn:
            # Taken out and put back: so the dict's order is that of the latest use.
            whole_at = max(keys.pop(key, now), now) + cost
            wait = whole_at - now - ahead
            # The sums are of floats: a millionth of a second is not a refusal.
            keys[key] = whole_at if wait <= 1e-6 else whole_at - cost
            if len(keys) > MAX_KEYS:
                del keys[next(iter(keys))]
        if wait > 1e-6:
            raise ChatError("rate_limited", "Too many in too short a time.", round(wait + 0.05, 1))

    def offend(self, address: str) -> None:
        """Count one act that was refused, whatever it was: beyond the burst the address's next ones wait."""
        cost, ahead = self._pace["offence"]
        keys = self._whole_at["offence"]
        now = self._clock()
        with runtime.turn:
            whole_at = max(keys.pop(address, now), now) + cost
            keys[address] = min(whole_at, now + ahead + MAX_WAIT_S)
            if len(keys) > MAX_KEYS:
                del keys[next(iter(keys))]
            cost, ahead = self._pace["crowd"]
            self._crowd_until = max(self._crowd_until, now) + cost
            crowd = self._crowd_until - now > ahead + 1e-6
            self._crowd_until = min(self._crowd_until, now + ahead)
        if crowd:
            self.on_crowd()

    def offends(self, address: str) -> bool:
        """Whether requests of the address were refused lately, more than a few."""
        whole_at = self._whole_at["offence"].get(address)
        if whole_at is None:
            return False
        cost, _ahead = self._pace["offence"]
        return whole_at - self._clock() > FEW * cost

    def penance(self, address: str) -> float:
        """How long a request of the address waits, in seconds: 0 for nearly all."""
        whole_at = self._whole_at["offence"].get(address)
        if whole_at is None:
            return 0.0
        return max(0.0, whole_at - self._clock() - self._pace["offence"][1])
