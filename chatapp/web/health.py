"""Whether the server runs, for those who watch it."""

from __future__ import annotations

from flask import Blueprint, Response

from chatapp.runtime import status

from .bodies import answer

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 once one worker accepts."""
    return _answer(status.any_ready())


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 once all workers accept."""
    return _answer(status.all_ready())


def _answer(ok: bool) -> Response:
    return answer({"ok": ok}, 200 if ok else 503)
