"""The events of /chat: each handler authorizes by looking up, calls one service, and its result is the ack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UnsetType

from chatapp import payloads
from chatapp.clock import now_ms, rfc3339
from chatapp.errors import ChatError, not_found
from chatapp.payloads import User
from chatapp.payloads.catalog import PROTOCOL
from chatapp.realtime import frames
from chatapp.realtime.connection import Connection
from chatapp.realtime.namespace import Followed, Identity, TypedNamespace, on
from chatapp.realtime.overrides import PING_INTERVAL_S, PING_TIMEOUT_S
from chatapp.realtime.transport import MAX_MESSAGE
from chatapp.services.chat import Chat
from chatapp.services.credentials import bearer_token, cookie_token, vouched
from chatapp.services.messages import BODY_LENGTH
from chatapp.services.names import canonical_slug
from chatapp.store.pending import Pending
from chatapp.store.posting import Posted

LIMITS = payloads.Limits(
    body=BODY_LENGTH,
    frame=MAX_MESSAGE,
    page=100,
    ping_interval=PING_INTERVAL_S,
    ping_timeout=PING_TIMEOUT_S,
)
AUTH_FIELDS = frozenset({"token", "protocol"})
FEATURES = [
    "assistants",
    "budgets",
    "catch_up",
    "continue",
    "not_for_ai",
    "reactions",
    "replies",
    "search",
    "several_assistants",
    "tools",
]


def given(value: Any) -> Any:
    """An optional field of a payload, None where it was left out."""
    return None if isinstance(value, UnsetType) else value


def posted(result: Posted) -> bytes:
    """The ack of a post: the stored payload is not encoded a second time."""
    return b'{"message":%b,"duplicate":%b}' % (
        result.payload,
        b"true" if result.duplicate else b"false",
    )


class Events(TypedNamespace):
    """Clients of /chat."""

    def __init__(self, chat: Chat) -> None:
        super().__init__(chat.fanout)
        self.chat = chat
        # So that clients mark the assistant as what it is without a model: a demo, no AI.
        settings = chat.settings
        model = settings.openai_api_key or settings.openai_base_url or settings.ai_providers
        self.features = FEATURES if model else [*FEATURES, "demo_assistant"]

    def authenticate(self, environ: Mapping[str, Any], auth: dict[str, Any] | None) -> Identity:
        given_auth = auth or {}
        if not AUTH_FIELDS.issuperset(given_auth):
            raise ChatError("bad_request", "auth has the fields token and protocol, and no other.")
        if given_auth.get("protocol", PROTOCOL) != PROTOCOL:
            raise ChatError("bad_request", f"This server speaks protocol {PROTOCOL}.")
        # A token that is given is the one that counts, also an empty one: nobody comes in as somebody else by accident.
        token = given_auth["token"] if "token" in given_auth else bearer_token(environ)
        if token is None and vouched(environ):
            token = cookie_token(environ)
        session = self.chat.people.by_token(token) if isinstance(token, str) else None
        if session is None:
            raise ChatError("unauthenticated", "Sign in first.")
        self.chat.limits.check("socket", session.user.id)
        there = self.chat.fanout.count(f"user:{session.user.id}")
        self.chat.limits.room_for("sockets_of_person", there)
        return Identity(session.user, session.id, session.expires_at)

    def opened(self, conn: Connection) -> None:
        user = person(conn)
        self.enter(conn, f"user:{user.id}")
        self.enter(conn, f"session:{conn.session_id}")
        hello = payloads.Hello(user, PROTOCOL, rfc3339(now_ms()), LIMITS, self.features)
        self.chat.fanout.send_to(conn, frames.event("hello", msgspec.json.encode(hello)))
        self.chat.opened(conn)

    def closed(self, conn: Connection) -> None:
        self.chat.closed(conn)

    def allow(self, conn: Connection, event: str, weight: int) -> None:  # noqa: ARG002 - only its size counts
        self.chat.limits.check("event", conn.user.id, weight)

    @on("join", payloads.Join, reads=True)
    def on_join(self, conn: Connection, join: payloads.Join) -> Followed:
        joined = self.chat.attendance.join(conn, join.room, given(join.since), given(join.epoch))
        return Followed(joined.reply, joined.tail)

    @on("leave", payloads.Leave)
    def on_leave(self, conn: Connection, leave: payloads.Leave) -> None:
        room_id, _slug = self._place(conn, leave.room)
        self.chat.attendance.leave(conn, room_id)

    @on("message", payloads.PostMessage, ack=posted)
    def on_message(self, conn: Connection, post: payloads.PostMessage) -> Pending[Posted] | Posted:
        self.chat.limits.check("message", conn.user.id)
        if post.uploads:
            raise ChatError("not_found", "No such upload, or it is not open to you.")
        said = (post.client_id, post.body, post.reply_to, post.not_for_ai)
        place = self._find(conn, post.room)
        if place is None:
            return self.chat.messages.repeat(person(conn), canonical_slug(post.room), *said)
        room_id, slug = place
        return self.chat.messages.post(person(conn), room_id, slug, *said)

    @on("typing", payloads.Typing)
    def on_typing(self, conn: Connection, typing: payloads.Typing) -> None:
        self.chat.limits.check("typing", conn.user.id)
        room_id, slug = self._place(conn, typing.room)
        self.chat.typing.tell(room_id, slug, person(conn), typing.typing)

    @on("read", payloads.Read, reads=True)
    def on_read(self, conn: Connection, read: payloads.Read) -> payloads.ReadReply:
        seat = self.chat.rooms.seat(person(conn), read.room)
        return self.chat.receipts.confirm(conn, seat, read.seq)

    @on("history", payloads.History, reads=True)
    def on_history(self, conn: Connection, history: payloads.History) -> payloads.HistoryReply:
        return self.chat.messages.history(
            self.chat.rooms.seat(person(conn), history.room),
            given(history.before),
            given(history.after),
            given(history.around),
            history.limit,
        )

    @on("sync", payloads.Sync, reads=True)
    def on_sync(self, conn: Connection, sync: payloads.Sync) -> payloads.SyncReply:
        return self.chat.attendance.sync(person(conn), sync.room, sync.since, sync.epoch)

    @on("edit", payloads.Edit, ack=payloads.MessageReply)
    def on_edit(self, conn: Connection, edit: payloads.Edit) -> Pending[payloads.Message]:
        self.chat.limits.check("change", conn.user.id)
        return self.chat.messages.edit(person(conn), edit.message_id, edit.body)

    @on("delete", payloads.Delete, ack=payloads.MessageReply)
    def on_delete(self, conn: Connection, delete: payloads.Delete) -> Pending[payloads.Message]:
        self.chat.limits.check("change", conn.user.id)
        return self.chat.messages.delete(person(conn), delete.message_id)

    @on("react", payloads.React, ack=payloads.MessageReply)
    def on_react(self, conn: Connection, react: payloads.React) -> Pending[payloads.Message]:
        self.chat.limits.check("change", conn.user.id)
        return self.chat.messages.react(person(conn), react.message_id, react.emoji, react.on)

    @on("stop", payloads.Stop, reads=True)
    def on_stop(self, conn: Connection, stop: payloads.Stop) -> payloads.MessageReply:
        return payloads.MessageReply(self.chat.assistants.stop(person(conn), stop.message_id))

    @on("regenerate", payloads.Regenerate, reads=True)
    def on_regenerate(
        self, conn: Connection, regenerate: payloads.Regenerate
    ) -> payloads.MessageReply:
        return payloads.MessageReply(
            self.chat.assistants.regenerate(person(conn), regenerate.message_id)
        )

    @on("continue", payloads.Continue, reads=True)
    def on_continue(self, conn: Connection, onward: payloads.Continue) -> payloads.MessageReply:
        return payloads.MessageReply(self.chat.assistants.resume(person(conn), onward.message_id))

    @on("not_for_ai", payloads.NotForAi, ack=payloads.MessageReply)
    def on_not_for_ai(self, conn: Connection, mark: payloads.NotForAi) -> Pending[payloads.Message]:
        return self.chat.messages.mark(person(conn), mark.message_id, mark.on)

    @on("tool_answer", payloads.ToolAnswer, reads=True)
    def on_tool_answer(self, conn: Connection, word: payloads.ToolAnswer) -> None:
        self.chat.assistants.answer_tool(person(conn), word.id, word.approve)

    @on("ai_privacy", payloads.AiPrivacy, reads=True)
    def on_ai_privacy(
        self, conn: Connection, wanted: payloads.AiPrivacy
    ) -> payloads.AiPrivacyReply:
        now = self.chat.rooms.set_privacy(person(conn), wanted.room, wanted.not_for_ai)
        return payloads.AiPrivacyReply(now)

    def _place(self, conn: Connection, slug: str) -> tuple[int, str]:
        """The room for this connection: one that it joined, else one whose member it is. Raises `not_found`."""
        place = self._find(conn, slug)
        if place is None:
            raise not_found("room")
        return place

    def _find(self, conn: Connection, slug: str) -> tuple[int, str] | None:
        for seat in conn.seats.values():
            if seat.slug == slug:
                return seat.room_id, seat.slug
        found = self.chat.rooms.find(person(conn), slug)
        return None if found is None else (found.room_id, found.slug)


def person(conn: Connection) -> User:
    """The user that this connection was opened by."""
    user = conn.user
    assert isinstance(user, User)
    return user
