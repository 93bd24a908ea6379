"""Bans of a room, and handing it over: for its owners and moderators."""

from __future__ import annotations

from flask import Blueprint, Response

from chatapp.payloads import administration as shapes
from chatapp.services.people import Session
from chatapp.web.asking import chat, signed_in
from chatapp.web.bodies import answer, body, nothing, plain, shaped

blueprint = Blueprint("moderation", __name__, url_prefix="/api/v1/rooms/<slug>")


@blueprint.post("/owner")
@signed_in
def transfer(session: Session, slug: str) -> Response:
    """Hand the room over."""
    chat().moderation.transfer(session.user, slug, body(shapes.Transfer).user_id)
    return nothing()


@blueprint.get("/bans")
@signed_in
def bans(session: Session, slug: str) -> Response:
    """Who may not come."""
    return answer(shapes.BanList(shaped(shapes.Ban, chat().moderation.bans(session.user, slug))))


@blueprint.post("/bans")
@signed_in
def ban(session: Session, slug: str) -> Response:
    """Put somebody out and keep them out."""
    new = body(shapes.NewBan)
    chat().moderation.ban(session.user, slug, new.user_id, new.reason, new.days)
    return nothing()


@blueprint.delete("/bans/<user_id>")
@signed_in
def lift(session: Session, slug: str, user_id: str) -> Response:
    """Let somebody come again."""
    chat().moderation.lift(session.user, slug, plain(user_id, "ban"))
    return nothing()
