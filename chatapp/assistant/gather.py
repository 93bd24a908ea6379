"""Reading from the database what an assistant is shown: the question, what it replies to, and the room before it."""

from __future__ import annotations

from chatapp.payloads import Message, User
from chatapp.store import messages, reading
from chatapp.store.run_rows import Claim
from chatapp.store.sql import Connection

from .context import WINDOW, Prompt, compose

CHAIN = 5  # replies that are followed back


def gather(
    db: Connection, claim: Claim, online: list[User], persona: str = "", prefix: str = ""
) -> Prompt | None:
    """The prompt of a run, from this room alone; None if the question is gone."""
    question = messages.load_one(db, claim.room_id, claim.slug, claim.question_seq)
    if question is None:
        return None
    window, _more = reading.page(
        db, claim.room_id, claim.slug, before=claim.question_seq, limit=WINDOW
    )
    people = [user.name for user in online or _members(db, claim.room_id)]
    chain = _chain(db, claim, question)
    return compose(claim.assistant, claim.slug, people, window, chain, question, persona, prefix)


def _members(db: Connection, room_id: int) -> list[User]:
    return [
        user for user, _role in reading.members(db, room_id) if user.kind in ("person", "guest")
    ]


def _chain(db: Connection, claim: Claim, question: Message) -> list[Message]:
    chain: list[Message] = []
    earlier: Message | None = question
    while earlier is not None and earlier.reply_to and len(chain) < CHAIN:
        place = earlier.reply_to.seq
        earlier = messages.load_one(db, claim.room_id, claim.slug, place)
        if earlier is not None:
            chain.append(earlier)
    return chain
