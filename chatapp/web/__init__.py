"""HTTP: pages, sign-in, API v1, server-sent events."""

from __future__ import annotations

from flask import Flask

from . import assets, entering, errors, headers, health, pace, pages, rendering, reports
from .api import (
    accounts,
    administration,
    assistants,
    messages,
    moderation,
    rooms,
    stream,
)
from .bodies import MAX_BODY


def install(app: Flask) -> None:
    """Put all of HTTP on the application. Call it last: the headers go on all answers of what is there by then."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    # An address has one spelling. Correcting others would mean redirects to what a stranger wrote.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    for part in (
        accounts,
        rooms,
        moderation,
        administration,
        messages,
        assistants,
        stream,
        pages,
        entering,
        health,
        reports,
        assets,
    ):
        app.register_blueprint(part.blueprint)
    rendering.register(app)
    errors.register(app, rendering.problem)
    known = app.extensions["socketio"].server.eio.knows
    served = pace.Pace(app.wsgi_app, app.extensions["chatapp"].limits, known)
    app.wsgi_app = headers.SecurityHeaders(served)  # type: ignore[method-assign]
