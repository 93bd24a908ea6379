"""What did I miss? For who asks, alone; every point cites messages that the asker can read."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chatapp import runtime
from chatapp.errors import not_found
from chatapp.ids import new_id, parse_message_id
from chatapp.payloads import Message, User
from chatapp.payloads import assistants as shapes
from chatapp.store import assistant_rows, messages, reading
from chatapp.store.budgets import NOTHING, Use
from chatapp.store.holds import HoldFor, SettleFor
from chatapp.store.reading import Seat
from chatapp.store.rooms import ASSISTANT_ID

from . import faults
from .context import Prompt, estimate, fit, tokens, turn
from .provider import Call, Finish, Manner, Stopped

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

    from .providers import Providers
    from .spending import Purse

LOOKED_AT = 300  # messages behind the place asked for, the newest of them
PATIENCE_S = 60.0  # a request is not kept open for longer
POINTS = 12
POINT_LENGTH = 600  # code points

TASK = """\
What did I miss? Sum up what happened in the messages above, for me alone, in my language. Write one line for each \
thing, at most twelve, the most important first, each as: - what happened [id, id] with the ids of the messages that \
say so, exactly as they stand in "id". No line without an id, and nothing that the messages do not say."""

_LINE = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s*(.+)$")
_CITED = re.compile(r"\[((?:\s*\d+-\d+\s*,?)+)\]")
_BLIND = User("", "", "system")  # in whose name nothing was said: all turns are others'


class CatchUps:
    """One per worker."""

    def __init__(self, chat: Chat, providers: Providers, purse: Purse) -> None:
        self._chat, self._providers, self._purse = chat, providers, purse

    def catch_up(self, user: User, slug: str, since: int | None = None) -> shapes.CatchUp:
        """Nothing is posted. Takes up to 60 s. Raises ChatError: `not_found`, `rate_limited`, `budget_exceeded`, ai_…"""
        seat = self._chat.rooms.seat(user, slug)
        since = seat.read_seq if since is None else since
        with self._chat.db.snapshot() as db:
            page, more = reading.page(db, seat.room_id, seat.slug, limit=LOOKED_AT)
            row = assistant_rows.one(db, ASSISTANT_ID)
        missed = [one for one in page if one.seq > since]
        more = more and len(missed) == len(page)
        turns = [
            found
            for message in missed
            if message.sender.id != user.id and (found := turn(message, _BLIND)) is not None
        ]
        until = seat.seq
        if not turns:
            return shapes.CatchUp(since, until, [], 0, False)
        provider = self._providers.get(row.provider if row else "")
        asked = replace(turns[-1], seq=until + 1, id="", name=user.name, kind=user.kind, text=TASK)
        whole = Prompt("assistant", seat.slug, (), (*turns, asked), task="catch_up")
        can = provider.capabilities
        prompt = fit(whole, can.window, can.max_output)
        manner = Manner(row.model if row else None)
        model = manner.model or provider.model
        need = self._purse.expected(model, prompt, can.max_output)
        terms = self._purse.terms
        held = HoldFor(new_id(), terms.caps, terms.paces, user.id, seat.room_id, ASSISTANT_ID, need)
        day = self._chat.writer.run(held)
        used = NOTHING
        try:
            try:
                text, finish = self._ask(provider.call(prompt, manner))
            except faults.ContextTooLong:
                prompt = fit(whole, can.window // 2, can.max_output)
                text, finish = self._again(provider.call(prompt, manner))
            used = self._used(model, prompt, text, finish)
        finally:
            self._chat.writer.run(SettleFor(held, day, used))
        seen = {one.id for one in prompt.turns[:-1]}
        points = self._points(user, seat, text, seen)
        return shapes.CatchUp(since, until, points, len(seen), more or prompt.left_out > 0)

    def _ask(self, call: Call) -> tuple[str, Finish | None]:
        pieces: list[str] = []
        timer = runtime.call_later(PATIENCE_S, call.stop)
        finish: Finish | None = None  # what came in time is worth something
        try:
            finish = call.run(pieces.append)
        except Stopped:
            if not pieces:
                raise faults.failure("ai_unavailable") from None
        finally:
            timer.cancel()
        return "".join(pieces), finish

    def _again(self, call: Call) -> tuple[str, Finish | None]:
        """With half of the window: what is still too long has a window that is set far too large."""
        try:
            return self._ask(call)
        except faults.ContextTooLong:
            raise faults.failure("ai_misconfigured") from None

    def _used(self, model: str, prompt: Prompt, text: str, finish: Finish | None) -> Use:
        sent = (finish and finish.prompt_tokens) or estimate(prompt)
        written = (finish and finish.completion_tokens) or tokens(text)
        return Use(sent + written, self._purse.cost(model, sent, written) or 0)

    def _points(
        self, user: User, seat: Seat, text: str, seen: set[str]
    ) -> list[shapes.CatchUpPoint]:
        """The lines that cite what was supplied and what the asker can read now; nothing else."""
        lines = [found for line in text.split("\n") if (found := _parse(line, seen)) is not None]
        places = sorted({seq for _text, cited in lines for _room, seq in cited})
        with self._chat.db.snapshot() as db:
            if reading.seat_by_id(db, user.id, seat.room_id) is None:
                raise not_found("room")
            loaded = messages.load(db, seat.room_id, seat.slug, messages.BY_SEQ, seqs=places)
            shown = {one.seq for one in loaded if _readable(one)}
            short = messages.replies(db, seat.room_id, [seq for seq in places if seq in shown])
        points = [
            shapes.CatchUpPoint(said, [short[seq] for _room, seq in cited if seq in short])
            for said, cited in lines
        ]
        return [point for point in points if point.messages][:POINTS]


def _readable(message: Message) -> bool:
    return message.deleted_at is None and message.not_for_ai is not True


def _parse(line: str, seen: set[str]) -> tuple[str, list[tuple[int, int]]] | None:
    """A line's text and the places it cites, in order and once each; None for what cites nothing that was supplied."""
    match = _LINE.match(line)
    if match is None:
        return None
    ids = [one.strip() for group in _CITED.findall(line) for one in group.split(",")]
    places = [parse_message_id(one) for one in dict.fromkeys(ids) if one in seen]
    said = " ".join(_CITED.sub("", match[1]).split())[:POINT_LENGTH]
    cited = [place for place in places if place is not None]
    return (said, cited) if said and cited else None
