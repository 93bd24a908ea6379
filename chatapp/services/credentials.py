"""Where a request carries its session's token: the Authorization header, or the browser's cookie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

# Browsers give a __Host- cookie back only to the very host that set it, over https. Over plain http they drop it.
SECURE_COOKIE = "__Host-chatapp"
PLAIN_COOKIE = "chatapp"

# No other site can make a browser send this header: it would need a preflight, and gets none.
CSRF_HEADER = "X-Chatapp-Csrf"

Environ = Mapping[str, Any]


def cookie_name(environ: Environ) -> str:
    """The name of the session cookie for this request's scheme."""
    return SECURE_COOKIE if environ.get("wsgi.url_scheme") == "https" else PLAIN_COOKIE


def cookie_token(environ: Environ) -> str | None:
    """The token in the session cookie; the first, if there are several.

    Cookies of all programs on the host come together, whatever their port. The standard library's reader stops at the first
    that is not to its taste, a bit of JSON or a name without a value: people were signed out by what another program had set.
    """
    wanted = cookie_name(environ)
    for pair in str(environ.get("HTTP_COOKIE", "")).split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == wanted:
            return value.strip() or None
    return None


def bearer_token(environ: Environ) -> str | None:
    """The token in `Authorization: Bearer <token>`."""
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def vouched(environ: Environ) -> bool:
    """Whether only a page of ours can have made this request, so that its cookie counts: by its Origin, or by a header
    that no other site can make a browser send. Same-origin GETs have no Origin."""
    if environ.get("HTTP_ORIGIN") is not None:
        return not foreign(environ)
    return environ.get("HTTP_" + CSRF_HEADER.upper().replace("-", "_")) == "1"


def foreign(environ: Environ) -> bool:
    """Whether this request says that a page of another site made it.

    The host is compared, not the scheme: https may end at a proxy that does not tell. X-Forwarded-Host is not looked
    at, since anybody may write it.
    """
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return True
    port = {"http": ":80", "https": ":443"}.get(parts.scheme)
    host = str(environ.get("HTTP_HOST", "")).lower()
    return port is None or parts.netloc.lower().removesuffix(port) != host.removesuffix(port)


def same_owner(handshake: Environ, request: Environ) -> bool:
    """Whether a later request of an Engine.IO session carries what its handshake carried."""
    return (cookie_token(handshake), bearer_token(handshake)) == (
        cookie_token(request),
        bearer_token(request),
    )
