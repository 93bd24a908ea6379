"""Passwords: hashed by Argon2id off the loop, one at a time (it takes about 40 ms and 19 MB)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chatapp import runtime
from chatapp.errors import ChatError

MIN_LENGTH, MAX_LENGTH = 8, 200
THREADS, BACKLOG = 1, 16
BUSY_RETRY_S = 2.0
# Messages come first: hashing takes what the loop leaves of the processor.
NICE = 19

R = TypeVar("R")

# OWASP's first choice for Argon2id. One lane: more are threads of the processor, which here is the loop's.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def _of_nobody() -> str:
    """A hash that no password has, and that costs as much to check as any other."""
    salt, digest = (base64.b64encode(bytes(n)).decode().rstrip("=") for n in (16, 32))
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


class Passwords:
    """Hashes and verifies; the calling task waits, the loop does not."""

    def __init__(self) -> None:
        self._pool = runtime.Pool(THREADS, BACKLOG, NICE)
        self._nobody = _of_nobody()

    def hash(self, password: str) -> str:
        """Raises ChatError `bad_request` for a length that is not allowed, `overloaded` when too many wait."""
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            raise ChatError(
                "bad_request", f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters."
            )
        return self._run(_hasher.hash, password)

    def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password. Without a hash (no such account) the answer is no, and takes as long."""
        fits = self._run(_verify, password[: MAX_LENGTH + 1], password_hash or self._nobody)
        return fits and password_hash is not None

    def _run(self, fn: Callable[..., R], *args: str) -> R:
        try:
            return self._pool.run(fn, *args)
        except runtime.PoolFull:
            raise ChatError("overloaded", "Too many are signing in.", BUSY_RETRY_S) from None


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
