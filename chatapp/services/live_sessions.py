"""Live sockets of sessions that ended: wherever a session is signed out, its connections end within two seconds.

Where the word of it is lost and a clock is wrong as well, within ROUNDS of its looks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from chatapp import runtime
from chatapp.clock import now_ms
from chatapp.payloads import SessionRevoked
from chatapp.realtime import frames
from chatapp.realtime.connection import Connection
from chatapp.realtime.control import Control
from chatapp.realtime.fanout import Fanout

from .people import People

log = logging.getLogger("chatapp.services")

EVERY_S = 1.0
# In so many rounds all sessions of this worker are looked up, whatever the clocks of other workers said: a part in each, for
# ten thousand at once would hold up everybody for tens of milliseconds.
ROUNDS = 10
# Revocations are asked for this far back: a commit may become visible after its time stamp.
OVERLAP_MS = 5_000


class LiveSessions:
    """Ends connections whose session was revoked here, on another worker, or has run out."""

    def __init__(self, people: People, fanout: Fanout, control: Control) -> None:
        self._people, self._fanout, self._control = people, fanout, control
        self._running = False
        #: sends a DISCONNECT and closes; given by create_app
        self.end: Callable[[Connection], None]
        people.revoked.subscribe(self._revoked_here)
        control.on("revoke_session", self._revoked_elsewhere)

    def start(self) -> None:
        """Begin to look once a second for what a lost command did not say."""
        self._running = True
        runtime.spawn(self._watch)

    def stop(self) -> None:
        self._running = False

    def _revoked_here(self, revoked: tuple[str, str]) -> None:
        session_id, reason = revoked
        self._control.tell("revoke_session", session_id=session_id, reason=reason)
        self._end(session_id, reason)

    def _revoked_elsewhere(self, fields: dict[str, Any]) -> None:
        self._end(str(fields.get("session_id")), str(fields.get("reason")))

    def _end(self, session_id: str, reason: str) -> None:
        for conn in list(self._fanout.connections(f"session:{session_id}")):
            self._end_one(conn, reason)

    def _end_one(self, conn: Connection, reason: str) -> None:
        payload = msgspec.json.encode(SessionRevoked(reason))  # type: ignore[arg-type]
        self._fanout.send_to(conn, frames.event("session_revoked", payload))
        self.end(conn)

    def _watch(self) -> None:
        since, rounds = now_ms() - OVERLAP_MS, 0
        while self._running:
            runtime.sleep(EVERY_S)
            now = now_ms()
            rounds += 1
            try:
                self._look(since, now, rounds % ROUNDS)
            except Exception:
                log.warning("live sessions could not be looked after; trying on", exc_info=True)
                continue
            since = now - OVERLAP_MS

    def _look(self, since: int, now: int, part: int) -> None:
        for session_id, reason in self._people.revoked_since(since):
            self._end(session_id, reason)
        # An expiry moves on while the session is used or refreshed; what stands here is from the latest look.
        due = [
            conn
            for conn in self._fanout.everyone()
            if conn.data <= now or hash(conn.session_id) % ROUNDS == part
        ]
        gone, good = self._people.ended({conn.session_id for conn in due})
        for session_id, reason in gone:
            self._end(session_id, reason)
        for conn in due:
            conn.data = good.get(conn.session_id, conn.data)
