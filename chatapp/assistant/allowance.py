"""What is left of today's budgets, as people see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from chatapp.clock import now_ms, rfc3339
from chatapp.payloads import User
from chatapp.payloads import assistants as shapes
from chatapp.store import assistant_rows, budgets

from .spending import Purse

if TYPE_CHECKING:
    from chatapp.services.chat import Chat


def of_room(chat: Chat, purse: Purse, user: User, slug: str) -> shapes.Budgets:
    """One's own budget, the room's, and those of its assistants. Raises ChatError `not_found`."""
    seat = chat.rooms.seat(user, slug)
    now, caps = now_ms(), purse.terms.caps
    with chat.db.snapshot() as db:
        voices = assistant_rows.voices(db, seat.room_id)
        found: list[shapes.Budget] = []
        for voice in voices:
            who = voice.assistant.user
            three = budgets.budgets(db, now, caps, user.id, seat.room_id, who.id)
            if not found:
                found = [_shape(budget) for budget in three[:2]]
            found.append(_shape(three[2], who))
    return shapes.Budgets(rfc3339(budgets.next_day_ms(now)), found)


def _shape(budget: budgets.Budget, user: User | None = None) -> shapes.Budget:
    return shapes.Budget(
        scope=budget.scope,
        tokens_used=budget.used.tokens,
        tokens_limit=budget.cap.tokens,
        cost_used=budget.used.cost,
        cost_limit=budget.cap.cost,
        user=user or UNSET,
    )
