"""The texts of answers that are being written, in the rooms that this worker serves.

The worker that runs an answer owns its text and tells each piece once: to its own connections, and to the other
workers, which keep the text too. So whoever joins or comes back anywhere gets the text as of the ack, and the deltas
that follow continue it. Pieces may be lost on the bus, or have begun before this worker served the room; then it asks,
and the owner tells the whole text. Nothing here is stored: the run's row is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from chatapp import runtime
from chatapp.payloads import DeltaEvent, LiveRun, Message, Numbered, ToolUseEvent

from . import frames
from .bus import Bus, Kind
from .control import Control
from .fanout import Fanout

WAIT_S = 0.3  # a join waits so long for texts that other workers write
ASK_EVERY_S = 0.5  # for the texts of one room
JOIN_S = 30.0  # a room that somebody is about to join counts as served for so long
HELD = 256  # pieces kept while the text before them is awaited
MANY = 1_000  # remembered rooms at which old ones are let go
ENDED = frozenset({"done", "stopped", "failed", "interrupted"})

# The first byte of a record on the bus.
_PIECE, _TOOL, _WHOLE, _END = b"p", b"t", b"w", b"e"

_delta = msgspec.json.Decoder(DeltaEvent).decode
_tool_use = msgspec.json.Decoder(ToolUseEvent).decode
_whole = msgspec.json.Decoder(LiveRun).decode
_message = msgspec.json.Decoder(Message).decode


class _End(msgspec.Struct):
    message_id: str
    attempt: int


_end = msgspec.json.Decoder(_End).decode


@dataclass(slots=True)
class _Text:
    """An answer so far. Not `whole`: its beginning is awaited, and what came meanwhile is held."""

    message_id: str
    attempt: int
    text: str = ""
    own: bool = False
    whole: bool = True
    tool: str | None = None  # that it uses, until its text goes on
    held: list[tuple[int, str]] = field(default_factory=list)

    def add(self, offset: int, text: str) -> None:
        """Append a piece, or what of it is new."""
        self.tool = None
        if self.whole and offset <= len(self.text):
            self.text += text[len(self.text) - offset :]
            return
        self.whole = False
        if (
            len(self.held) < HELD
        ):  # beyond, the text asked for next will not be continued: it is asked for again
            self.held.append((offset, text))

    def live(self) -> LiveRun:
        return LiveRun(self.message_id, self.attempt, self.text, self.tool or msgspec.UNSET)

    def replace(self, text: str) -> None:
        """The owner told the whole text; what was held continues it."""
        held, self.held = self.held, []
        self.text, self.whole = text, True
        for offset, piece in held:
            self.add(offset, piece)


class Streams:
    """One per worker. Methods may be called from any task; only prepare() waits."""

    def __init__(self, fanout: Fanout, bus: Bus, control: Control) -> None:
        self._fanout, self._bus, self._control = fanout, bus, control
        self._rooms: dict[int, dict[str, _Text]] = {}
        self._joining: dict[int, float] = {}  # room -> until when it counts as served
        self._asked: dict[int, float] = {}
        self._came = runtime.Event()
        #: (message_id, attempt) of the answers that other workers write in a room, from the database; may wait.
        #: Set where there are other workers.
        self.elsewhere: Callable[[int], list[tuple[str, int]]] | None = None
        bus.on(Kind.DELTA, self._received)
        control.on("stream_wanted", lambda fields: self._tell_whole(int(fields["room_id"])))

    # The owner's side

    def begin(self, room_id: int, message_id: str, attempt: int) -> None:
        """This worker writes the answer from now on; its text is empty."""
        with runtime.turn:
            texts = self._rooms.setdefault(room_id, {})
            texts[message_id] = _Text(message_id, attempt, own=True)

    def extend(self, room_id: int, slug: str, message_id: str, attempt: int, text: str) -> bool:
        """The next piece: to all connections of the room, everywhere. False: the room was told the answer's end."""
        with runtime.turn:
            entry = self._rooms.get(room_id, {}).get(message_id)
            if entry is None or not entry.own or entry.attempt != attempt:
                return False
            payload = msgspec.json.encode(
                DeltaEvent(slug, message_id, attempt, len(entry.text), text)
            )
            entry.text += text
            entry.tool = None
            if self._bus.listened:
                self._bus.publish(Kind.DELTA, str(room_id), _PIECE + payload)
            self._send(room_id, payload)
            return True

    def use(self, room_id: int, slug: str, message_id: str, attempt: int, tool: str) -> None:
        """The answer uses a tool: to all connections of the room, everywhere."""
        with runtime.turn:
            entry = self._rooms.get(room_id, {}).get(message_id)
            if entry is None or not entry.own or entry.attempt != attempt:
                return
            entry.tool = tool
            payload = msgspec.json.encode(ToolUseEvent(slug, message_id, attempt, tool))
            self._bus.publish(Kind.DELTA, str(room_id), _TOOL + payload)
            self._send(room_id, payload, "tool_use")

    def end(self, room_id: int, message_id: str, attempt: int) -> None:
        """The answer is over: it is read from the database now."""
        with runtime.turn:
            self._forget(room_id, message_id, attempt)
            over = msgspec.json.encode(_End(message_id, attempt))
            self._bus.publish(Kind.DELTA, str(room_id), _END + over)

    def _tell_whole(self, room_id: int) -> None:
        for entry in self._texts(room_id):
            if entry.own:
                whole = msgspec.json.encode(entry.live())
                self._bus.publish(Kind.DELTA, str(room_id), _WHOLE + whole)

    # For those who join

    def prepare(self, room_id: int) -> None:
        """Wait, WAIT_S at most, until the texts of a room are at hand that other workers write."""
        if self.elsewhere is None:
            return
        if not self._about_to_serve(room_id):
            self._expect(room_id, self.elsewhere(room_id))
        until = time.monotonic() + WAIT_S
        while (left := until - time.monotonic()) > 0:
            self._came.clear()
            if not self._incomplete(room_id):
                return
            self._ask(room_id)
            self._came.wait(left)

    def live(self, room_id: int) -> list[LiveRun]:
        """The answers being written in a room, as of this moment. Never waits."""
        with runtime.turn:
            return [entry.live() for entry in self._texts(room_id) if entry.whole]

    def text(self, room_id: int, message_id: str, attempt: int) -> str | None:
        """The text of one answer so far, None where it is not known here."""
        with runtime.turn:
            entry = self._rooms.get(room_id, {}).get(message_id)
            return entry.text if entry and entry.whole and entry.attempt == attempt else None

    def on_event(self, room_id: int, numbered: Numbered) -> None:
        """A numbered event went out here: the end of an answer ends its text, also when the bus lost its word."""
        if room_id in self._rooms and numbered.event == "message_changed":
            message = _message(numbered.payload)
            if message.status in ENDED and message.run:
                self._forget(room_id, message.id, message.run.attempt)

    # What other workers tell

    def _received(self, key: str, body: bytes) -> None:
        room_id, what = int(key), body[:1]
        if not self._served(room_id):
            self._drop_others(room_id)
        elif what == _PIECE:
            delta = _delta(body[1:])
            if self._continued(room_id, delta):
                self._send(room_id, body[1:])
        elif what == _TOOL:
            use = _tool_use(body[1:])
            entry = self._rooms.get(room_id, {}).get(use.message_id)
            if entry is not None and entry.attempt == use.attempt and not entry.own:
                entry.tool = use.tool
            self._send(room_id, body[1:], "tool_use")
        elif what == _WHOLE:
            self._replaced(room_id, _whole(body[1:]))
        elif what == _END:
            over = _end(body[1:])
            self._forget(room_id, over.message_id, over.attempt)

    def _continued(self, room_id: int, delta: DeltaEvent) -> bool:
        """Note a piece; False when it belongs to an attempt that was taken over."""
        texts = self._rooms.setdefault(room_id, {})
        entry = texts.get(delta.message_id)
        if entry is None or entry.attempt < delta.attempt:
            entry = texts[delta.message_id] = _Text(delta.message_id, delta.attempt)
        elif entry.attempt > delta.attempt or entry.own:
            return False
        entry.add(delta.offset, delta.text)
        if not entry.whole:
            self._ask(room_id)
        return True

    def _replaced(self, room_id: int, whole: LiveRun) -> None:
        texts = self._rooms.setdefault(room_id, {})
        entry = texts.get(whole.message_id)
        if entry is None or entry.attempt < whole.attempt:
            entry = texts[whole.message_id] = _Text(whole.message_id, whole.attempt, whole=False)
        if entry.attempt == whole.attempt and not entry.whole:
            entry.replace(whole.text)
            entry.tool = whole.tool or None
            self._came.set()

    # What is at hand

    def _served(self, room_id: int) -> bool:
        if self._fanout.count(f"room:{room_id}"):
            return True
        until = self._joining.get(room_id, 0.0)
        if until < time.monotonic():
            self._joining.pop(room_id, None)
            return False
        return True

    def _about_to_serve(self, room_id: int) -> bool:
        """Keep the room's texts from now on; True if that was so already."""
        now = time.monotonic()
        with runtime.turn:
            served = self._served(room_id)
            if len(self._joining) >= MANY:
                self._joining = {room: end for room, end in self._joining.items() if end > now}
            self._joining[room_id] = now + JOIN_S
            return served

    def _expect(self, room_id: int, running: list[tuple[str, int]]) -> None:
        """Keep the texts of `running`, drop others, and make places for those that are missing."""
        with runtime.turn:
            known = {entry.message_id: entry for entry in self._texts(room_id)}
            texts = {entry.message_id: entry for entry in known.values() if entry.own}
            for message_id, attempt in running:
                entry = known.get(message_id)
                if entry is None or entry.attempt < attempt:
                    entry = _Text(message_id, attempt, whole=False)
                texts[message_id] = entry
            self._set(room_id, texts)

    def _incomplete(self, room_id: int) -> bool:
        with runtime.turn:
            return not all(entry.whole for entry in self._texts(room_id))

    def _ask(self, room_id: int) -> None:
        now = time.monotonic()
        if self._asked.get(room_id, 0.0) + ASK_EVERY_S > now:
            return
        if len(self._asked) >= MANY:
            self._asked.clear()
        self._asked[room_id] = now
        self._control.tell("stream_wanted", room_id=room_id)

    def _send(self, room_id: int, payload: bytes, event: str = "message_delta") -> None:
        packet = frames.event(event, payload)
        self._fanout.send(f"room:{room_id}", packet, droppable=True)

    def _texts(self, room_id: int) -> Iterator[_Text]:
        yield from self._rooms.get(room_id, {}).values()

    def _drop_others(self, room_id: int) -> None:
        if room_id in self._rooms:
            own = {entry.message_id: entry for entry in self._texts(room_id) if entry.own}
            self._set(room_id, own)

    def _forget(self, room_id: int, message_id: str, attempt: int) -> None:
        texts = self._rooms.get(room_id, {})
        entry = texts.get(message_id)
        if entry is not None and entry.attempt <= attempt:
            del texts[message_id]
            self._set(room_id, texts)

    def _set(self, room_id: int, texts: dict[str, _Text]) -> None:
        if texts:
            self._rooms[room_id] = texts
        else:
            self._rooms.pop(room_id, None)
