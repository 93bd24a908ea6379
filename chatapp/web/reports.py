"""Where browsers report what the pages' content security policy stopped: each a line in the log."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, request

from chatapp.runtime.logs import fields

from .asking import address, chat
from .bodies import nothing
from .headers import REPORTS

log = logging.getLogger("chatapp.csp")

MAX_LOGGED = 2_000  # characters of one report

blueprint = Blueprint("reports", __name__)


@blueprint.post(REPORTS)
def report() -> Response:
    """Anybody can post anything here, so it is logged as one escaped string, and not often."""
    chat().limits.check("csp_report", address())
    text = request.get_data(cache=False).decode(errors="replace")[:MAX_LOGGED]
    log.warning("a page's policy stopped something", extra=fields(csp_report=text))
    return nothing()
