"""Messages of a room: pages, posting, search, earlier texts, and what an answer was made from."""

from __future__ import annotations

from flask import Blueprint, Response

from chatapp.clock import rfc3339
from chatapp.payloads import http
from chatapp.services import provenance
from chatapp.services.names import canonical_slug
from chatapp.services.people import Session
from chatapp.web.asking import chat, signed_in
from chatapp.web.bodies import answer, body, query

blueprint = Blueprint("messages", __name__, url_prefix="/api/v1")


@blueprint.get("/rooms/<slug>/messages")
@signed_in
def page(session: Session, slug: str) -> Response:
    """A page of messages."""
    wanted = query(http.MessagesQuery)
    seat = chat().rooms.seat(session.user, slug)
    return answer(
        chat().messages.history(seat, wanted.before, wanted.after, wanted.around, wanted.limit)
    )


@blueprint.post("/rooms/<slug>/messages")
@signed_in
def post(session: Session, slug: str) -> Response:
    """Post a message, by the same rules as over the socket."""
    new = body(http.NewMessage)
    chat().limits.check("message", session.user.id)
    said = (new.client_id, new.body, new.reply_to, new.not_for_ai)
    seat = chat().rooms.find(session.user, slug)
    if seat is None:
        stored = chat().messages.repeat(session.user, canonical_slug(slug), *said)
    else:
        stored = chat().messages.post(session.user, seat.room_id, seat.slug, *said).wait()
    return Response(stored.payload, 201, mimetype="application/json")


@blueprint.get("/search")
@signed_in
def search(session: Session) -> Response:
    """The newest messages with all these words."""
    wanted = query(http.SearchQuery)
    return answer(chat().messages.search(session.user, wanted.q, wanted.room))


@blueprint.get("/messages/<message_id>/versions")
@signed_in
def versions(session: Session, message_id: str) -> Response:
    """Earlier texts of a message."""
    found = chat().messages.versions(session.user, message_id)
    return answer(http.VersionList([http.Version(n, text, rfc3339(at)) for n, text, at in found]))


@blueprint.get("/messages/<message_id>/run")
@signed_in
def run(session: Session, message_id: str) -> Response:
    """What an assistant's answer was made from."""
    return answer(provenance.run_report(chat().db, session.user, message_id))
