"""Forms that work without a script: their token, their fields, and where they lead."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote

from flask import Response, request

from chatapp import ids
from chatapp.errors import ChatError
from chatapp.services import credentials
from chatapp.services.people import Session

from .asking import chat, set_cookie

VISITOR = "chatapp-visitor"


def token(session: Session | None, visitor_id: str) -> str:
    """The hidden field of a page's forms: worth nothing in another session, or for another visitor."""
    bound = f"session {session.id}" if session else f"visitor {visitor_id}"
    key = chat().settings.secret_key.encode()
    return hmac.new(key, f"form of {bound}".encode(), hashlib.sha256).hexdigest()


def _visitor_cookie() -> str:
    return f"__Host-{VISITOR}" if request.is_secure else VISITOR


def visitor_id() -> str:
    """What tells visitors without a session apart; a new one until the browser has the cookie."""
    return request.cookies.get(_visitor_cookie()) or ids.new_id()


def remember_visitor(response: Response, visitor: str) -> None:
    """Give the browser what its forms' token is bound to."""
    if request.cookies.get(_visitor_cookie()) != visitor:
        set_cookie(response, _visitor_cookie(), visitor)


def check(session: Session | None) -> None:
    """Raises ChatError `forbidden` unless the form came from a page that we gave to this very browser."""
    sent = request.form.get("csrf", "")
    wanted = token(session, request.cookies.get(_visitor_cookie()) or "")
    if credentials.foreign(request.environ) or not hmac.compare_digest(
        sent.encode(errors="replace"), wanted.encode()
    ):
        raise ChatError("forbidden", "The form is too old, or from another site.")


def field(name: str) -> str:
    """A field of the form, empty if it is missing. Raises ChatError `bad_request` for what is no text."""
    text = request.form.get(name, "")
    if "\0" in text:
        raise ChatError("bad_request", f"{name}: text has no NUL characters.")
    return text


def local(path: str) -> str:
    """`path` if it leads to a page of this server, else `/`: no redirect takes anybody elsewhere."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours and "\\" not in path else "/"


def room_path(slug: str, seq: int | None = None) -> str:
    """The address of a room, or of a message in it."""
    return f"/r/{quote(slug, safe='')}" + ("" if seq is None else f"/{seq}")
