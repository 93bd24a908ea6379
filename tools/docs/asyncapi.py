"""docs/asyncapi.yaml: /chat as an AsyncAPI 3 document."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from chatapp.payloads import catalog
from chatapp.payloads.shapes import Error

from .shapes import about

REF = "#/components/schemas/{name}"


def document() -> str:
    """The file."""
    return dump(
        {
            "asyncapi": "3.0.0",
            "info": {
                "title": "chatapp",
                "version": str(catalog.PROTOCOL),
                "description": "Socket.IO (Engine.IO 4), namespace /chat. Made from the code by `make docs`; "
                "docs/protocol.md says how the events belong together.",
                "license": {"name": "MIT"},
            },
            "servers": {
                "local": {
                    "host": "127.0.0.1:5000",
                    "protocol": "socket.io",
                    "pathname": "/socket.io/",
                    "description": "The namespace is /chat; auth is {token, protocol: 1} or the session cookie.",
                }
            },
            "channels": {"chat": {"address": "/chat", "messages": _messages()}},
            "operations": _operations(),
            "components": {"schemas": _schemas()},
        }
    )


def dump(document: dict[str, Any]) -> str:
    """YAML in the given order."""
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    return text


def _messages() -> dict[str, Any]:
    messages: dict[str, Any] = {}
    for event in catalog.CLIENT_EVENTS:
        messages[f"client_{event.name}"] = {
            "name": event.name,
            "summary": about(event.payload),
            "payload": {"$ref": REF.format(name=event.payload.__name__)},
        }
        messages[f"ack_{event.name}"] = {
            "name": f"ack of {event.name}",
            "payload": {"oneOf": [_accepted(event.reply), {"$ref": REF.format(name="Refusal")}]},
        }
    for sent in catalog.SERVER_EVENTS:
        payload: dict[str, Any] = {"$ref": REF.format(name=sent.payload.__name__)}
        if sent.numbered:
            payload = {"allOf": [payload, {"$ref": REF.format(name="Numbered")}]}
        messages[f"server_{sent.name}"] = {
            "name": sent.name,
            "summary": sent.about,
            "payload": payload,
        }
    return messages


def _accepted(reply: type[Any] | None) -> dict[str, Any]:
    accepted = {"$ref": REF.format(name="Accepted")}
    return {"allOf": [accepted, {"$ref": REF.format(name=reply.__name__)}]} if reply else accepted


def _operations() -> dict[str, Any]:
    channel = {"$ref": "#/channels/chat"}
    operations: dict[str, Any] = {}
    for event in catalog.CLIENT_EVENTS:
        operations[f"receive_{event.name}"] = {
            "action": "receive",
            "channel": channel,
            "messages": [{"$ref": f"#/channels/chat/messages/client_{event.name}"}],
            "reply": {
                "channel": channel,
                "messages": [{"$ref": f"#/channels/chat/messages/ack_{event.name}"}],
            },
        }
    for sent in catalog.SERVER_EVENTS:
        operations[f"send_{sent.name}"] = {
            "action": "send",
            "channel": channel,
            "messages": [{"$ref": f"#/channels/chat/messages/server_{sent.name}"}],
        }
    return operations


def _schemas() -> dict[str, Any]:
    shapes: list[type[Any]] = [Error]
    for event in catalog.CLIENT_EVENTS:
        shapes += [event.payload, *([event.reply] if event.reply else [])]
    shapes += [sent.payload for sent in catalog.SERVER_EVENTS]
    _, schemas = msgspec.json.schema_components(list(dict.fromkeys(shapes)), ref_template=REF)
    schemas["Numbered"] = {
        "type": "object",
        "required": ["prev"],
        "properties": {
            "prev": {
                "type": "integer",
                "description": "The number at which the room's stream stood before this event.",
            }
        },
    }
    schemas["Accepted"] = {
        "type": "object",
        "required": ["ok"],
        "properties": {"ok": {"const": True}},
    }
    schemas["Refusal"] = {
        "type": "object",
        "required": ["ok", "error"],
        "properties": {"ok": {"const": False}, "error": {"$ref": REF.format(name="Error")}},
    }
    return schemas
