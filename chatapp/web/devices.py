"""What a person recognises a session by: a few words from the User-Agent."""

from __future__ import annotations

import re

# The first that is found counts: most browsers claim to be others as well.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_PRODUCT = re.compile(r"[A-Za-z][\w.-]{0,30}(/[\w.]{1,12})?")


def label(user_agent: str) -> str:
    """`Firefox, Linux`; of a program its own name, `python-requests/2.34`; empty when it says nothing."""
    if user_agent.startswith("Mozilla/"):
        names = (_first(user_agent, _BROWSERS), _first(user_agent, _SYSTEMS))
        return ", ".join(name for name in names if name)
    product = _PRODUCT.match(user_agent)
    return product.group() if product else ""


def _first(text: str, signs: tuple[tuple[str, str], ...]) -> str:
    return next((name for sign, name in signs if sign in text), "")
