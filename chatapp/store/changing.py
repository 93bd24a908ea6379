"""Changes to messages that exist: edit, delete, react. Each takes a number and ends as the message's current state."""

from __future__ import annotations

from dataclasses import dataclass, field

from chatapp.errors import ChatError, not_found
from chatapp.payloads import Message, Numbered, User

from . import messages, naming, search
from .naming import Sign
from .posting import MENTIONS, mentions_column
from .sql import Statement
from .tx import RoomRow, Tx

_ROLE = Statement("SELECT role FROM memberships WHERE room_id = :room AND user_id = :user")
_ROW = Statement(
    "SELECT sender_id, body, deleted_at, type, status FROM messages WHERE room_id = :room AND seq = :seq"
)
KEEP_VERSION = Statement(
    "INSERT INTO message_versions (room_id, seq, version, body, at, by_id)"
    " SELECT :room, :seq, COALESCE(MAX(version), 0) + 1, :body, :at, :by FROM message_versions"
    " WHERE room_id = :room AND seq = :seq"
)
_EDIT = Statement(
    "UPDATE messages SET body = :body, mentions = :mentions, edited_at = :at, changed_seq = :changed"
    " WHERE room_id = :room AND seq = :seq"
)
_DELETE = Statement(
    "UPDATE messages SET body = '', mentions = NULL, deleted_at = :at, changed_seq = :changed"
    " WHERE room_id = :room AND seq = :seq"
)
_TOUCH = Statement(
    "UPDATE messages SET changed_seq = :changed WHERE room_id = :room AND seq = :seq"
)
_MARK = Statement(
    "UPDATE messages SET not_for_ai = :on WHERE room_id = :room AND seq = :seq AND not_for_ai <> :on"
)
FORGET_MENTIONS = Statement("DELETE FROM mentions WHERE room_id = :room AND seq = :seq")
_FORGET_VERSIONS = Statement("DELETE FROM message_versions WHERE room_id = :room AND seq = :seq")
_FORGET_REACTIONS = Statement("DELETE FROM reactions WHERE room_id = :room AND seq = :seq")
_REACT = Statement(
    "INSERT INTO reactions (room_id, seq, emoji, user_id, at) VALUES (:room, :seq, :emoji, :user, :at)"
    " ON CONFLICT DO NOTHING"
)
_UNREACT = Statement(
    "DELETE FROM reactions WHERE room_id = :room AND seq = :seq AND emoji = :emoji AND user_id = :user"
)
_EMOJI = Statement(
    "SELECT count(DISTINCT emoji) FROM reactions WHERE room_id = :room AND seq = :seq AND emoji <> :emoji"
)

MAX_EMOJI = 20  # different ones under one message
MODERATES = frozenset({"owner", "moderator"})


@dataclass(slots=True, frozen=True)
class Target:
    """A message as a change finds it, in its locked room."""

    room: RoomRow
    role: str
    sender_id: str
    body: str
    deleted: bool
    status: str | None


def target(tx: Tx, room_id: int, seq: int, user_id: str) -> Target:
    """The message for a member of its room. Raises ChatError `not_found`, alike for what is not there or not theirs."""
    role = tx.value(_ROLE, room=room_id, user=user_id)
    row = tx.one(_ROW, room=room_id, seq=seq) if role else None
    if row is None:
        raise not_found("message")
    return Target(tx.room(room_id), role, row[0], row[1], row[2] is not None, row[4])


def changed(tx: Tx, room: RoomRow, seq: int) -> Message:
    """Tell the members of a message that was changed, and return it."""
    message = messages.load_one(tx, room.id, room.slug, seq)
    if message is None:
        raise not_found("message")
    tx.tell(room, Numbered(message.changed_seq, "message_changed", messages.encode(message)))
    return message


