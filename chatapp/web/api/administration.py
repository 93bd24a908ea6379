"""What administrators see and do. Who is none is refused, and that is recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, request

from chatapp.errors import ChatError
from chatapp.payloads import administration as shapes
from chatapp.services.people import Session
from chatapp.web.asking import chat, check_admin, signed_in
from chatapp.web.bodies import answer, body, nothing, plain, query, shaped

blueprint = Blueprint("administration", __name__, url_prefix="/api/v1/admin")

View = Callable[..., Any]


def administrators(view: View) -> View:
    """For views of this module: the session is an administrator's now, whatever it was when it began."""

    @signed_in
    @wraps(view)
    def call(session: Session, **arguments: Any) -> Any:
        check_admin(session, f"{request.method} {request.path}")
        return view(session, **arguments)

    return call


@blueprint.get("/people")
@administrators
def people(_session: Session) -> Response:
    """Everybody."""
    wanted = query(shapes.PeopleQuery)
    found = chat().administration.people(wanted.q, wanted.page)
    return answer(shapes.AdminPeople(shaped(shapes.AdminPerson, found)))


@blueprint.put("/people/<user_id>/admin")
@administrators
def set_admin(session: Session, user_id: str) -> Response:
    """Give or take the rights of an administrator."""
    wanted = body(shapes.SetAdmin)
    chat().administration.set_admin(session.user, plain(user_id, "person"), wanted.admin)
    return nothing()


@blueprint.get("/rooms")
@administrators
def rooms(_session: Session) -> Response:
    """All rooms; not what is said there."""
    found = chat().administration.rooms(query(shapes.PageQuery).page)
    return answer(shapes.AdminRooms(shaped(shapes.AdminRoom, found)))


@blueprint.get("/sessions")
@administrators
def sessions(_session: Session) -> Response:
    """Everybody's sessions, or one person's."""
    wanted = query(shapes.SessionsQuery)
    found = chat().administration.sessions(wanted.user_id, wanted.page)
    return answer(shapes.AdminSessions(shaped(shapes.AdminSession, found)))


@blueprint.delete("/sessions/<session_id>")
@administrators
def end_session(session: Session, session_id: str) -> Response:
    """End somebody's session."""
    chat().administration.end_session(session.user, plain(session_id, "session"))
    return nothing()


@blueprint.get("/bans")
@administrators
def bans(_session: Session) -> Response:
    """Who may not sign in."""
    return answer(shapes.BanList(shaped(shapes.Ban, chat().administration.bans())))


@blueprint.post("/bans")
@administrators
def ban(session: Session) -> Response:
    """End somebody's sessions and let no other begin."""
    new = body(shapes.NewBan)
    if new.user_id == session.user.id:
        raise ChatError("conflict", "Nobody bans themselves.")
    chat().administration.ban(session.user, new.user_id, new.reason, new.days)
    return nothing()


@blueprint.delete("/bans/<user_id>")
@administrators
def unban(session: Session, user_id: str) -> Response:
    """Let somebody sign in again."""
    chat().administration.unban(session.user, plain(user_id, "ban"))
    return nothing()


@blueprint.get("/audit")
@administrators
def audit(_session: Session) -> Response:
    """Administrative acts, done and refused."""
    found = chat().administration.audit(query(shapes.AuditQuery).before)
    return answer(shapes.AuditList(shaped(shapes.AuditEntry, found)))
