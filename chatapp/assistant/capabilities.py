"""What a provider can do, as far as its address and model tell."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-5-mini"  # when OPENAI_MODEL is not set; other servers are asked what they have


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The record that the adapter and the context builder go by.

    window         tokens that prompt and answer share
    max_output     tokens of the window that are kept free for the answer
    vision, tools  whether messages may hold images, whether functions may be offered
    name_field     whether messages may carry `name`
    usage          whether a usage chunk can be asked for
    finish_reason  whether a complete answer always has one
    first_token_s  seconds until the first token must be there
    """

    window: int
    max_output: int
    vision: bool = False
    tools: bool = False
    name_field: bool = False
    usage: bool = True
    finish_reason: bool = True
    first_token_s: float = 60.0


OPENAI = Capabilities(128_000, 16_000, vision=True, tools=True, name_field=True)
# An unknown compatible server: a window that every current model has.
COMPATIBLE = Capabilities(8_192, 2_048)
# Ollama's default window, whatever the model could do; some versions end without a finish_reason.
OLLAMA = Capabilities(4_096, 1_024, finish_reason=False)
LOCAL_FIRST_TOKEN_S = 180.0  # a local server may first load its model


def of(base_url: str) -> Capabilities:
    """The record of the provider at `base_url`."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if host == "api.openai.com":
        return OPENAI
    known = OLLAMA if parts.port == 11434 or "ollama" in host else COMPATIBLE
    return replace(known, first_token_s=LOCAL_FIRST_TOKEN_S) if is_local(host) else known


def is_local(host: str) -> bool:
    """Whether `host` is this machine or its own network: a private address, or a name without a public domain."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".localhost"))
