"""docs/openapi.yaml: the HTTP API as an OpenAPI 3.1 document."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import msgspec

from chatapp.errors import CODES
from chatapp.payloads import http
from chatapp.payloads.routes import ROUTES, Route

from .asyncapi import REF, dump
from .shapes import shape_fields

PREFIX = "/api/v1"
ALWAYS = ("bad_request", "rate_limited", "overloaded", "internal")


def document() -> str:
    """The file."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in ROUTES:
        paths[PREFIX + route.path][route.method.lower()] = _operation(route)
    return dump(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "chatapp",
                "version": "1",
                "description": "Made from the code by `make docs`. A cookie counts for requests that change something only "
                "together with the header `X-Chatapp-Csrf: 1`.",
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "http://127.0.0.1:5000"}],
            "security": [{"bearer": []}, {"cookie": []}],
            "paths": dict(paths),
            "components": {
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": "chatapp"},
                },
                "schemas": _schemas(),
            },
        }
    )


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _name(route),
        "summary": route.about,
        "parameters": _path_parameters(route) + _query_parameters(route),
        "responses": _responses(route),
    }
    if route.body:
        operation["requestBody"] = {"required": True, "content": _json(route.body)}
    if route.open:
        operation["security"] = []
    if not operation["parameters"]:
        del operation["parameters"]
    return operation


def _name(route: Route) -> str:
    words = re.findall(r"[a-z]+", route.path.replace("{", "by_").replace("}", ""))
    return "_".join([route.method.lower(), *words])


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    _, schemas = msgspec.json.schema_components([route.query], ref_template=REF)
    properties = schemas[route.query.__name__]["properties"]
    return [
        {
            "name": field.name,
            "in": "query",
            "required": not field.optional,
            "schema": properties[field.name],
        }
        for field in shape_fields(route.query)
    ]


def _responses(route: Route) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    if route.answer:
        good["content"] = _json(route.answer)
    elif route.path.endswith("/stream"):
        good["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    codes = [
        *ALWAYS,
        *(() if route.open and route.path != "/sessions" else ("unauthenticated",)),
        *route.codes,
    ]
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in codes:
        by_status[CODES[code]].append(code)
    responses: dict[str, Any] = {str(route.status): good}
    for status in sorted(by_status):
        responses[str(status)] = {
            "description": ", ".join(by_status[status]),
            "content": _json(http.Refusal),
        }
    return responses


def _json(shape: type[Any]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REF.format(name=shape.__name__)}}}


def _schemas() -> dict[str, Any]:
    shapes: list[type[Any]] = [http.Refusal]
    for route in ROUTES:
        shapes += [shape for shape in (route.answer, route.body) if shape is not None]
    _, schemas = msgspec.json.schema_components(list(dict.fromkeys(shapes)), ref_template=REF)
    return schemas
