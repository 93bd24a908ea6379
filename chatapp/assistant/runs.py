"""The answers that this worker writes, and its part in seeing that every answer ends."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.ids import message_id, new_id
from chatapp.payloads import Message
from chatapp.services.subscribers import Subscribers
from chatapp.store import run_leases
from chatapp.store.members import MemberChange
from chatapp.store.run_jobs import Ended
from chatapp.store.run_leases import ReleaseLeases, RenewLeases, TakeOver
from chatapp.store.run_rows import Claim, Ending, Place

from .handiwork import Approvals
from .providers import Providers
from .run import Run
from .saving import Saves
from .spending import Purse

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

log = logging.getLogger("chatapp.assistant")

SWEEP_S = 5.0
MOVED_UP = 32  # answers that are begun before the line is looked at again


class Runs:
    """One per worker. `owner` names it for the leases, this process and no other."""

    def __init__(
        self, chat: Chat, providers: Providers, purse: Purse, approvals: Approvals
    ) -> None:
        self.owner = new_id()
        #: told on the loop when an answer has ended here: what was carried out, and its message
        self.ended: Subscribers[tuple[Claim, Message]] = Subscribers()
        self._chat, self._providers, self._purse = chat, providers, purse
        self._approvals, self._saves = approvals, Saves(chat.writer)
        self._moving_up = False
        self._live: dict[Place, Run] = {}
        self._wake = runtime.Event()
        self._running = self._stopping = False
        # With one process on SQLite whoever wrote before it started is gone, whatever its lease says.
        self._alone = chat.settings.redis_url is None and chat.settings.sqlite_path is not None
        chat.control.on("runs_released", lambda _fields: self._wake.set())
        chat.rooms.member_changed.subscribe(self._left)
        if chat.settings.redis_url is not None:
            chat.streams.elsewhere = self._elsewhere

    def start(self) -> None:
        """Begin to look after leases, this worker's own and those of others."""
        self._running = True
        runtime.spawn(self._watch)

    def stop(self, deadline: float) -> None:
        """The worker stops: end what shows text, and leave the rest to the others. `deadline`: of time.monotonic()."""
        self._running, self._stopping = False, True
        self._wake.set()
        with runtime.turn:
            live = list(self._live.values())
        writing = [run for run in live if run.text and run.end(_CUT)]
        for run in live:
            run.lost()
        for run in writing:
            try:
                run.ended.wait(max(0.0, deadline - time.monotonic()))
            except ChatError:
                log.warning("an answer was left to be closed by the sweeper")
        try:
            left = max(0.0, deadline - time.monotonic())
            self._chat.writer.submit(ReleaseLeases(self.owner)).wait(left)
        except ChatError:
            return  # they run out by themselves
        self._chat.control.tell("runs_released")

    def carry_out(self, claims: Iterable[Claim]) -> None:
        """Begin the attempts that this worker was given. Does not wait."""
        if self._stopping:
            return  # their leases are released with the others
        for claim in claims:
            run = Run(
                self._chat,
                self._providers,
                self._purse,
                self._approvals,
                self._saves,
                claim,
                self._over,
            )
            with runtime.turn:
                self._live[run.place] = run
            run.start()

    def find(self, room_id: int, seq: int) -> Run | None:
        """The answer at this place, if it is this worker that writes it."""
        return self._live.get((room_id, seq))

    def _over(self, run: Run, ended: Ended | None) -> None:
        with runtime.turn:
            if self._live.get(run.place) is run:
                del self._live[run.place]
        if ended is not None:
            self.carry_on(ended)
            self.ended.publish((run.claim, ended.message))

    def carry_on(self, ended: Ended) -> None:
        """An answer has ended: begin what follows it, in its queue or anywhere. Does not wait."""
        self.carry_out(ended.claims)
        with runtime.turn:
            if ended.claims or self._moving_up or self._stopping:
                return
            self._moving_up = True
        runtime.spawn(self._move_up)

    def _move_up(self) -> None:
        """Begin the answers for which there is room, one after the other, in the order that is fair to who asked."""
        self._moving_up = False
        terms = self._purse.terms
        try:
            while True:
                with self._chat.db.snapshot() as db:
                    places = run_leases.in_line(db, MOVED_UP)
                began = 0
                for place in places:
                    claims = self._chat.writer.run(TakeOver([place], self.owner, terms=terms))
                    began += len(claims)
                    self.carry_out(claims)
                    if not claims and not began:
                        return  # there is no room, or another worker is faster
                if not began:
                    return
        except ChatError:
            log.warning("answers that wait could not be begun; the next round tries again")

    def _left(self, change: MemberChange) -> None:
        """An assistant's answers end as it leaves a room: whoever writes them looks at its leases now."""
        if change.user.kind == "assistant" and change.role is None:
            self._wake.set()
            self._chat.control.tell("runs_released")

    def _elsewhere(self, room_id: int) -> list[tuple[str, int]]:
        with self._chat.db.snapshot() as db:
            found = run_leases.elsewhere(db, room_id, self.owner)
        return [(message_id(room_id, seq), attempt) for seq, attempt in found]

    def _watch(self) -> None:
        alone, away = self._alone, False
        while self._running:
            try:
                self._renew()
                # While the database was away nobody could renew: a round is given to those who come back later.
                self._take_over(alone, sparing=away and not alone)
                alone = away = False
            except ChatError:
                away = True
                log.warning("leases of answers could not be looked after; trying on")
            except Exception:
                log.exception("leases of answers could not be looked after; trying on")
            self._wake.wait(SWEEP_S * random.uniform(0.8, 1.0))
            self._wake.clear()

    def _renew(self) -> None:
        with runtime.turn:
            live = list(self._live.values())
        if not live:
            return
        owned = self._chat.writer.run(RenewLeases(self.owner, [run.place for run in live]))
        for run in live:
            if (*run.place, run.claim.attempt) not in owned:
                run.lost()

    def _take_over(self, alone: bool, sparing: bool) -> None:
        with self._chat.db.snapshot() as db:
            places = run_leases.abandoned(db, self.owner if alone else None)
        if places and not sparing:
            log.info("taking care of %d abandoned answers", len(places))
            job = TakeOver(places, self.owner, alone, self._purse.terms)
            self.carry_out(self._chat.writer.run(job))
        self._move_up()


_CUT = Ending("interrupted", error="ai_incomplete")
