"""Ending answers for somebody: here, at the worker that writes them, or over its head; with all that was shown of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.ids import message_id
from chatapp.payloads import User
from chatapp.store import run_rows
from chatapp.store.run_jobs import EndRun, over
from chatapp.store.run_rows import Ending, RunRow

from .runs import Runs
from .spending import Purse

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

log = logging.getLogger("chatapp.assistant")

REMOTE_STOP_S = (
    1.0  # for another worker to stop what it writes; after that it is closed over its head
)


class Stops:
    """One per worker: ends answers, and hears from other workers what they want ended."""

    def __init__(self, chat: Chat, runs: Runs, purse: Purse) -> None:
        self._chat, self._runs, self._purse = chat, runs, purse
        self._awaited: dict[tuple[int, int, int], runtime.Event] = {}
        chat.control.on("stop_run", self._stop_for_another)
        chat.control.on("run_over", self._over_elsewhere)

    def end(self, run: RunRow, user: User) -> None:
        """End an answer in the user's name, and wait until it has ended. Raises `conflict` when it is over already."""
        how = Ending("stopped", stopped_by=user.id)
        mine = self._runs.find(run.room_id, run.seq)
        if mine is not None and mine.claim.attempt == run.attempt:
            if not mine.end(how):
                raise over()
            mine.ended.wait()
            return
        if run.state != "queued" and self._stopped_by_owner(run, user):
            return
        # It waits for its turn, or its worker does not answer: its late word will be refused.
        text = self._chat.streams.text(run.room_id, message_id(run.room_id, run.seq), run.attempt)
        job = EndRun(
            run.room_id,
            run.seq,
            run.attempt,
            replace(how, text=text),
            self._runs.owner,
            self._purse.terms,
        )
        self._runs.carry_on(self._chat.writer.run(job))
        self._tell("run_over", run.room_id, run.seq, run.attempt)

    def silence(self, user: User, assistant_id: str, room_ids: Sequence[int]) -> None:
        """An assistant is about to leave rooms: end all that it writes or is to write there, and wait until that is done.

        Whoever removes it has the right to. What cannot be ended so, or begins meanwhile, ends with the removal itself,
        by what was saved of it.
        """
        with self._chat.db.snapshot() as db:
            active = run_rows.active_of(db, assistant_id)
        here = [run for run in active if run.room_id in room_ids]
        # The last one first, and those that wait before those that are written: so none begins for another's end.
        for run in reversed([run for run in here if run.state == "queued"]):
            self._try_to_end(run, user)
        written = [run for run in here if run.state != "queued"]
        # At one time, since each may wait for a worker that does not answer.
        for task in [runtime.spawn(self._try_to_end, run, user) for run in written]:
            task.join()

    def _try_to_end(self, run: RunRow, user: User) -> None:
        try:
            self.end(run, user)
        except ChatError as refusal:
            if refusal.code != "conflict":
                log.warning("the answer %d-%d ends with what was saved of it", run.room_id, run.seq)

    def _stopped_by_owner(self, run: RunRow, user: User) -> bool:
        if self._chat.settings.redis_url is None:
            return False
        key = (run.room_id, run.seq, run.attempt)
        with runtime.turn:
            ended = self._awaited.setdefault(key, runtime.Event())
        self._tell("stop_run", *key, by=user.id)
        answered = ended.wait(REMOTE_STOP_S)
        self._awaited.pop(key, None)
        return answered

    def _tell(self, do: str, room_id: int, seq: int, attempt: int, **more: Any) -> None:
        self._chat.control.tell(do, room_id=room_id, seq=seq, attempt=attempt, **more)

    def _stop_for_another(self, fields: dict[str, Any]) -> None:
        key = (fields["room_id"], fields["seq"], fields["attempt"])
        run = self._runs.find(*key[:2])
        if run is not None and run.claim.attempt == key[2]:
            run.end(Ending("stopped", stopped_by=fields["by"]))
            run.ended.on_done(lambda _message, _error: self._tell("run_over", *key))

    def _over_elsewhere(self, fields: dict[str, Any]) -> None:
        key = (fields["room_id"], fields["seq"], fields["attempt"])
        if (waiting := self._awaited.get(key)) is not None:
            waiting.set()
        run = self._runs.find(*key[:2])
        if run is not None and run.claim.attempt == key[2]:
            run.lost()
