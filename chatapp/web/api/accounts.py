"""Coming in, signing out, and what people change about themselves."""

from __future__ import annotations

from flask import Blueprint, Response, request

from chatapp.clock import rfc3339
from chatapp.errors import ChatError, not_found
from chatapp.payloads import http
from chatapp.services import credentials
from chatapp.services.people import Entrance, Session, SignedIn
from chatapp.web.asking import (
    address,
    admit,
    chat,
    check_not_foreign,
    count_sign_in,
    dismiss,
    entrance,
    signed_in,
)
from chatapp.web.bodies import answer, body, nothing

blueprint = Blueprint("accounts", __name__, url_prefix="/api/v1")


@blueprint.post("/guests")
def enter_as_guest() -> Response:
    """A new guest."""
    check_not_foreign()
    wanted = body(http.EnterAsGuest)
    chat().limits.check("guest", address())
    by = entrance(lifetime_s=wanted.lifetime)
    return _welcome(chat().people.guest(wanted.name, by), by)


@blueprint.post("/accounts")
def sign_up() -> Response:
    """A new account."""
    check_not_foreign()
    wanted = body(http.SignUp)
    chat().limits.check("account", address())
    by = entrance()
    return _welcome(chat().people.sign_up(wanted.name, wanted.password, by), by)


@blueprint.post("/sessions")
def sign_in() -> Response:
    """A new session of an account."""
    check_not_foreign()
    wanted = body(http.SignIn)
    count_sign_in(wanted.name)
    by = entrance(lifetime_s=wanted.lifetime)
    return _welcome(chat().people.sign_in(wanted.name, wanted.password, by), by)


def _welcome(new: SignedIn, by: Entrance) -> Response:
    return admit(new, by, answer(http.SignedIn(new.token, new.user, rfc3339(new.expires_at)), 201))


@blueprint.get("/me")
@signed_in
def me(session: Session) -> Response:
    """Whose the credential is."""
    return answer(http.Me(session.user))


@blueprint.patch("/me")
@signed_in
def rename(session: Session) -> Response:
    """Another name."""
    chat().limits.check("rename", session.user.id)
    return answer(http.Me(chat().people.rename(session.user, body(http.Rename).name)))


@blueprint.put("/me/password")
@signed_in
def change_password(session: Session) -> Response:
    """Another password; all other sessions end."""
    wanted = body(http.ChangePassword)
    chat().limits.check("sign_in", session.user.id)
    chat().people.change_password(session, wanted.old, wanted.new)
    return nothing()


@blueprint.get("/sessions")
@signed_in
def sessions(session: Session) -> Response:
    """One's devices."""
    return answer(
        http.Devices(
            [
                http.Device(
                    id=device.id,
                    kind=device.kind,
                    label=device.label,
                    created_at=rfc3339(device.created_at),
                    seen_at=rfc3339(device.seen_at),
                    current=device.id == session.id,
                )
                for device in chat().people.sessions(session.user)
            ]
        )
    )


@blueprint.delete("/sessions")
@signed_in
def sign_out_everywhere(session: Session) -> Response:
    """End all of one's sessions, this one too."""
    chat().people.sign_out_everywhere(session.user)
    return dismiss(nothing())


@blueprint.delete("/sessions/current")
@signed_in
def sign_out(session: Session) -> Response:
    """End this session."""
    chat().people.sign_out(session)
    return dismiss(nothing())


@blueprint.post("/sessions/current/refresh")
@signed_in
def refresh(session: Session) -> Response:
    """Another token for this session; sockets that came in with the one before it stay."""
    token = credentials.bearer_token(request.environ)
    if token is None:
        raise ChatError("forbidden", "Only a token is refreshed; a cookie lasts while it is used.")
    new = chat().people.refresh(session, token)
    return answer(http.SignedIn(new.token, new.user, rfc3339(new.expires_at)), 201)


@blueprint.delete("/sessions/<session_id>")
@signed_in
def revoke(session: Session, session_id: str) -> Response:
    """End another of one's sessions."""
    if not session_id.isalnum():
        raise not_found("session")
    chat().people.revoke(session.user, session_id)
    return nothing()
