"""docs/protocol.md: the contract for people, its tables made from the types, its prose from protocol_prose.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import inspect as types

from chatapp.errors import CODES, RETRYABLE
from chatapp.payloads import catalog
from chatapp.payloads.shapes import Error

from . import typescript
from .shapes import limits, notes, shape_fields, with_parts

PROSE = Path(__file__).parent / "protocol_prose.md"


def document() -> str:
    """The prose, with each `{{name}}` replaced by what the code says."""
    text = PROSE.read_text()
    for name, make in {
        "client_events": _client_events,
        "server_events": _server_events,
        "shapes": _shapes,
        "codes": _codes,
    }.items():
        text = text.replace("{{" + name + "}}", make())
    return text


def _client_events() -> str:
    return "\n".join(
        f"### `{event.name}`\n\n{notes(event.payload)}\n\n{_table(event.payload)}\n\n"
        + (
            f"Ack adds [`{event.reply.__name__}`](#{event.reply.__name__.lower()}).\n"
            if event.reply
            else "Ack: `{ok: true}`.\n"
        )
        for event in catalog.CLIENT_EVENTS
    )


def _server_events() -> str:
    rows = ["| event | carries | |", "|---|---|---|"]
    for event in catalog.SERVER_EVENTS:
        name = event.payload.__name__
        numbered = " and `prev`" if event.numbered else ""
        rows.append(f"| `{event.name}` | [`{name}`](#{name.lower()}){numbered} | {event.about} |")
    return "\n".join(rows)


def _shapes() -> str:
    replies = [event.reply for event in catalog.CLIENT_EVENTS if event.reply]
    sent = [event.payload for event in catalog.SERVER_EVENTS]
    return "\n".join(
        f"### {shape.__name__}\n\n{notes(shape)}\n\n{_table(shape)}\n"
        for shape in with_parts([Error, *replies, *sent])
    )


def _codes() -> str:
    rows = ["| code | HTTP | the same request may succeed later |", "|---|---|---|"]
    rows += [
        f"| `{code}` | {status} | {'yes' if code in RETRYABLE else ''} |"
        for code, status in CODES.items()
    ]
    return "\n".join(rows)


def _table(shape: type[Any]) -> str:
    rows = ["| field | type | |", "|---|---|---|"]
    for field in shape_fields(shape):
        said = [limits(field.type), field.about, "may be left out" if field.optional else ""]
        rows.append(
            f"| `{field.name}` | {_type(field.type)} | {'; '.join(each for each in said if each)} |"
        )
    return "\n".join(rows)


def _type(found: types.Type) -> str:
    words = typescript.text(found)
    parts = [part.cls for part in _struct_types(found)]
    shown = words.replace("|", "\\|")
    if not parts:
        return f"`{shown}`"
    name = parts[0].__name__
    return f"[`{shown}`](#{name.lower()})"


def _struct_types(found: types.Type) -> list[types.StructType]:
    match found:
        case types.StructType():
            return [found]
        case types.UnionType():
            return [part for each in found.types for part in _struct_types(each)]
        case types.ListType():
            return _struct_types(found.item_type)
        case types.DictType():
            return _struct_types(found.value_type)
    return []
