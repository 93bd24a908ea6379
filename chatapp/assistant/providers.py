"""The providers of this installation, by name: those of the settings, and the built-in demo."""

from __future__ import annotations

from dataclasses import replace

from chatapp.ai_settings import ProviderSettings
from chatapp.config import Settings
from chatapp.payloads import assistants as shapes

from . import capabilities
from .capabilities import OPENAI_MODEL, OPENAI_URL, Capabilities
from .demo import Demo
from .provider import Provider

DEMO = "demo"
OPENAI = "openai"  # what OPENAI_* set up, whatever answers there


class Providers:
    """The first is what an assistant uses that names none. The demo is the last; alone, where nothing is set up."""

    def __init__(self, named: dict[str, Provider]) -> None:
        self._named = named

    def get(self, name: str) -> Provider:
        """The provider of an assistant. One that is no longer set up is replaced by the first."""
        return self._named.get(name) or self.first

    @property
    def first(self) -> Provider:
        return next(iter(self._named.values()))

    def __contains__(self, name: str) -> bool:
        return not name or name in self._named

    def is_demo(self, name: str) -> bool:
        """Whether fixed rules answer there, and no AI."""
        return self.get(name) is self._named[DEMO]

    def items(self) -> list[tuple[str, Provider]]:
        """Name and provider, the first one first."""
        return list(self._named.items())

    def shapes(self) -> list[shapes.Provider]:
        """What people may know of them: no address, no key."""
        return [
            shapes.Provider(
                name=name,
                model=one.model or None,
                demo=name == DEMO,
                tools=one.capabilities.tools,
                window=one.capabilities.window,
            )
            for name, one in self._named.items()
        ]

    def close(self) -> None:
        """Let go of idle connections; no call follows."""
        for one in self._named.values():
            one.close()


def configured(settings: Settings) -> dict[str, ProviderSettings]:
    """What the settings name, OPENAI_* as the first."""
    found: dict[str, ProviderSettings] = {}
    if settings.openai_api_key or settings.openai_base_url:
        base_url = settings.openai_base_url or OPENAI_URL
        model = settings.openai_model or (OPENAI_MODEL if base_url == OPENAI_URL else None)
        found[OPENAI] = ProviderSettings(base_url, settings.openai_api_key, model=model)
    return found | {name: one for name, one in settings.ai_providers.items() if name not in found}


def connect(one: ProviderSettings, name: str = "") -> Provider:
    """The provider behind an address, known by this name."""
    # The SDK takes half a second to import: only who uses it waits for that.
    from .completions import ChatCompletions  # noqa: PLC0415

    return ChatCompletions(one.base_url, one.api_key, one.model, _capabilities(one), name=name)


def _capabilities(one: ProviderSettings) -> Capabilities:
    given = {
        name: value
        for name in ("window", "max_output", "tools", "usage", "finish_reason", "first_token_s")
        if (value := getattr(one, name)) is not None
    }
    known = capabilities.of(one.base_url)
    if "window" in given and "max_output" not in given:
        given["max_output"] = min(known.max_output, given["window"] // 4)
    return replace(known, **given)


def choose(settings: Settings) -> Providers:
    """The providers that the settings name, else the built-in demo alone."""
    named = {name: connect(one, name) for name, one in configured(settings).items()}
    return Providers({**named, DEMO: Demo()})
