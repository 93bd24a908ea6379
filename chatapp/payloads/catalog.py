"""Every event of /chat by name: the one list from which the protocol's documents and client types are made."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import inbound, outbound, replies
from .shapes import Message

PROTOCOL = 1


class ClientEvent(NamedTuple):
    """An event that a client sends: what it carries, and what its ack adds to `ok: true`."""

    name: str
    payload: type[Any]
    reply: type[Any] | None


class ServerEvent(NamedTuple):
    """An event that the server sends; a numbered one also carries `prev`."""

    name: str
    payload: type[Any]
    numbered: bool
    about: str


CLIENT_EVENTS = (
    ClientEvent("join", inbound.Join, replies.JoinReply),
    ClientEvent("leave", inbound.Leave, None),
    ClientEvent("message", inbound.PostMessage, replies.PostReply),
    ClientEvent("typing", inbound.Typing, None),
    ClientEvent("read", inbound.Read, replies.ReadReply),
    ClientEvent("history", inbound.History, replies.HistoryReply),
    ClientEvent("sync", inbound.Sync, replies.SyncReply),
    ClientEvent("edit", inbound.Edit, replies.MessageReply),
    ClientEvent("delete", inbound.Delete, replies.MessageReply),
    ClientEvent("react", inbound.React, replies.MessageReply),
    ClientEvent("stop", inbound.Stop, replies.MessageReply),
    ClientEvent("regenerate", inbound.Regenerate, replies.MessageReply),
    ClientEvent("continue", inbound.Continue, replies.MessageReply),
    ClientEvent("not_for_ai", inbound.NotForAi, replies.MessageReply),
    ClientEvent("tool_answer", inbound.ToolAnswer, None),
    ClientEvent("ai_privacy", inbound.AiPrivacy, replies.AiPrivacyReply),
)

SERVER_EVENTS = (
    ServerEvent("hello", outbound.Hello, False, "The greeting, once connected."),
    ServerEvent("message", Message, True, "A new message, in its current state."),
    ServerEvent(
        "message_changed", Message, True, "A message that was changed, in its current state."
    ),
    ServerEvent(
        "message_delta", outbound.DeltaEvent, False, "More text of an answer being written."
    ),
    ServerEvent(
        "tool_use", outbound.ToolUseEvent, False, "What an answer being written uses just now."
    ),
    ServerEvent("refused", outbound.Refused, False, "No assistant will answer one's message."),
    ServerEvent(
        "tool_request", outbound.ToolRequest, False, "An assistant asks for one's approval."
    ),
    ServerEvent("tool_settled", outbound.ToolSettled, False, "That approval is needed no more."),
    ServerEvent("typing", outbound.TypingEvent, False, "Somebody else types, or stopped."),
    ServerEvent("read", outbound.ReadEvent, False, "Read cursors that moved."),
    ServerEvent("presence", outbound.PresenceEvent, False, "Who came and went."),
    ServerEvent("room", outbound.RoomEvent, True, "A change of the room that is not a message's."),
    ServerEvent(
        "room_changed", outbound.RoomChanged, False, "Something moved in a room not joined here."
    ),
    ServerEvent("user_changed", outbound.UserChanged, False, "Somebody's name or picture changed."),
    ServerEvent("removed", outbound.RemovedEvent, False, "One is no longer a member of the room."),
    ServerEvent("closing", outbound.Closing, False, "The server is about to close the transport."),
    ServerEvent("session_revoked", outbound.SessionRevoked, False, "This session was signed out."),
)
