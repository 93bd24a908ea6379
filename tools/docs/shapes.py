"""The payload types as data: fields with their types, limits and sentences, in the order of the source."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import inspect as types

_COMMENT = re.compile(r"^\s+(\w+):.*?#\s*(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Field:
    """One field of a shape: `optional` may be left out, `about` is the comment beside it."""

    name: str
    type: types.Type
    optional: bool
    about: str


def about(shape: type[Any]) -> str:
    """The first paragraph of the docstring."""
    return " ".join((inspect.getdoc(shape) or "").split("\n\n")[0].split())


def notes(shape: type[Any]) -> str:
    """The whole docstring on one line."""
    return " ".join((inspect.getdoc(shape) or "").split())


def shape_fields(shape: type[Any]) -> list[Field]:
    """The fields of a struct."""
    comments = dict(_COMMENT.findall(inspect.getsource(shape)))
    return [
        Field(each.encode_name, each.type, not each.required, comments.get(each.name, ""))
        for each in types.type_info(shape).fields  # type: ignore[attr-defined]
    ]


def structs_in(found: types.Type) -> Iterator[type[Any]]:
    """The structs that a type mentions directly."""
    if isinstance(found, types.StructType):
        yield found.cls
    elif isinstance(found, types.UnionType):
        for each in found.types:
            yield from structs_in(each)
    elif isinstance(found, types.ListType):
        yield from structs_in(found.item_type)
    elif isinstance(found, types.DictType):
        yield from structs_in(found.value_type)


def with_parts(shapes: Iterable[type[Any]]) -> list[type[Any]]:
    """The shapes and all that they are made of, parts first, each once."""
    ordered: dict[type[Any], None] = {}

    def add(shape: type[Any]) -> None:
        if shape in ordered:
            return
        for field in shape_fields(shape):
            for part in structs_in(field.type):
                add(part)
        ordered[shape] = None

    for shape in shapes:
        add(shape)
    return list(ordered)


def limits(found: types.Type) -> str:
    """What a value is held to, in words."""
    said = []
    if isinstance(found, types.StrType):
        if found.pattern:
            said.append(f"matches `{found.pattern}`")
        if found.min_length is not None or found.max_length is not None:
            said.append(f"{found.min_length or 0}–{found.max_length} code points")
    if isinstance(found, types.IntType) and found.ge is not None and found.le is not None:
        said.append(f"{found.ge}–{'2^53-1' if found.le == 2**53 - 1 else found.le}")
    if isinstance(found, types.ListType) and found.max_length is not None:
        said.append(f"at most {found.max_length}")
    return ", ".join(said)
