"""Asking assistants: what a message calls for is begun in the transaction that stores it, or in the one after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatapp.errors import ChatError
from chatapp.payloads import Message, User
from chatapp.store import messages
from chatapp.store.naming import fold
from chatapp.store.posting import PostMessage
from chatapp.store.run_jobs import Started, StartRun
from chatapp.store.sql import Statement
from chatapp.store.tx import Tx

from . import policy
from .policy import Summons
from .roster import Company, read_company

# Of somebody who is in the room: the post of who is not any more is only answered, and calls nobody.
_POSTED = Statement(
    "SELECT m.seq FROM messages m JOIN memberships s ON s.room_id = m.room_id AND s.user_id = m.sender_id"
    " WHERE m.sender_id = :sender AND m.client_id = :client AND m.room_id = :room AND m.digest = :digest"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message called for: of each that answers at once what was begun, or why not. `company`: as it was read for it."""

    message: Message
    called: Summons
    outcomes: Sequence[tuple[Started | None, ChatError | None]]
    company: Company


@dataclass(slots=True)
class Ask:
    """Begin the answers that a message calls for. Submitted right behind its post, one commit makes both, and one
    broadcast tells of both. The result is None when the post was refused.

    `what`: the post, or the place of a message that is stored. `company` is the room's as this worker remembers it,
    None where it has to be read; StartRun checks each against the room itself.
    """

    room_id: int
    what: PostMessage | int
    company: Company | None
    start: Callable[[Message, User], StartRun]

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Asked | None:
        room = tx.room(self.room_id)
        seq = self.what if isinstance(self.what, int) else _place(tx, self.what)
        message = None if seq is None else messages.load_one(tx, room.id, room.slug, seq)
        if message is None:
            return None
        company = self.company or read_company(tx, room.id)
        called = policy.summons(message, company.voices, company.policy)
        if message.not_for_ai is True:
            refusal = ChatError("forbidden", "This message is marked as not for AI.")
            outcomes = [(None, refusal)] if called.now else []
            return Asked(message, policy.NOBODY, outcomes, company)
        starts = [self.start(message, assistant) for assistant in called.now]
        return Asked(message, called, [tx.attempt(start) for start in starts], company)


def _place(tx: Tx, post: PostMessage) -> int | None:
    found = tx.value(
        _POSTED,
        sender=post.sender.id,
        client=post.client_id,
        room=post.room_id,
        digest=post.digest,
    )
    return None if found is None else int(found)


def may_call(post: PostMessage, company: Company | None) -> bool:
    """Whether somebody may have to answer the post at once. Who is meant by a name is known when it is stored.

    Of a room that this worker does not remember (None) only what names or answers somebody is looked at.
    """
    if company is None:
        return bool(post.signs) or post.reply_to is not None
    if company.policy.direct or post.reply_to is not None:
        return bool(company.voices)
    if not post.signs:
        return False
    names = {name for sign in post.signs for _, name in sign.names}
    return any(fold(voice.assistant.user.name) in names for voice in company.voices)
