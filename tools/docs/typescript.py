"""The wire format as TypeScript types."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect as types

from chatapp.errors import CODES
from chatapp.payloads import catalog
from chatapp.payloads.shapes import Error

from .shapes import Field, notes, shape_fields, with_parts

HEAD = """\
/**
 * The wire format, version {version}. Made from the server's payload types by `make docs`; do not edit.
 *
 * Ids are opaque; times are RFC 3339 UTC with milliseconds; unknown fields and events are to be ignored. A field that
 * may be missing is optional here, one that may be empty is nullable.
 */

export type ErrorCode =
  | {codes};

export type UserKind = User["kind"];
export type RunStatus = NonNullable<Message["status"]>;
export type Role = RoomInfo["role"];

/** The answer to every client event. */
export type Ack<T> = ({{ ok: true }} & T) | {{ ok: false; error: Error }};

/** A numbered event: `prev` is the number at which the room's stream stood before it. */
export type Numbered<T> = T & {{ prev: number }};
export type MessageEvent = Numbered<Message>;
"""


def document() -> str:
    """The file."""
    replies = [event.reply for event in catalog.CLIENT_EVENTS if event.reply]
    sent = [event.payload for event in catalog.SERVER_EVENTS]
    received = [event.payload for event in catalog.CLIENT_EVENTS]
    codes = "\n  | ".join(f'"{code}"' for code in CODES)
    parts = [HEAD.format(version=catalog.PROTOCOL, codes=codes)]
    parts += [_interface(shape) for shape in with_parts([Error, *replies, *sent, *received])]
    parts.append(_client_events())
    parts.append(_server_events())
    return "\n".join(parts)


def _interface(shape: type[Any]) -> str:
    lines = [f"/** {notes(shape)} */", f"export interface {shape.__name__} {{"]
    for field in shape_fields(shape):
        if field.about:
            lines.append(f"  /** {field.about} */")
        lines.append(f"  {field.name}{'?' if field.optional else ''}: {_field_type(shape, field)};")
    return "\n".join([*lines, "}", ""])


def _field_type(shape: type[Any], field: Field) -> str:
    is_code = (shape.__name__, field.name) in {("Error", "code"), ("RunInfo", "error")}
    return "ErrorCode" if is_code else text(field.type)


WORDS: dict[type[types.Type], str] = {
    types.StrType: "string",
    types.IntType: "number",
    types.FloatType: "number",
    types.BoolType: "boolean",
    types.NoneType: "null",
    types.AnyType: "unknown",
}


def text(found: types.Type) -> str:
    """A type in TypeScript's words."""
    if type(found) in WORDS:
        return WORDS[type(found)]
    match found:
        case types.LiteralType():
            return " | ".join(msgspec.json.encode(value).decode() for value in found.values)
        case types.UnionType():
            return " | ".join(text(each) for each in found.types)
        case types.ListType():
            item = text(found.item_type)
            return f"({item})[]" if "|" in item else f"{item}[]"
        case types.DictType():
            return f"Record<string, {text(found.value_type)}>"
        case types.StructType():
            return str(found.cls.__name__)
    raise TypeError(f"no TypeScript for {found!r}")


def _client_events() -> str:
    lines = [
        "/** Client to server: the payload of each event, and what its ack adds to `ok: true`. */",
        "export interface ClientEvents {",
    ]
    for event in catalog.CLIENT_EVENTS:
        reply = event.reply.__name__ if event.reply else "object"
        lines.append(f"  {event.name}: {{ payload: {event.payload.__name__}; reply: {reply} }};")
    return "\n".join([*lines, "}", ""])


def _server_events() -> str:
    lines = ["/** Server to client. */", "export interface ServerEvents {"]
    for event in catalog.SERVER_EVENTS:
        name = event.payload.__name__
        shape = f"Numbered<{name}>" if event.numbered else name
        lines += [f"  /** {event.about} */", f"  {event.name}: {shape};"]
    return "\n".join([*lines, "}", ""])
