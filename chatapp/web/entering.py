"""The forms of the pages, for browsers without a script: coming in, signing in and up, signing out, one's name."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from chatapp.errors import ChatError
from chatapp.services.names import canonical_slug
from chatapp.services.people import Entrance, SignedIn, name_key

from . import forms
from .asking import address, admit, chat, count_page, count_sign_in, dismiss, entrance, visitor
from .pages import home_page, settings_page

blueprint = Blueprint("entering", __name__)
blueprint.before_request(count_page)


@blueprint.post("/enter")
def enter() -> Response:
    """A name and a room: one is there, as oneself or else as a guest."""
    session = visitor()
    forms.check(session)
    name, room = forms.field("name"), forms.field("room")
    typed = {"name": name, "room": room}
    try:
        slug = canonical_slug(room)
    except ChatError as error:
        return home_page(session, error, "e_bad_room", typed=typed)
    where = forms.room_path(slug)
    if session is not None:
        chat().limits.check("event", session.user.id)
        # Here and not by the page that follows: that asks whoever has left the room.
        chat().rooms.enter(session.user, slug)
        return redirect(where, 303)
    try:
        chat().limits.check("guest", address())
        return _admit(lambda by: chat().people.guest(name, by), where)
    except ChatError as error:
        return home_page(session, error, "e_bad_name", typed=typed)


@blueprint.post("/sign-in")
def sign_in() -> Response:
    """A new session of an account."""
    session = visitor()
    forms.check(session)
    name, password = forms.field("name"), forms.field("password")
    try:
        count_sign_in(name)
        return _admit(lambda by: chat().people.sign_in(name, password, by), _next())
    except ChatError as error:
        return home_page(session, error, "e_bad_sign_in", opened="sign-in", typed={"name": name})


@blueprint.post("/sign-up")
def sign_up() -> Response:
    """A new account."""
    session = visitor()
    forms.check(session)
    name, password = forms.field("name"), forms.field("password")
    try:
        chat().limits.check("account", address())
        return _admit(lambda by: chat().people.sign_up(name, password, by), _next())
    except ChatError as error:
        wrong = "e_bad_password" if name_key(name) else "e_bad_name"
        return home_page(session, error, wrong, opened="sign-up", typed={"name": name})


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this session; with `session` another one of the person's, or `all`."""
    session = visitor()
    forms.check(session)
    if session is None:
        return redirect("/", 303)
    which = forms.field("session")
    if which not in ("", "all", session.id):
        chat().people.revoke(session.user, which)
        return redirect("/settings", 303)
    if which == "all":
        chat().people.sign_out_everywhere(session.user)
    else:
        chat().people.sign_out(session)
    return dismiss(redirect("/", 303))


@blueprint.post("/settings")
def rename() -> Response:
    """Another name."""
    session = visitor()
    forms.check(session)
    if session is None:
        return redirect("/sign-in?next=/settings", 303)
    try:
        chat().limits.check("rename", session.user.id)
        chat().people.rename(session.user, forms.field("name"))
    except ChatError as error:
        return settings_page(session, error, "e_bad_name")
    return redirect("/settings", 303)


def _next() -> str:
    return forms.local(forms.field("next") or "/")


def _admit(enter: Callable[[Entrance], SignedIn], where: str) -> Response:
    by = entrance(browser=True)
    return admit(enter(by), by, redirect(where, 303))
