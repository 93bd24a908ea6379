"""Every failure as an answer: JSON for programs, a page for people. The unexpected is one line in the log."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from flask import Flask, Response, request
from msgspec import UNSET
from werkzeug.exceptions import HTTPException

from chatapp.errors import ChatError, not_found
from chatapp.ids import new_id
from chatapp.payloads import Error, http
from chatapp.runtime.logs import fields

from .bodies import answer

log = logging.getLogger("chatapp.web")

Page = Callable[[ChatError, int, str], Response]

# What werkzeug refuses by itself, in our words. Its other statuses keep their number.
_KNOWN = {
    404: not_found("page"),
    413: ChatError("too_long", "The body has more than 64 KiB."),
}


def register(app: Flask, page: Page) -> None:
    """Have the application answer failures this way; `page(error, status, request_id)` says it to people."""

    def refuse(error: ChatError, status: int, request_id: str | None = None) -> Response:
        request_id = request_id or new_id()
        if _is_program():
            response = answer(http.Refusal(_shape(error, request_id)), status)
        else:
            response = page(error, status, request_id)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(math.ceil(error.retry_after))
        return response

    @app.errorhandler(ChatError)
    def refused(error: ChatError) -> Response:
        return refuse(error, error.status)

    @app.errorhandler(HTTPException)
    def not_http(error: HTTPException) -> Response:
        status = error.code or 500
        known = _KNOWN.get(status) or ChatError("bad_request", f"{error.name}.")
        response = refuse(known, status)
        for name, value in error.get_headers(request.environ):
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        request_id = new_id()
        _log(request_id, error)
        return refuse(ChatError("internal", "Something went wrong on the server."), 500, request_id)


def _shape(error: ChatError, request_id: str) -> Error:
    retry_after = UNSET if error.retry_after is None else error.retry_after
    return Error(error.code, error.message, retry_after, request_id, error.budget or UNSET)


def _log(request_id: str, error: Exception) -> None:
    about = fields(request_id=request_id, method=request.method, path=request.path)
    log.error("a request failed", exc_info=error, extra=about)


def _is_program() -> bool:
    """Whether JSON is the better answer: under /api, and for who does not ask for a page."""
    return request.path.startswith("/api/") or not request.accept_mimetypes.accept_html
