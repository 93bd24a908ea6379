"""What the installation says about its models: providers, prices, budgets. Read from JSON, checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

Tokens = Annotated[int, Meta(ge=1, le=100_000_000)]
Money = Annotated[float, Meta(ge=0, le=1_000_000)]
NAME_LENGTH = 40

T = TypeVar("T")


class ProviderSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One provider. `api_key_env` names a variable that holds the key. What is None follows from the address."""

    base_url: str
    api_key: str | None = None
    api_key_env: str | None = None
    model: str | None = None
    window: Tokens | None = None
    max_output: Tokens | None = None
    tools: bool | None = None
    usage: bool | None = None
    finish_reason: bool | None = None
    first_token_s: Annotated[float, Meta(gt=0, le=3600)] | None = None


class Price(Struct, frozen=True, array_like=True):
    """Of a million tokens."""

    prompt: Money
    completion: Money


class Caps(Struct, frozen=True, forbid_unknown_fields=True):
    """What may be used in a day; None is no limit. Money as in the price table."""

    tokens: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    cost: Money | None = None


PERSON, ROOM, ASSISTANT = Caps(250_000), Caps(1_000_000), Caps(5_000_000)


class Budgets(Struct, frozen=True, forbid_unknown_fields=True):
    """The caps of each person, each room and each assistant that has none of its own."""

    person: Caps = PERSON
    room: Caps = ROOM
    assistant: Caps = ASSISTANT


def providers(text: str, environ: Mapping[str, str]) -> dict[str, ProviderSettings]:
    """The providers by name, in their order, with their keys. Raises ValueError with what is wrong."""
    found = _read(text, dict[str, ProviderSettings])
    for name, one in found.items():
        if not 0 < len(name) <= NAME_LENGTH or name == "demo":
            raise ValueError(
                f"a provider's name has 1 to {NAME_LENGTH} characters and is not demo, not {name!r}"
            )
        if not is_address(one.base_url):
            raise ValueError(
                f"{name}: base_url must be an address such as http://127.0.0.1:11434/v1"
            )
        if one.api_key_env is not None and not environ.get(one.api_key_env):
            raise ValueError(f"{name}: the variable {one.api_key_env} is not set")
    return {
        name: msgspec.structs.replace(
            one,
            base_url=one.base_url.rstrip("/"),
            api_key=environ[one.api_key_env] if one.api_key_env else one.api_key,
        )
        for name, one in found.items()
    }


def prices(text: str) -> dict[str, Price]:
    """model -> price. Raises ValueError with what is wrong."""
    return _read(text, dict[str, Price])


def budgets(text: str) -> Budgets:
    """The caps; what is left out has its default. Raises ValueError with what is wrong."""
    return _read(text, Budgets)


def is_address(text: str) -> bool:
    """Whether `text` is one of http or https with a host."""
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _read(text: str, kind: type[T]) -> T:
    if not text.startswith("{"):
        try:
            text = Path(text).expanduser().read_text()
        except OSError as error:
            raise ValueError(f"the file {text} cannot be read ({error.strerror})") from None
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        # Never the text itself: it may hold a key.
        raise ValueError(str(error).replace("`", "")) from None
