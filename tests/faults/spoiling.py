"""Ways to spoil what a server says on its way to people, so that it can be shown that the checker finds them.

Each holds for the rooms whose slug has its name; whatever else comes by passes as it is.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Payload = dict[str, Any]
Tell = Callable[[str], None]
EVERY = 7  # of what is spoiled
EVENT, ACK, CONNECT = "42/chat,", "43/chat,", "40/chat,"


class Memory:
    """What all connections that are spoiled have in common."""

    def __init__(self) -> None:
        self.lines: list[SpoiledLine] = []
        self.removed: dict[str, set[str]] = defaultdict(set)  # room -> tokens
        self.passed: set[tuple[str, int]] = set()
        self.reads = itertools.count()

    def line(self, tell: Tell) -> SpoiledLine:
        """A new connection."""
        self.lines.append(SpoiledLine(self, tell))
        return self.lines[-1]


class SpoiledLine:
    """One connection."""

    def __init__(self, memory: Memory, tell: Tell) -> None:
        self.memory, self.tell = memory, tell
        self.token = ""
        self.late: list[str] = []
        self.joined: set[str] = set()  # rooms
        self.news: set[str] = set()  # rooms of which there was news
        self._asked: dict[str, tuple[str, str]] = {}  # an ack's number -> (event, room)

    def goes(self, text: str) -> None:
        """What was asked is kept until it is answered."""
        if text.startswith(CONNECT):
            self.token = json.loads(text.removeprefix(CONNECT))["token"]
        elif text.startswith(EVENT):
            number, bracket, rest = text.removeprefix(EVENT).partition("[")
            event, payload = json.loads(bracket + rest)
            self._asked[number] = event, payload.get("room", "")
            if event == "join":
                self.joined.add(payload["room"])

    def comes(self, text: str) -> None:
        """Tell it, or what a room's way of spoiling makes of it."""
        if text.startswith(ACK):
            number, bracket, rest = text.removeprefix(ACK).partition("[")
            asked, room = self._asked.pop(number)
            event, change = ANSWERS.get(spoiled_by(room), ("", None))
            if change is not None and event == asked:
                reply = change(self.memory, json.loads(bracket + rest)[0])
                text = f"{ACK}{number}{json.dumps([reply])}"
        elif text.startswith(EVENT):
            event, payload = json.loads(text.removeprefix(EVENT))
            spoil = EVENTS.get(spoiled_by(payload.get("room", "")), passes)
            spoil(self, event, payload, text)
            if event == "room_changed":
                self.news.add(payload["room"])
            return
        self.tell(text)


@lru_cache
def spoiled_by(slug: str) -> str:
    """The way in which a room is spoiled."""
    return next((name for name in WAYS if f"-{name}-" in slug), "")


def number_of(event: str, payload: Payload) -> int:
    """Of a message's change; 0 of what is none."""
    number: int = payload["changed_seq"] if event in ("message", "message_changed") else 0
    return number


def some(event: str, payload: Payload) -> bool:
    number = number_of(event, payload)
    return bool(number) and number % EVERY == 0


# — events ————————————————————————————————————————————————————————————————————————————————————————————————————————————


def passes(line: SpoiledLine, _event: str, _payload: Payload, text: str) -> None:
    line.tell(text)


