"""What a client shows of a room, folded from answers and events: the reference for client libraries."""

from __future__ import annotations

from typing import Any

from chatapp.realtime.numbers import ClientView

from .log import Message


class Timeline:
    """The loaded part of a room, a stretch of places up to its head, and the room's name.

    Three rules, each a trap when it is left out: a message replaces the one held only with a higher `changed_seq`
    (answers and events overtake each other); one before the loaded part is not shown (it would leave a hole); but while
    older ones are being loaded it is kept aside, for that answer may have been read before it. An answer with older
    ones is dropped when the loaded part was replaced meanwhile.
    """

    def __init__(self, buffer_limit: int = 256) -> None:
        self.view: ClientView[tuple[str, dict[str, Any]]] = ClientView(buffer_limit)
        self.name: str | None = None
        self.messages: dict[int, Message] = {}
        self.first = 0  # the first place that is loaded; 0: all from the beginning
        self.moves: list[tuple[int, int]] = []  # by events: (from, to), to be checked by tests
        self._aside: list[Message] | None = None

    def join(self) -> None:
        self.view.join()

    def lost(self) -> None:
        self.view.lost()
        self._aside = None

    def event(self, name: str, payload: dict[str, Any]) -> list[int]:
        """Returns the numbers that were applied by it."""
        number = payload["seq"] if name == "room" else payload["changed_seq"]
        before = self.view.position
        return self._apply(before, self.view.received(number, payload["prev"], (name, payload)))

    def joined(self, answer: dict[str, Any]) -> list[int]:
        call, room = self.view.call, answer["room"]
        assert call is not None
        assert call.name == "join"
        if call.since is None or answer.get("refetch"):
            self.messages.clear()
            self._aside = None
            self.first = answer["messages"][0]["seq"] if answer["more"] else 0
        self._merge(answer)
        return self._apply(room["seq"], self.view.joined(room["epoch"], room["seq"]))

    def synced(self, answer: dict[str, Any]) -> list[int]:
        refetch = answer.get("refetch", False)
        if not refetch:
            self._merge(answer)
        return self._apply(answer["seq"], self.view.synced(answer["seq"], refetch=refetch))

    def changed(self, message: Message) -> None:
        """The answer to one's own post or change: shown at once, but only numbered events and snapshots move."""
        self._put(message)

    @property
    def may_ask_history(self) -> bool:
        return self.first > 0 and self._aside is None

    def ask_history(self) -> int:
        """Returns `before` for the page before the loaded part."""
        self._aside = []
        return self.first

    def history(self, before: int, answer: dict[str, Any]) -> None:
        if self._aside is None or before != self.first:
            return
        aside, self._aside = self._aside, None
        messages = answer["messages"]
        self.first = messages[0]["seq"] if messages and answer["more"] else 0
        for message in (*messages, *aside):
            self._put(message)

    def _apply(self, before: int | None, events: list[tuple[str, dict[str, Any]]]) -> list[int]:
        applied = []
        for name, payload in events:
            number = payload["seq"] if name == "room" else payload["changed_seq"]
            assert before is not None
            self.moves.append((before, number))
            before = number
            applied.append(number)
            if name == "room":
                self.name = payload["name"]
            else:
                self._put(payload)
        return applied

    def _merge(self, answer: dict[str, Any]) -> None:
        self.name = answer["room"]["name"]
        for message in answer["messages"]:
            self._put(message)

    def _put(self, message: Message) -> None:
        if message["seq"] < self.first:
            if self._aside is not None:
                self._aside.append(message)
            return
        held = self.messages.get(message["seq"])
        if held is None or held["changed_seq"] < message["changed_seq"]:
            self.messages[message["seq"]] = {k: v for k, v in message.items() if k != "prev"}
