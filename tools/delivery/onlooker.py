"""A client that has opened no room: its list of rooms, kept by what it is told of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from . import journal
from .api import Api, ApiError
from .coming import Coming
from .journal import Journal
from .wire import Address, LostError

Payload = dict[str, Any]


class News(NamedTuple):
    """What a list shows of a room; `last` is the latest message, as everybody must see it."""

    unread: int
    mentions: int
    last: str

    @classmethod
    def of(cls, told: Payload) -> News:
        """From an entry of the list, or from `room_changed`."""
        last = told.get("last")
        text = f"{last['id']} {journal.digest(last)}" if last else ""
        return cls(told["unread"], told["mentions"], text)


#: goes to all devices of who asks, wherever they are: with one account for everybody onlookers have asked as well
PERSONAL = frozenset({"refused", "tool_request", "tool_settled"})


class Onlooker(Coming):
    """Somebody who is connected and joins nothing, a member of rooms or not yet.

    The list is read once a connection, and anew when a room is told of that is not in it, as the page does.
    """

    def __init__(
        self,
        record: Journal,
        api: Api,
        name: str,
        token: str,
        user_id: str,
        addresses: Sequence[Address],
    ) -> None:
        super().__init__(record, token, user_id, addresses)
        self.name = name
        self.rooms: dict[str, News] = {}
        self._api = api
        self._reading = False
        self._again = False  # news came while the list was on its way: it may be older

    async def _enter(self) -> None:
        await self._read()

    async def _read(self) -> None:
        self._reading = self._again = True
        try:
            while self._again:
                self._again = False
                self.rooms = await asyncio.to_thread(listed, self._api, self.token)
        except ApiError as error:
            raise LostError(str(error)) from None
        finally:
            self._reading = False

    async def _renew(self) -> None:
        if self._reading:  # by another word of the same moment
            self._again = True
            return
        try:
            await self._read()
        except LostError:
            self.cut()

    def _heard(self, frame: str) -> None:
        name, payload, _ = journal.parse(frame)
        room = payload.get("room", "")
        if name == "closing":
            self._closing(payload["retry_after"])
        elif name not in ("room_changed", "removed"):
            if room and name not in PERSONAL:
                self.record.unasked.append((self.id, room, name))
        elif self._reading:
            self._again = True
        elif name == "removed":
            self.rooms.pop(room, None)
        elif room in self.rooms:
            self.rooms[room] = News.of(payload)
        else:
            task = asyncio.ensure_future(self._renew())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _gone(self, why: str) -> None:
        pass


def listed(api: Api, token: str) -> dict[str, News]:
    """What a person's list of rooms says now."""
    return {entry["room"]["slug"]: News.of(entry) for entry in api.rooms(token)}
