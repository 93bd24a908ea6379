"""What has come of this worker's answers is saved about once a second, many of them in one job."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.store.run_texts import Piece, SaveTexts
from chatapp.store.writer import Writer

if TYPE_CHECKING:
    from .run import Run

log = logging.getLogger("chatapp.assistant")

SAVE_EVERY_S = 1.0
# Moments in that time at which answers are saved: those of one moment go into one commit, and no moment has too many.
SAVE_MOMENTS = 8


class Saves:
    """One per worker. An answer has one save under way at a time: each piece begins where the one before it ended."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: dict[int, list[Run]] = {}  # by moment

    def grown(self, run: Run) -> None:
        """The text has grown: its first words are saved at once, what follows at the next moment. Does not wait."""
        with runtime.turn:
            if run.saving:
                return
            run.saving = True
            first, run.unsaved = run.unsaved, False
            if not first:
                self._wait(run)
        if first:
            self._save([run])

    def _wait(self, run: Run) -> None:
        moment = run.claim.room_id % SAVE_MOMENTS
        waiting = self._waiting.setdefault(moment, [])
        waiting.append(run)
        if len(waiting) == 1:
            runtime.call_later(_until(moment), self._come, moment)

    def _come(self, moment: int) -> None:
        with runtime.turn:
            runs = self._waiting.pop(moment, [])
        self._save(runs)

    def _save(self, runs: Sequence[Run]) -> None:
        with runtime.turn:
            runs = [run for run in runs if not run.over]
            pieces = [_piece(run) for run in runs]
        if not pieces:
            return
        try:
            self._writer.submit(SaveTexts(pieces)).on_done(partial(self._saved, runs, pieces))
        except ChatError as busy:
            self._saved(runs, pieces, None, busy)

    def _saved(
        self,
        runs: Sequence[Run],
        pieces: Sequence[Piece],
        over: set[tuple[int, int, int]] | None,
        error: Exception | None,
    ) -> None:
        if error is not None and not isinstance(error, ChatError):  # else it is known by now
            log.error("what %d answers have grown by was not saved", len(runs), exc_info=error)
        for run, piece in zip(runs, pieces, strict=True):
            if over is not None and piece.key in over:
                run.lost()
                continue
            with runtime.turn:
                if error is None:
                    run.saved = piece.start + len(piece.text)
                run.saving = False
            if len(run.text) > run.saved:
                self.grown(run)


def _piece(run: Run) -> Piece:
    claim = run.claim
    return Piece(claim.room_id, claim.seq, claim.attempt, run.saved, run.text[run.saved :])


def _until(moment: int) -> float:
    """Seconds until this moment comes next."""
    phase = moment * SAVE_EVERY_S / SAVE_MOMENTS
    return SAVE_EVERY_S - (time.monotonic() - phase) % SAVE_EVERY_S
