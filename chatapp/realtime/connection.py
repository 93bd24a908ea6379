"""One client on /chat: who it is, and where its packets go."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .fanout import Link


class Person(Protocol):
    """What realtime needs to know of a user; payloads.User is one."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...


@dataclass(slots=True)
class Seat:
    """A room that a connection has joined. `role` follows the membership while the seat lasts.

    `seq`: the room's number when it was joined; what was decided before it does not end the seat. `live`: the room
    keeps its messages only while somebody is there. `read_seq`: in a room too large to tell all of everybody's cursor, how
    far this device knows its person to have read.
    """

    room_id: int
    slug: str
    role: str
    seq: int = 0
    live: bool = False
    read_seq: int = 0


class Connection:
    """One client on /chat from its accepted CONNECT to its end.

    `user` and `session_id` were bound at CONNECT and never change. `seats` are the rooms it has joined, by room id.
    `data` is for the application. `channels` and `link` belong to the fan-out: the channels it is in, and the
    transport that takes finished frames (None: packets go the stock way). `closed` is true from the moment its end
    is certain, also before closed() was called for it. `pending` are acks that wait for their results, and `inline`
    says that they are waited for in place (under flask-socketio's test client), `strikes` counts refusals for sending too
    fast, `doubt` those for what no good client does; all four are the namespace's.
    """

    __slots__ = (
        "__weakref__",
        "channels",
        "closed",
        "data",
        "doubt",
        "eio_sid",
        "inline",
        "link",
        "pending",
        "seats",
        "session_id",
        "sid",
        "strikes",
        "user",
    )

    def __init__(
        self, eio_sid: str, sid: str, user: Person, session_id: str, data: Any = None
    ) -> None:
        self.eio_sid = eio_sid
        self.sid = sid
        self.user = user
        self.session_id = session_id
        self.data = data
        self.seats: dict[int, Seat] = {}
        self.channels: set[str] = set()
        self.link: Link | None = None
        self.pending: deque[Any] | None = None
        self.inline = False
        self.strikes = 0
        self.doubt = 0
        self.closed = False

    def __repr__(self) -> str:
        return f"<Connection {self.sid} of {self.user.id}>"