@dataclass(slots=True)
class EditMessage:
    """Replace the text of one's own message; the old one is kept as a version."""

    room_id: int
    seq: int
    user: User
    body: str
    signs: list[Sign] = field(default_factory=list)

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Message:
        old = target(tx, self.room_id, self.seq, self.user.id)
        if old.sender_id != self.user.id or old.role == "readonly":
            raise ChatError("forbidden", "Only its author can edit a message.")
        if old.deleted:
            raise ChatError("conflict", "The message was deleted.")
        place = {"room": self.room_id, "seq": self.seq}
        number = tx.number(old.room, "edit", str(self.seq), self.user.id)
        tx.run(KEEP_VERSION, **place, body=old.body, at=tx.now, by=self.user.id)
        named = naming.bearers(tx, [(self.room_id, self.signs)])
        mentions = naming.spans(self.room_id, self.signs, named)
        tx.run(
            _EDIT,
            **place,
            body=self.body,
            mentions=mentions_column(mentions),
            at=tx.now,
            changed=number,
        )
        tx.run(FORGET_MENTIONS, **place)
        tx.insert(
            MENTIONS,
            [
                (span.user_id, self.room_id, self.seq)
                for span in mentions
                if span.user_id != self.user.id
            ],
        )
        search.replace(tx, old.room, self.seq, old.body, self.body)
        return changed(tx, old.room, self.seq)


@dataclass(slots=True)
class DeleteMessage:
    """Delete a message: its author, or a moderator. Its place stays, its text, versions and reactions go."""

    room_id: int
    seq: int
    user: User

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Message:
        old = target(tx, self.room_id, self.seq, self.user.id)
        if old.sender_id != self.user.id and old.role not in MODERATES:
            raise ChatError("forbidden", "Only its author or a moderator can delete a message.")
        if old.status in ("queued", "thinking", "streaming"):
            raise ChatError("conflict", "Stop the answer before you delete it.")
        if old.deleted:
            message = messages.load_one(tx, self.room_id, old.room.slug, self.seq)
            assert message is not None
            return message
        place = {"room": self.room_id, "seq": self.seq}
        number = tx.number(old.room, "delete", str(self.seq), self.user.id)
        tx.run(_DELETE, **place, at=tx.now, changed=number)
        for statement in (FORGET_MENTIONS, _FORGET_VERSIONS, _FORGET_REACTIONS):
            tx.run(statement, **place)
        search.replace(tx, old.room, self.seq, old.body, None)
        return changed(tx, old.room, self.seq)


@dataclass(slots=True)
class MarkNotForAi:
    """Keep a message from all assistants, or no longer; what is so already takes no number."""

    room_id: int
    seq: int
    user: User
    on: bool

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Message:
        old = target(tx, self.room_id, self.seq, self.user.id)
        if old.sender_id != self.user.id and old.role not in MODERATES:
            raise ChatError("forbidden", "Only its author or a moderator can mark a message.")
        if old.deleted:
            raise ChatError("conflict", "The message was deleted.")
        if not tx.run(_MARK, room=self.room_id, seq=self.seq, on=self.on):
            message = messages.load_one(tx, self.room_id, old.room.slug, self.seq)
            assert message is not None
            return message
        number = tx.number(old.room, "mark", str(self.seq), self.user.id)
        tx.run(_TOUCH, room=self.room_id, seq=self.seq, changed=number)
        return changed(tx, old.room, self.seq)


@dataclass(slots=True)
class React:
    """Put one's emoji under a message or take it away; what is so already takes no number."""

    room_id: int
    seq: int
    user: User
    emoji: str
    on: bool

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> Message:
        old = target(tx, self.room_id, self.seq, self.user.id)
        if old.role == "readonly":
            raise ChatError("forbidden", "You can read in this room, but not write.")
        if old.deleted:
            raise ChatError("conflict", "The message was deleted.")
        row = {"room": self.room_id, "seq": self.seq, "emoji": self.emoji}
        if self.on and tx.value(_EMOJI, **row) >= MAX_EMOJI:
            raise ChatError("conflict", f"A message takes {MAX_EMOJI} different emoji at most.")
        if self.on:
            done = tx.run(_REACT, **row, user=self.user.id, at=tx.now)
        else:
            done = tx.run(_UNREACT, **row, user=self.user.id)
        if not done:
            message = messages.load_one(tx, self.room_id, old.room.slug, self.seq)
            assert message is not None
            return message
        number = tx.number(old.room, "reaction", str(self.seq), self.user.id)
        tx.run(_TOUCH, room=self.room_id, seq=self.seq, changed=number)
        return changed(tx, old.room, self.seq)
