"""Epochs of rooms: random; another one than a client knows has it load the room afresh instead of going on by number."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.ids import new_id

from .audit import note
from .sql import Statement
from .tx import Tx

LENGTH = 12

# In the order in which everybody locks rooms.
_LOCK_ALL = Statement("SELECT 1", "SELECT id FROM rooms ORDER BY id FOR UPDATE")
_RENEW_ALL = Statement(
    f"UPDATE rooms SET epoch = lower(hex(randomblob({LENGTH // 2})))",  # noqa: S608 - a constant of ours
    f"UPDATE rooms SET epoch = left(replace(CAST(gen_random_uuid() AS text), '-', ''), {LENGTH})",  # noqa: S608
)


def new_epoch() -> str:
    """For one room."""
    return new_id()[:LENGTH]


@dataclass(slots=True)
class RenewEpochs:
    """Give every room another epoch: what the database holds is not what it held. The number of rooms."""

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> int:
        tx.all(_LOCK_ALL)
        renewed = tx.run(_RENEW_ALL)
        note(tx, None, "renew_epochs", "rooms", details=f"{renewed} rooms")
        return renewed
