"""Jobs that set assistants up: made, changed, retired; when they speak in a room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatapp.errors import ChatError, not_found
from chatapp.payloads import User

from . import assistant_rows, people, rooms
from .assistant_rows import AssistantRow
from .members import MemberChange, put_out
from .sql import Connection, Statement
from .tx import Tx

ROOM_ASSISTANTS = 20  # a room's own

_INSERT = Statement(
    "INSERT INTO assistants (user_id, room_id, avatar, persona, provider, model, temperature, tools, tokens_per_day,"
    " cost_per_day, created_at) VALUES (:assistant, :room, :avatar, :persona, :provider, :model, :temperature, :tools,"
    " :tokens_per_day, :cost_per_day, :at)"
)
_UPDATE = Statement(
    "UPDATE assistants SET avatar = :avatar, persona = :persona, provider = :provider, model = :model,"
    " temperature = :temperature, tools = :tools, tokens_per_day = :tokens_per_day, cost_per_day = :cost_per_day"
    " WHERE user_id = :assistant"
)
_COUNT = Statement("SELECT count(*) FROM assistants WHERE room_id = :room AND retired_at IS NULL")
_RETIRE = Statement("UPDATE assistants SET retired_at = :at WHERE user_id = :assistant")
_FREE_NAME = Statement("UPDATE users SET name_key = NULL WHERE id = :assistant")
_ROOMS = Statement("SELECT room_id FROM memberships WHERE user_id = :assistant ORDER BY room_id")
_SPEAKS = Statement(
    "UPDATE memberships SET speaks = :speaks WHERE room_id = :room AND user_id = :assistant"
)
_TURNS = Statement(
    "UPDATE rooms SET turns = :turns, ai_tokens_per_day = :tokens_per_day, ai_cost_per_day = :cost_per_day"
    " WHERE id = :room"
)

# The columns of an assistant that may be changed, beside its name.
FIELDS = (
    "avatar",
    "persona",
    "provider",
    "model",
    "temperature",
    "tools",
    "tokens_per_day",
    "cost_per_day",
)


@dataclass(slots=True)
class AddAssistant:
    """A new assistant with a name of its own: for all rooms, or for one, into which it comes at once.

    Raises ChatError: `name_taken`; `conflict` when the room has enough of its own.
    """

    user: User
    keys: list[str]
    by: User
    settings: Mapping[str, Any]  # FIELDS
    room_id: int | None = None

    def rooms(self) -> list[int]:
        return [] if self.room_id is None else [self.room_id]

    def run(self, tx: Tx) -> AssistantRow:
        if self.room_id is not None and tx.value(_COUNT, room=self.room_id) >= ROOM_ASSISTANTS:
            raise ChatError(
                "conflict", f"A room has {ROOM_ASSISTANTS} assistants of its own at most."
            )
        people.check_free(tx, self.keys, self.user.id)
        if not people.insert_user(tx, self.user, self.keys[0], None):
            raise people.name_taken()
        tx.run(_INSERT, assistant=self.user.id, room=self.room_id, at=tx.now, **dict(self.settings))
        if self.room_id is not None:
            room = tx.room(self.room_id)
            rooms.enter(tx, room.id, self.user.id, "member", room.last_seq)
            tx.tell_room(room, "member", self.user.id, self.by, user=self.user, role="member")
        return _present(tx, self.user.id)


@dataclass(slots=True)
class ChangeAssistant:
    """Change some of FIELDS, and the name. The room `room_id`, if given, is told that its assistants changed."""

    assistant_id: str
    by: User
    changes: Mapping[str, Any]
    name: str | None = None
    keys: list[str] = field(default_factory=list)
    room_id: int | None = None

    def rooms(self) -> list[int]:
        return [] if self.room_id is None else [self.room_id]

    def run(self, tx: Tx) -> AssistantRow:
        old = _present(tx, self.assistant_id)
        if self.name is not None:
            people.check_free(tx, self.keys, self.assistant_id)
            people.rename(tx, self.assistant_id, self.name, self.keys[0])
        values = {name: self.changes.get(name, getattr(old, name)) for name in FIELDS}
        tx.run(_UPDATE, assistant=self.assistant_id, **values)
        if self.room_id is not None:
            room = tx.room(self.room_id)
            tx.tell_room(room, "assistants", str(room.id), self.by)
        return _present(tx, self.assistant_id)


@dataclass(slots=True)
class RetireAssistant:
    """It leaves its rooms for good; what it said stays. `room_ids` as rooms_of() gave them."""

    assistant_id: str
    by: User
    room_ids: list[int]

    def rooms(self) -> list[int]:
        return self.room_ids

    def run(self, tx: Tx) -> list[MemberChange]:
        gone = _present(tx, self.assistant_id)
        changes = [
            put_out(tx, tx.room(room_id), gone.user, self.by)
            for room_id in rooms_of(tx, self.assistant_id)
        ]
        tx.run(_RETIRE, assistant=self.assistant_id, at=tx.now)
        tx.run(_FREE_NAME, assistant=self.assistant_id)
        return changes


@dataclass(slots=True)
class SetSpeaks:
    """When an assistant speaks in a room. Raises `not_found` when it is not there."""

    room_id: int
    by: User
    assistant_id: str
    speaks: str

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> None:
        room = tx.room(self.room_id)
        if not tx.run(_SPEAKS, room=room.id, assistant=self.assistant_id, speaks=self.speaks):
            raise not_found("assistant")
        tx.tell_room(room, "assistants", str(room.id), self.by)


@dataclass(slots=True)
class SetTurns:
    """The room's rules for its assistants: what is not among `changes` stays."""

    room_id: int
    by: User
    changes: Mapping[str, Any]  # turns, tokens_per_day, cost_per_day

    def rooms(self) -> list[int]:
        return [self.room_id]

    def run(self, tx: Tx) -> None:
        room = tx.room(self.room_id)
        old = assistant_rows.policy(tx, room.id)
        names = ("turns", "tokens_per_day", "cost_per_day")
        values = {name: self.changes.get(name, getattr(old, name)) for name in names}
        tx.run(_TURNS, room=room.id, **values)
        tx.tell_room(room, "assistants", str(room.id), self.by)


def rooms_of(db: Connection, assistant_id: str) -> list[int]:
    """The rooms that an assistant is in."""
    return [row[0] for row in db.all(_ROOMS, assistant=assistant_id)]


def _present(tx: Tx, assistant_id: str) -> AssistantRow:
    found = assistant_rows.one(tx, assistant_id)
    if found is None:
        raise not_found("assistant")
    return found
