"""The pages. Each also works without a script as far as it can: come in, read, sign out."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from chatapp.errors import ChatError, not_found
from chatapp.services import overview
from chatapp.services.names import canonical_slug
from chatapp.services.people import Session

from . import forms
from .asking import chat, check_admin, count_page, visitor
from .rendering import page, reason

# Set by frontend/src/ui/page/nav.ts for the path of a room: the id of the person who has left it.
LEFT_COOKIE = "chatapp-left"

blueprint = Blueprint("pages", __name__)
blueprint.before_request(count_page)


@blueprint.get("/")
def home() -> Response:
    """The entry page."""
    return home_page(visitor())


@blueprint.get("/sign-in")
def sign_in() -> Response:
    """The entry page with the form for signing in open."""
    return home_page(visitor(), opened="sign-in")


@blueprint.get("/sign-up")
def sign_up() -> Response:
    """The entry page with the form for signing up open."""
    return home_page(visitor(), opened="sign-up")


def home_page(
    session: Session | None,
    error: ChatError | None = None,
    wrong: str = "",
    *,
    opened: str = "enter",
    typed: dict[str, str] | None = None,
) -> Response:
    """The entry page with the form `opened`: as it was `typed`, and why it was not taken (`wrong` names the usual
    reason)."""
    return page(
        "home",
        session,
        status=error.status if error else 200,
        entries=overview.rooms_of(chat().db, session.user) if session else [],
        opened=opened,
        problem=reason(error, wrong) if error else None,
        typed=typed or {},
        next=forms.local(request.values.get("next", "/")),
    )


@blueprint.get("/r/<slug>")
@blueprint.get("/r/<slug>/<int:seq>")
def room(slug: str, seq: int | None = None) -> Response:
    """A room. Its address can be shared: who comes without a session says a name and is there."""
    canonical = canonical_slug(slug)
    if canonical != slug:
        return redirect(forms.room_path(canonical, seq), 308)
    session = visitor()
    if session is None:
        return page("enter", None, slug=canonical)
    chat().limits.check("event", session.user.id)
    left = request.cookies.get(LEFT_COOKIE) == session.user.id
    if left and not chat().rooms.has(session.user, canonical):
        # Opening the page enters a public room; Back, after one has left it, must not.
        return page("enter", session, slug=canonical)
    seat = chat().rooms.enter(session.user, canonical)
    found = overview.latest(chat().db, session.user, seat.room_id)
    shown = found.messages
    if seq is not None:
        shown = chat().messages.history(seat, around=seq).messages
    return page("room", session, room=found, shown=shown, seq=seq)


@blueprint.get("/r/<slug>/assistants")
def assistants(slug: str) -> Response:
    """The assistants of a room one is in: who they are, when they speak, and for those who may, their settings."""
    canonical = canonical_slug(slug)
    path = f"{forms.room_path(canonical)}/assistants"
    if canonical != slug:
        return redirect(path, 308)
    session = visitor()
    if session is None:
        return redirect(f"/sign-in?next={quote(path)}", 303)
    chat().limits.check("event", session.user.id)
    return page("assistants", session, seat=chat().rooms.seat(session.user, canonical))


@blueprint.get("/r/<path:name>")
def strange_room(name: str) -> Response:
    """What is no slug in any form, such as one with a slash."""
    canonical_slug(f"{name}/")
    raise not_found("room")


@blueprint.get("/settings")
def settings() -> Response:
    """One's name, language and sessions."""
    session = visitor()
    return settings_page(session) if session else redirect("/sign-in?next=/settings", 303)


@blueprint.get("/admin")
def admin() -> Response:
    """People, rooms, sessions, bans and the record, for administrators."""
    session = visitor()
    if session is None:
        return redirect("/sign-in?next=/admin", 303)
    check_admin(session, "GET /admin")
    return page("admin", session)


def settings_page(session: Session, error: ChatError | None = None, wrong: str = "") -> Response:
    """One's name, language and sessions; with `error`, why the new name was not taken."""
    return page(
        "settings",
        session,
        status=error.status if error else 200,
        devices=chat().people.sessions(session.user),
        current=session.id,
        problem=reason(error, wrong) if error else None,
    )
