"""What an assistant may do beside talking: each tool with its arguments as a checked type, and with the asker's rights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from chatapp.errors import ChatError
from chatapp.services.names import room_name
from chatapp.store import rooms
from chatapp.store.run_rows import Claim

from .context import as_line, turn

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

FOUND_TEXT = 500  # code points of a message that was found
RESULT = 4_000  # code points that the model is told


class SearchRoom(Struct, forbid_unknown_fields=True):
    """Messages of this room that hold every one of these words, the newest last."""

    query: Annotated[str, Meta(min_length=1, max_length=200)]
    limit: Annotated[int, Meta(ge=1, le=20)] = 8


class RenameRoom(Struct, forbid_unknown_fields=True):
    """Give the room another shown name."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]


@dataclass(frozen=True, slots=True)
class Told:
    """What the model is told of a tool's use. `shown`: the ids of the messages whose words stand in it."""

    text: str
    shown: tuple[str, ...] = ()

    @property
    def noted(self) -> str:
        """What is kept of it. Of messages their ids alone: their words may be deleted."""
        return " ".join(self.shown) or self.text


@dataclass(frozen=True, slots=True)
class Tool:
    """`run(chat, claim, arguments)` answers what the model is told; raises ChatError. `writes`: the asker is asked first."""

    name: str
    arguments: type[Struct]
    writes: bool
    run: Callable[[Chat, Claim, Any], Told]

    @property
    def spec(self) -> dict[str, Any]:
        """As chat completions want it."""
        _, parts = msgspec.json.schema_components([self.arguments])
        schema = dict(parts[self.arguments.__name__])
        about = schema.pop("description", "")
        schema.pop("title", None)
        return {
            "type": "function",
            "function": {"name": self.name, "description": about, "parameters": schema},
        }

    def check(self, text: str) -> Struct:
        """The arguments that the model wrote. Raises ChatError `bad_request` with what is wrong."""
        if "\\u0000" in text:
            raise ChatError("bad_request", "text has no NUL characters.")
        try:
            return msgspec.json.decode(text or "{}", type=self.arguments)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ChatError("bad_request", str(error)[:200]) from None


def _search(chat: Chat, claim: Claim, wanted: SearchRoom) -> Told:
    # As the asker: who is no longer a member finds nothing.
    found = chat.messages.search(claim.asker, wanted.query, claim.slug).messages
    turns = [
        one
        for message in found
        if message.seq not in (claim.question_seq, claim.seq)
        and (one := turn(message, claim.assistant)) is not None
    ]
    lines: list[str] = []
    left = RESULT
    for one in reversed(turns[-wanted.limit :]):
        line = as_line(one, FOUND_TEXT)
        left -= len(line) + 1
        if left < 0:
            break
        lines.insert(0, line)
    if not lines:
        return Told("Nothing was found.")
    return Told("\n".join(lines), tuple(one.id for one in turns[-len(lines) :]))


def _rename(chat: Chat, claim: Claim, wanted: RenameRoom) -> Told:
    chat.writer.run(rooms.RenameRoom(claim.room_id, claim.asker, room_name(wanted.name, "")))
    return Told("It is done.")


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("search_room", SearchRoom, False, _search),
        Tool("rename_room", RenameRoom, True, _rename),
    )
}
SPECS = tuple(tool.spec for tool in TOOLS.values())
