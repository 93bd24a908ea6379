"""Rooms and who is in them."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response

from chatapp.payloads import http
from chatapp.payloads.shapes import Role
from chatapp.services import overview
from chatapp.services.people import Session
from chatapp.store.reading import room_info
from chatapp.web.asking import chat, signed_in
from chatapp.web.bodies import answer, body, nothing, optional_body

blueprint = Blueprint("rooms", __name__, url_prefix="/api/v1")


@blueprint.get("/rooms")
@signed_in
def mine(session: Session) -> Response:
    """One's rooms, with what is new in each."""
    return answer(http.RoomList(overview.rooms_of(chat().db, session.user)))


@blueprint.post("/rooms")
@signed_in
def create(session: Session) -> Response:
    """Make a room."""
    new = body(http.NewRoom)
    room = chat().rooms.create(session.user, new.slug, new.name, new.private, new.retention)
    return answer(http.RoomAnswer(room), 201)


@blueprint.get("/rooms/<slug>")
@signed_in
def one(session: Session, slug: str) -> Response:
    """A room of one's own."""
    return answer(http.RoomAnswer(room_info(chat().rooms.seat(session.user, slug))))


@blueprint.post("/direct")
@signed_in
def direct(session: Session) -> Response:
    """The direct room with these people."""
    room = chat().rooms.direct(session.user, body(http.NewDirect).user_ids)
    return answer(http.RoomAnswer(room), 201)


@blueprint.get("/rooms/<slug>/members")
@signed_in
def members(session: Session, slug: str) -> Response:
    """Everyone in a room."""
    found = chat().rooms.members(session.user, slug)
    return answer(http.MemberList([http.Member(user, cast(Role, role)) for user, role in found]))


@blueprint.post("/rooms/<slug>/members")
@signed_in
def set_member(session: Session, slug: str) -> Response:
    """Bring somebody in, or give a member another role; of oneself: enter a public room."""
    wanted = body(http.SetMember)
    rooms = chat().rooms
    if wanted.user_id == session.user.id:
        # Who sends by HTTP only enters a public room this way, as others do by joining it.
        seat = rooms.enter(session.user, slug)
        if seat.role == wanted.role:
            return answer(http.MemberAnswer(http.Member(session.user, wanted.role)), 201)
    user = rooms.set_member(session.user, slug, wanted.user_id, wanted.role)
    return answer(http.MemberAnswer(http.Member(user, wanted.role)), 201)


@blueprint.delete("/rooms/<slug>/members")
@signed_in
def remove_member(session: Session, slug: str) -> Response:
    """Take somebody out; without a name leave oneself."""
    user_id = optional_body(http.RemoveMember).user_id or session.user.id
    chat().rooms.remove_member(session.user, slug, user_id)
    return nothing()
