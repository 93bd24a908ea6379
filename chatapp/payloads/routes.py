"""Every route of the HTTP API: the list from which docs/openapi.yaml is made. A test holds it to the application's own."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import administration as admin
from . import assistants, http
from .replies import HistoryReply
from .shapes import Message


class Route(NamedTuple):
    """A route under /api/v1. `open`: answered without a session. `query` and `body` are structs, `answer` too.

    `codes`: the errors beside `bad_request`, `unauthenticated`, `rate_limited`, `overloaded`, `unavailable` and `internal`.
    """

    method: str
    path: str
    about: str
    status: int
    answer: type[Any] | None = None
    body: type[Any] | None = None
    query: type[Any] | None = None
    open: bool = False
    codes: tuple[str, ...] = ()


_ROOM = "/rooms/{slug}"

ROUTES = (
    Route(
        "POST",
        "/guests",
        "Enter as a guest.",
        201,
        http.SignedIn,
        http.EnterAsGuest,
        open=True,
        codes=("name_taken",),
    ),
    Route(
        "POST",
        "/accounts",
        "Sign up.",
        201,
        http.SignedIn,
        http.SignUp,
        open=True,
        codes=("name_taken",),
    ),
    Route("POST", "/sessions", "Sign in.", 201, http.SignedIn, http.SignIn, open=True),
    Route("GET", "/sessions", "One's devices.", 200, http.Devices),
    Route("DELETE", "/sessions", "Sign out everywhere.", 204),
    Route("DELETE", "/sessions/current", "Sign out here.", 204),
    Route(
        "POST",
        "/sessions/current/refresh",
        "Another token for this session, whose time begins anew; the one before it ends.",
        201,
        http.SignedIn,
        codes=("forbidden",),
    ),
    Route("DELETE", "/sessions/{session_id}", "Sign out one device.", 204, codes=("not_found",)),
    Route("GET", "/me", "Whose the credential is.", 200, http.Me),
    Route("PATCH", "/me", "Take another name.", 200, http.Me, http.Rename, codes=("name_taken",)),
    Route(
        "PUT",
        "/me/password",
        "Another password; other sessions end.",
        204,
        body=http.ChangePassword,
        codes=("forbidden",),
    ),
    Route("GET", "/rooms", "One's rooms, with what is unread in them.", 200, http.RoomList),
    Route(
        "POST", "/rooms", "Make a room.", 201, http.RoomAnswer, http.NewRoom, codes=("conflict",)
    ),
    Route("GET", _ROOM, "A room of one's own.", 200, http.RoomAnswer, codes=("not_found",)),
    Route(
        "POST",
        "/direct",
        "The direct room with these people.",
        201,
        http.RoomAnswer,
        http.NewDirect,
        codes=("not_found",),
    ),
    Route(
        "GET",
        f"{_ROOM}/members",
        "Everyone in the room.",
        200,
        http.MemberList,
        codes=("not_found",),
    ),
    Route(
        "POST",
        f"{_ROOM}/members",
        "Bring somebody in, or give a member another role.",
        201,
        http.MemberAnswer,
        http.SetMember,
        codes=("not_found", "forbidden", "conflict"),
    ),
    Route(
        "DELETE",
        f"{_ROOM}/members",
        "Take somebody out, or leave.",
        204,
        body=http.RemoveMember,
        codes=("not_found", "forbidden", "conflict"),
    ),
    Route(
        "GET",
        f"{_ROOM}/messages",
        "A page of messages, oldest first.",
        200,
        HistoryReply,
        query=http.MessagesQuery,
        codes=("not_found",),
    ),
    Route(
        "POST",
        f"{_ROOM}/messages",
        "Post a message, the same as over the socket.",
        201,
        Message,
        http.NewMessage,
        codes=("not_found", "forbidden", "conflict", "too_long"),
    ),
    Route(
        "GET",
        f"{_ROOM}/stream",
        "The room's events as server-sent events; ids are <epoch>:<number>.",
        200,
        codes=("not_found",),
    ),
    Route(
        "GET",
        "/search",
        "The newest messages with all these words.",
        200,
        HistoryReply,
        query=http.SearchQuery,
        codes=("not_found",),
    ),
    Route(
        "GET",
        "/messages/{message_id}/versions",
        "Earlier texts.",
        200,
        http.VersionList,
        codes=("not_found",),
    ),
    Route(
        "GET",
        "/messages/{message_id}/run",
        "What an assistant's answer was made from.",
        200,
        http.RunReport,
        codes=("not_found",),
    ),
    Route(
        "POST",
        f"{_ROOM}/owner",
        "Hand the room over to another member.",
        204,
        body=admin.Transfer,
        codes=("not_found", "forbidden", "conflict"),
    ),
    Route(
        "GET",
        f"{_ROOM}/bans",
        "Who may not come into the room.",
        200,
        admin.BanList,
        codes=("not_found", "forbidden", "conflict"),
    ),
    Route(
        "POST",
        f"{_ROOM}/bans",
        "Put somebody out and keep them out.",
        204,
        body=admin.NewBan,
        codes=("not_found", "forbidden", "conflict"),
    ),
    Route(
        "DELETE",
        f"{_ROOM}/bans/{{user_id}}",
        "Let somebody come again.",
        204,
        codes=("not_found", "forbidden", "conflict"),
    ),
    Route(
        "GET",
        "/admin/people",
        "Everybody, for administrators.",
        200,
        admin.AdminPeople,
        query=admin.PeopleQuery,
        codes=("forbidden",),
    ),
    Route(
        "PUT",
        "/admin/people/{user_id}/admin",
        "Give or take the rights of an administrator.",
        204,
        body=admin.SetAdmin,
        codes=("forbidden", "not_found", "conflict"),
    ),
    Route(
        "GET",
        "/admin/rooms",
        "All rooms, for administrators; not what is said there.",
        200,
        admin.AdminRooms,
        query=admin.PageQuery,
        codes=("forbidden",),
    ),
    Route(
        "GET",
        "/admin/sessions",
        "Everybody's sessions, for administrators.",
        200,
        admin.AdminSessions,
        query=admin.SessionsQuery,
        codes=("forbidden",),
    ),
    Route(
        "DELETE",
        "/admin/sessions/{session_id}",
        "End somebody's session.",
        204,
        codes=("forbidden", "not_found"),
    ),
    Route(
        "GET",
        "/admin/bans",
        "Who may not sign in.",
        200,
        admin.BanList,
        codes=("forbidden",),
    ),
    Route(
        "POST",
        "/admin/bans",
        "End somebody's sessions and let no other begin.",
        204,
        body=admin.NewBan,
        codes=("forbidden", "not_found", "conflict"),
    ),
    Route(
        "DELETE",
        "/admin/bans/{user_id}",
        "Let somebody sign in again.",
        204,
        codes=("forbidden", "not_found"),
    ),
    Route(
        "GET",
        "/admin/audit",
        "Administrative acts, done and refused.",
        200,
        admin.AuditList,
        query=admin.AuditQuery,
        codes=("forbidden",),
    ),
    Route("GET", "/assistants", "The assistants for all rooms.", 200, assistants.AssistantList),
    Route(
        "POST",
        "/assistants",
        "A new assistant for all rooms, by an administrator.",
        201,
        assistants.AssistantAnswer,
        assistants.NewAssistant,
        codes=("forbidden", "name_taken"),
    ),
    Route(
        "PATCH",
        "/assistants/{assistant_id}",
        "Set an assistant for all rooms up anew.",
        200,
        assistants.AssistantAnswer,
        assistants.EditAssistant,
        codes=("forbidden", "not_found", "conflict", "name_taken"),
    ),
    Route(
        "DELETE",
        "/assistants/{assistant_id}",
        "An assistant leaves all rooms for good.",
        204,
        codes=("forbidden", "not_found", "conflict"),
    ),
    Route(
        "GET",
        f"{_ROOM}/assistants",
        "The assistants of the room, and when they speak.",
        200,
        assistants.RoomAssistants,
        codes=("not_found",),
    ),
    Route(
        "PATCH",
        f"{_ROOM}/assistants",
        "Who answers what mentions nobody; the room's caps of a day.",
        200,
        assistants.RoomAssistants,
        assistants.EditTurns,
        codes=("not_found", "forbidden"),
    ),
    Route(
        "POST",
        f"{_ROOM}/assistants",
        "A new assistant of the room's own, by its owner.",
        201,
        assistants.AssistantAnswer,
        assistants.NewAssistant,
        codes=("not_found", "forbidden", "conflict", "name_taken"),
    ),
    Route(
        "PATCH",
        f"{_ROOM}/assistants/{{assistant_id}}",
        "When an assistant speaks in the room; how the room's own is set up.",
        200,
        assistants.AssistantAnswer,
        assistants.EditRoomAssistant,
        codes=("not_found", "forbidden", "conflict", "name_taken"),
    ),
    Route(
        "DELETE",
        f"{_ROOM}/assistants/{{assistant_id}}",
        "The room's own is gone for good; another one leaves the room.",
        204,
        codes=("not_found", "forbidden", "conflict"),
    ),
    Route(
        "GET",
        f"{_ROOM}/budget",
        "What is left of one's own budget of today, of the room's and its assistants'.",
        200,
        assistants.Budgets,
        codes=("not_found",),
    ),
    Route(
        "POST",
        f"{_ROOM}/catch-up",
        "What one missed, for oneself alone; takes up to a minute.",
        200,
        assistants.CatchUp,
        assistants.CatchUpQuery,
        codes=(
            "not_found",
            "budget_exceeded",
            "ai_busy",
            "ai_incomplete",
            "ai_misconfigured",
            "ai_model_missing",
            "ai_quota",
            "ai_unavailable",
        ),
    ),
    Route(
        "GET",
        f"{_ROOM}/tool-requests",
        "What assistants wait for one's approval of.",
        200,
        assistants.ToolRequests,
        codes=("not_found",),
    ),
)
