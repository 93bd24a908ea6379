"""Who offends again and again is served slowly: a refusal costs us more than it costs who provokes it.

Around the whole application, so that requests of Socket.IO are held up as well. Nobody is shut out for it: people who share
the address wait a moment for what they open meanwhile, and what is open already is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chatapp import runtime
from chatapp.runtime.forwarded import place
from chatapp.runtime.gate import gate
from chatapp.services.limits import Limits

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class Pace:
    """The application, at a pace that follows how its visitors behave."""

    def __init__(
        self,
        app: Application,
        limits: Limits,
        known: Callable[[dict[str, Any]], bool] = lambda _environ: False,
    ) -> None:
        """`known(environ)`: whether the request belongs to somebody who came in before, and behaves."""
        self._app, self._limits, self._known = app, limits, known

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        address = place(environ.get("REMOTE_ADDR", ""))
        wait = self._limits.penance(address)
        if wait:
            runtime.sleep(wait)
        if gate.narrow and not self._known(environ):
            gate.wait(address)

        def start(status: str, *more: Any) -> Any:
            if status.startswith("4"):
                self._limits.offend(address)
            return start_response(status, *more)

        return self._app(environ, start)