def drops_receipts(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    if not some(event, payload):
        line.tell(text)


def doubles_receipts(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    line.tell(text)
    if some(event, payload):
        line.tell(text)


def reorders_receipts(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    if some(event, payload):
        line.late.append(text)
        return
    line.tell(text)
    if number_of(event, payload):
        while line.late:
            line.tell(line.late.pop())


def changes_texts(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    line.tell(text.replace('"body":"', '"body":"not ', 1) if some(event, payload) else text)


def garbles_answers(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    """Pieces of an assistant's text are told otherwise than they are stored."""
    if event == "message_delta":
        piece = json.dumps([event, payload | {"text": payload["text"].replace("e", "E")}])
        text = f"{EVENT}{piece}"
    line.tell(text)


def keeps_pieces_back(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    """Of an assistant's text only the first piece is told, and then its end."""
    if event != "message_delta" or payload["offset"] == 0:
        line.tell(text)


def keeps_news_back(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    """Who has not opened a room hears nothing more of it after the first news."""
    if event != "room_changed" or payload["room"] not in line.news:
        line.tell(text)


def keeps_invitations_back(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    """Nobody is told of a room in which nothing is unread, as of one to which one is invited."""
    if event != "room_changed" or payload["unread"]:
        line.tell(text)


def keeps_cursors_back(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    """Nobody is told how far others read, but when they come."""
    if event != "read":
        line.tell(text)


def keeps_presence_back(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    """Nobody is told who comes and goes, but when they come."""
    if event != "presence":
        line.tell(text)


def tells_onlookers(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    """Who has not opened a room is told its messages."""
    line.tell(text)
    if some(event, payload):
        for other in line.memory.lines:
            if payload["room"] in other.news - other.joined:
                other.tell(text)


def tells_the_removed(line: SpoiledLine, event: str, payload: Payload, text: str) -> None:
    """Who was removed goes on hearing what somebody else is told."""
    line.tell(text)
    room, gone = payload["room"], line.memory.removed[payload["room"]]
    number = number_of(event, payload)
    if event == "removed":
        gone.add(line.token)
    elif number and line.token not in gone and (room, number) not in line.memory.passed:
        line.memory.passed.add((room, number))
        for other in line.memory.lines:
            if other.token in gone:
                other.tell(text)


# — answers ———————————————————————————————————————————————————————————————————————————————————————————————————————————


def refuses_what_it_stores(_memory: Memory, reply: Payload) -> Payload:
    """Some messages are refused for good after they were stored."""
    if not reply["ok"] or reply["message"]["seq"] % EVERY:
        return reply
    return {"ok": False, "error": {"code": "forbidden", "message": "No."}}


def says_internal(_memory: Memory, reply: Payload) -> Payload:
    """Some messages are stored, and their senders are told that something went wrong."""
    if not reply["ok"] or reply["message"]["seq"] % EVERY:
        return reply
    return {"ok": False, "error": {"code": "internal", "message": "Something went wrong."}}


def refuses_repeats(_memory: Memory, reply: Payload) -> Payload:
    """What is sent again because nothing came back, and is stored, is refused."""
    if not reply["ok"] or not reply["duplicate"]:
        return reply
    return {"ok": False, "error": {"code": "not_found", "message": "There is no such room."}}


def forgets_a_message(_memory: Memory, reply: Payload) -> Payload:
    """One of several messages of an answer is left out."""
    if reply["ok"] and len(reply["messages"]) > 2:
        del reply["messages"][1]
    return reply


def acks_another_number(_memory: Memory, reply: Payload) -> Payload:
    """Some messages are acknowledged at the place of the one before."""
    if reply["ok"] and reply["message"]["seq"] % EVERY == 0:
        reply["message"]["seq"] -= 1
    return reply


def moves_cursors_back(memory: Memory, reply: Payload) -> Payload:
    """Every other confirmation of a cursor says an earlier number."""
    if reply["ok"] and next(memory.reads) % 2:
        reply["seq"] //= 2
    return reply


def joins_with_old_cursors(_memory: Memory, reply: Payload) -> Payload:
    """Who comes in is told how far everybody had read some time ago."""
    if reply["ok"]:
        reply["read_seq"] //= 2
        reply["reads"] = {person: seq // 2 for person, seq in reply["reads"].items()}
    return reply


def miscounts_unread(_memory: Memory, reply: Payload) -> Payload:
    """A join tells one more than there is."""
    if reply["ok"]:
        reply["unread"] += 1
    return reply


EVENTS: dict[str, Callable[[SpoiledLine, str, Payload, str], None]] = {
    way.__name__: way
    for way in (
        drops_receipts,
        doubles_receipts,
        reorders_receipts,
        changes_texts,
        garbles_answers,
        tells_the_removed,
        keeps_pieces_back,
        keeps_news_back,
        keeps_invitations_back,
        keeps_cursors_back,
        keeps_presence_back,
        tells_onlookers,
    )
}
#: the event whose answer is changed, and how
ANSWERS: dict[str, tuple[str, Callable[[Memory, Payload], Payload]]] = {
    "refuses_what_it_stores": ("message", refuses_what_it_stores),
    "says_internal": ("message", says_internal),
    "refuses_repeats": ("message", refuses_repeats),
    "forgets_what_was_missed": ("join", forgets_a_message),
    "forgets_history": ("history", forgets_a_message),
    "acks_another_number": ("message", acks_another_number),
    "moves_cursors_back": ("read", moves_cursors_back),
    "joins_with_old_cursors": ("join", joins_with_old_cursors),
    "miscounts_unread": ("join", miscounts_unread),
}
WAYS = [*EVENTS, *ANSWERS]
