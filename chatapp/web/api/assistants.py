"""Assistants: who they are, when they speak in a room, and what is left of their budgets."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response

from chatapp.assistant import Assistants, allowance
from chatapp.payloads import assistants as shapes
from chatapp.services.people import Session
from chatapp.web.asking import chat, signed_in
from chatapp.web.bodies import answer, body, nothing, optional_body

blueprint = Blueprint("assistants", __name__, url_prefix="/api/v1")


def assistants() -> Assistants:
    """Those of this process."""
    return cast(Assistants, chat().assistants)


@blueprint.get("/assistants")
@signed_in
def general(session: Session) -> Response:
    """The assistants for all rooms."""
    return answer(assistants().roster.for_all_rooms(session.user))


@blueprint.post("/assistants")
@signed_in
def add(session: Session) -> Response:
    """A new one for all rooms."""
    made = assistants().roster.add(session.user, body(shapes.NewAssistant))
    return answer(shapes.AssistantAnswer(made), 201)


@blueprint.patch("/assistants/<assistant_id>")
@signed_in
def edit(session: Session, assistant_id: str) -> Response:
    """Set one of them up anew."""
    wanted = body(shapes.EditAssistant)
    changed = assistants().roster.edit(session.user, assistant_id, wanted)
    return answer(shapes.AssistantAnswer(changed))


@blueprint.delete("/assistants/<assistant_id>")
@signed_in
def remove(session: Session, assistant_id: str) -> Response:
    """It is gone from all rooms."""
    assistants().roster.remove(session.user, assistant_id)
    return nothing()


@blueprint.get("/rooms/<slug>/assistants")
@signed_in
def of_room(session: Session, slug: str) -> Response:
    """The assistants of a room."""
    return answer(assistants().roster.of_room(session.user, slug))


@blueprint.patch("/rooms/<slug>/assistants")
@signed_in
def set_turns(session: Session, slug: str) -> Response:
    """Who answers what mentions nobody, and the room's caps."""
    return answer(assistants().roster.set_turns(session.user, slug, body(shapes.EditTurns)))


@blueprint.post("/rooms/<slug>/assistants")
@signed_in
def add_to_room(session: Session, slug: str) -> Response:
    """A new assistant of the room's own."""
    made = assistants().roster.add(session.user, body(shapes.NewAssistant), slug)
    return answer(shapes.AssistantAnswer(made), 201)


@blueprint.post("/rooms/<slug>/assistants/try")
@signed_in
def try_provider(session: Session, slug: str) -> Response:
    """Whether a provider does what an assistant needs."""
    wanted = body(shapes.TryProvider)
    return answer(assistants().trying.try_out(session.user, slug, wanted))


@blueprint.patch("/rooms/<slug>/assistants/<assistant_id>")
@signed_in
def edit_in_room(session: Session, slug: str, assistant_id: str) -> Response:
    """When it speaks in the room; how the room's own is set up."""
    wanted = body(shapes.EditRoomAssistant)
    changed = assistants().roster.edit(session.user, assistant_id, wanted, slug)
    return answer(shapes.AssistantAnswer(changed))


@blueprint.delete("/rooms/<slug>/assistants/<assistant_id>")
@signed_in
def remove_from_room(session: Session, slug: str, assistant_id: str) -> Response:
    """The room's own is gone; another one leaves the room."""
    assistants().roster.remove(session.user, assistant_id, slug)
    return nothing()


@blueprint.get("/rooms/<slug>/budget")
@signed_in
def budget(session: Session, slug: str) -> Response:
    """What is left of today's budgets."""
    return answer(allowance.of_room(chat(), assistants().purse, session.user, slug))


@blueprint.post("/rooms/<slug>/catch-up")
@signed_in
def catch_up(session: Session, slug: str) -> Response:
    """What the asker missed, for them alone."""
    wanted = optional_body(shapes.CatchUpQuery)
    return answer(assistants().catch_ups.catch_up(session.user, slug, wanted.since))


@blueprint.get("/rooms/<slug>/tool-requests")
@signed_in
def tool_requests(session: Session, slug: str) -> Response:
    """What waits for the asker's word."""
    return answer(shapes.ToolRequests(assistants().approvals.pending(session.user, slug)))
