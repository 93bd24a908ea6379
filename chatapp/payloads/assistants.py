"""What HTTP takes and gives about assistants. Money is in millionths of the price table's currency."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from chatapp.errors import BudgetScope

from .inbound import Inbound, Number
from .outbound import ToolRequest
from .shapes import ReplyTo, User

Speaks = Literal["mentioned", "always", "never"]
Turns = Literal["mentioned", "always", "round_robin"]
ToolState = Literal["running", "pending", "approved", "refused", "expired", "done", "failed"]

Avatar = Annotated[str, Meta(min_length=1, max_length=32)]
Persona = Annotated[str, Meta(max_length=4000)]
ProviderName = Annotated[str, Meta(max_length=40)]
ModelName = Annotated[str, Meta(min_length=1, max_length=120)]
Temperature = Annotated[float, Meta(ge=0, le=2)]
PerDay = Annotated[int, Meta(ge=0, le=10**15)]

# Requests


class NewAssistant(Inbound, frozen=True):
    """POST /assistants (for all rooms, by admins) and POST /rooms/<slug>/assistants (a room's own, by its owner).

    `avatar`: an emoji, or a colour as #rrggbb. `provider`: a configured one by name, empty for the first.
    The caps are set by admins.
    """

    name: str
    avatar: Avatar | None = None
    persona: Persona = ""
    provider: ProviderName = ""
    model: ModelName | None = None
    temperature: Temperature | None = None
    tools: bool = True
    tokens_per_day: PerDay | None = None
    cost_per_day: PerDay | None = None


class EditAssistant(Inbound, frozen=True):
    """PATCH of an assistant: what is left out stays."""

    name: str | UnsetType = UNSET
    avatar: Avatar | None | UnsetType = UNSET
    persona: Persona | UnsetType = UNSET
    provider: ProviderName | UnsetType = UNSET
    model: ModelName | None | UnsetType = UNSET
    temperature: Temperature | None | UnsetType = UNSET
    tools: bool | UnsetType = UNSET
    tokens_per_day: PerDay | None | UnsetType = UNSET
    cost_per_day: PerDay | None | UnsetType = UNSET


class EditRoomAssistant(EditAssistant, frozen=True):
    """PATCH /rooms/<slug>/assistants/<id>. `speaks` is the room's to say; the rest only of its own assistants."""

    speaks: Speaks | UnsetType = UNSET


class EditTurns(Inbound, frozen=True):
    """PATCH /rooms/<slug>/assistants: who answers what mentions nobody, and what the room may use in a day."""

    turns: Turns | UnsetType = UNSET
    tokens_per_day: PerDay | None | UnsetType = UNSET
    cost_per_day: PerDay | None | UnsetType = UNSET


class TryProvider(Inbound, frozen=True):
    """POST /rooms/<slug>/assistants/try: a provider by name, empty for the first, with its own model or another."""

    provider: ProviderName = ""
    model: ModelName | None = None


class CatchUpQuery(Inbound, frozen=True):
    """POST /rooms/<slug>/catch-up: after this place; without one, after one's read cursor."""

    since: Number | None = None


# Answers


class Assistant(Struct, frozen=True):
    """How an assistant is set up. `room`: the one whose own it is; null: it may be brought into every room.

    `builtin`: the one that every room has; `demo`: answered by fixed rules, no AI.
    """

    id: str
    name: str
    avatar: str | None
    persona: str
    provider: str
    model: str | None
    temperature: float | None
    tools: bool
    room: str | None
    builtin: bool
    demo: bool
    tokens_per_day: int | None
    cost_per_day: int | None


class Provider(Struct, frozen=True):
    """A source of answers, by the name that the server's settings give it. `window`: tokens."""

    name: str
    model: str | None
    demo: bool
    tools: bool
    window: int


class AssistantAnswer(Struct, frozen=True):
    """An assistant as it is now."""

    assistant: Assistant


class AssistantList(Struct, frozen=True):
    """The assistants that may be brought into every room."""

    assistants: list[Assistant]
    providers: list[Provider]
    may_edit: bool


class RoomAssistant(Struct, frozen=True):
    """An assistant in a room: when it speaks there, whether it writes, and how many questions wait for it."""

    assistant: Assistant
    speaks: Speaks
    busy: bool
    queued: int


class RoomAssistants(Struct, frozen=True):
    """The assistants of a room. `available`: those for all rooms that are not in this one.

    `may_edit`: the room's own, when they speak, and turns; `may_edit_all`: also those for all rooms, and the caps.
    """

    turns: Turns
    assistants: list[RoomAssistant]
    available: list[Assistant]
    providers: list[Provider]
    may_edit: bool
    may_edit_all: bool
    tokens_per_day: int | None
    cost_per_day: int | None


class Finding(Struct, frozen=True):
    """One thing that was found of a provider: `code` stands for a sentence, `params` for what is filled in there."""

    mark: Literal["ok", "note", "wrong"]
    code: str
    params: dict[str, Any]


class Trial(Struct, frozen=True):
    """What a provider was found to do and not to do. Nothing of its own words, and no key."""

    findings: list[Finding]


class Budget(Struct, frozen=True):
    """What was used today, what is being used included, and how much may be: null for no limit."""

    scope: BudgetScope
    tokens_used: int
    tokens_limit: int | None
    cost_used: int
    cost_limit: int | None
    user: User | UnsetType = UNSET  # the assistant


class Budgets(Struct, frozen=True):
    """One's own budget, the room's and those of its assistants. They begin anew at `resets_at`."""

    resets_at: str
    budgets: list[Budget]


class CatchUpPoint(Struct, frozen=True):
    """One thing that happened, and the messages that say so."""

    text: str
    messages: list[ReplyTo]


class CatchUp(Struct, frozen=True):
    """What was missed, for the asker alone. `messages`: how many were looked at; `more`: older ones did not fit."""

    since: int
    until: int
    points: list[CatchUpPoint]
    messages: int
    more: bool


class ToolUse(Struct, frozen=True):
    """A use of a tool, in a run's report. `result`: its beginning; of a search the ids of what was found."""

    tool: str
    arguments: dict[str, Any]
    state: ToolState
    result: str
    at: str


class ToolRequests(Struct, frozen=True):
    """What waits for one's word in a room."""

    requests: list[ToolRequest]
