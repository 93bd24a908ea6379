"""How assistants are set up, and which of them are in a room."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.payloads import User

from . import messages
from .rooms import ASSISTANT_ID
from .sql import Connection, Row, Statement

_COLUMNS = """SELECT u.id, u.name, u.kind, a.avatar, a.persona, a.provider, a.model, a.temperature, a.tools,
    a.tokens_per_day, a.cost_per_day, a.room_id, r.slug{more}
    FROM assistants a JOIN users u ON u.id = a.user_id LEFT JOIN rooms r ON r.id = a.room_id {join}
    WHERE a.retired_at IS NULL """
_ALL = _COLUMNS.format(more="", join="")
_ONE = Statement(_ALL + "AND a.user_id = :assistant")
_GENERAL = Statement(_ALL + "AND a.room_id IS NULL ORDER BY a.created_at, u.id")
_IN_ROOM = Statement(
    _COLUMNS.format(
        more=", COALESCE(m.speaks, 'mentioned')", join="JOIN memberships m ON m.user_id = a.user_id"
    )
    + "AND m.room_id = :room ORDER BY m.joined_at, u.id"
)
_POLICY = Statement(
    "SELECT kind, turns, ai_tokens_per_day, ai_cost_per_day FROM rooms WHERE id = :room"
)
_QUEUES = Statement(
    "SELECT assistant_id, sum(CASE state WHEN 'queued' THEN 1 ELSE 0 END), count(*) FROM runs"
    " WHERE room_id = :room AND state IN ('queued', 'thinking', 'streaming') GROUP BY assistant_id"
)


@dataclass(slots=True, frozen=True)
class AssistantRow:
    """An assistant. `provider` empty: the first; `room_id`, `slug`: of the one room whose own it is."""

    user: User
    avatar: str | None
    persona: str
    provider: str
    model: str | None
    temperature: float | None
    tools: bool
    tokens_per_day: int | None
    cost_per_day: int | None
    room_id: int | None
    slug: str | None

    @property
    def builtin(self) -> bool:
        """It is the one that every room has from its creation."""
        return self.user.id == ASSISTANT_ID


@dataclass(slots=True, frozen=True)
class Voice:
    """An assistant in a room; `speaks` is mentioned, always or never."""

    assistant: AssistantRow
    speaks: str


@dataclass(slots=True, frozen=True)
class RoomPolicy:
    """Who answers in a room what mentions nobody, and the room's own caps a day."""

    direct: bool
    turns: str
    tokens_per_day: int | None
    cost_per_day: int | None


def _row(row: Row) -> AssistantRow:
    avatar, persona, provider, model, temperature, tools, tokens, cost, room_id, slug = row[3:13]
    return AssistantRow(
        messages.user(row[:3]),
        avatar,
        persona,
        provider,
        model,
        temperature,
        bool(tools),
        tokens,
        cost,
        room_id,
        slug,
    )


def one(db: Connection, assistant_id: str) -> AssistantRow | None:
    """An assistant by its user id; None also for one that is gone."""
    row = db.one(_ONE, assistant=assistant_id)
    return _row(row) if row else None


def general(db: Connection) -> list[AssistantRow]:
    """The assistants that may be brought into every room, oldest first."""
    return [_row(row) for row in db.all(_GENERAL)]


def voices(db: Connection, room_id: int) -> list[Voice]:
    """The assistants in a room, in the order in which they came."""
    return [Voice(_row(row), row[13]) for row in db.all(_IN_ROOM, room=room_id)]


def policy(db: Connection, room_id: int) -> RoomPolicy | None:
    """The room's rules for its assistants."""
    row = db.one(_POLICY, room=room_id)
    return RoomPolicy(row[0] == "direct", *row[1:]) if row else None


def queues(db: Connection, room_id: int) -> dict[str, tuple[int, bool]]:
    """assistant id -> (answers that wait, whether one is being written)."""
    return {row[0]: (int(row[1]), row[2] > row[1]) for row in db.all(_QUEUES, room=room_id)}
