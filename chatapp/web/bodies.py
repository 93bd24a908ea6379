"""Bodies and queries as typed structs, and JSON answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from chatapp.clock import rfc3339
from chatapp.errors import ChatError, not_found

T = TypeVar("T", bound=msgspec.Struct)

MAX_BODY = 64 * 1024

_encode = msgspec.json.Encoder().encode
_decoders: dict[type[Any], Callable[[bytes], Any]] = {}


def body(kind: type[T]) -> T:
    """The JSON body. Raises ChatError `bad_request` that says what is wrong with it, `too_long` above 64 KiB."""
    if request.mimetype != "application/json":
        raise ChatError("bad_request", "The body must be JSON: Content-Type: application/json.")
    decode = _decoders.get(kind)
    if decode is None:
        decode = _decoders[kind] = msgspec.json.Decoder(kind).decode
    try:
        return _clean(decode(_bytes()))
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise ChatError("bad_request", _sentence(error)) from None


def _bytes() -> bytes:
    data = request.get_data()
    # Of a body in chunks werkzeug takes what fits, and says nothing of the rest.
    if request.content_length is None and len(data) >= MAX_BODY:
        raise RequestEntityTooLarge
    return data


def optional_body(kind: type[T]) -> T:
    """As body(); without any body, the struct's defaults."""
    return body(kind) if _bytes() else kind()


def query(kind: type[T]) -> T:
    """What stands behind the `?`. Raises ChatError `bad_request`."""
    try:
        return _clean(msgspec.convert(request.args.to_dict(), kind, strict=False))
    except msgspec.ValidationError as error:
        raise ChatError("bad_request", _sentence(error)) from None


def plain(text: str, what: str) -> str:
    """An id in a path: what cannot be one is `not_found`, like one that nobody has."""
    if not (text.isascii() and text.isalnum() and len(text) <= 16):
        raise not_found(what)
    return text


def answer(value: object, status: int = 200) -> Response:
    """`value` as JSON."""
    return Response(_encode(value), status, mimetype="application/json")


def shaped(kind: type[T], rows: Iterable[Any]) -> list[T]:
    """Rows as structs of their fields' names; times (`at`, `…_at`), in ms, become RFC 3339."""
    names = kind.__struct_fields__
    return [kind(*(_value(name, getattr(row, name)) for name in names)) for row in rows]


def _value(name: str, value: Any) -> Any:
    is_time = name == "at" or name.endswith("_at")
    return rfc3339(value) if is_time and value is not None else value


def nothing() -> Response:
    """Done, and nothing to say about it."""
    return Response(status=204)


def _clean(struct: T) -> T:
    """Refuse NUL, which no database takes. Lone surrogates have not come through the decoder."""
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, str) and "\0" in value:
            raise ChatError("bad_request", f"{name}: text has no NUL characters.")
    return struct


def _sentence(error: Exception) -> str:
    text = str(error).replace("`", "'")
    return f"{text[:200].rstrip('.')}."
