"""Headers on every answer, whoever makes it: pages, API, files, long-polling.

A middleware around the whole application, because Flask's own hooks do not see what the Socket.IO server answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

REPORTS = "/csp-reports"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "font-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        f"report-uri {REPORTS}",
        "report-to csp",
    )
)

_ALWAYS = [
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Reporting-Endpoints", f'csp="{REPORTS}"'),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), payment=(), usb=()"),
]
_HSTS = ("Strict-Transport-Security", "max-age=31536000")
# Unless the answer says something else: what is in a room is no business of a cache.
_NO_STORE = ("Cache-Control", "no-store")

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class SecurityHeaders:
    """The application with the headers."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        added = [*_ALWAYS, _HSTS] if environ.get("wsgi.url_scheme") == "https" else _ALWAYS

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            said = {name.lower() for name, _ in headers}
            extra = [] if "cache-control" in said else [_NO_STORE]
            return start_response(status, [*headers, *added, *extra], *more)

        return self._app(environ, start)
