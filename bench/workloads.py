"""What the generator sends. Each says how many messages are in flight: figures without that mean nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Workload:
    """`conns` connections over `rooms` rooms; `senders` in each room keep `window` messages in flight.

    `peers` are the servers that it is compared with where it must be reached; `payload` bytes of text in a message.
    """

    key: str
    conns: int
    rooms: int
    senders: int
    window: int
    peers: tuple[str, ...] = ()
    payload: int = 64

    @property
    def title(self) -> str:
        size = self.conns // self.rooms
        rooms = "1 room" if self.rooms == 1 else f"rooms of {size:,}"
        senders = "1 sender" if self.senders == 1 else f"{self.senders} senders"
        who = "" if size == 1 else f", {senders}{'' if self.rooms == 1 else ' each'}"
        return f"{self.conns:,} connections, {rooms}{who}, {self.window} in flight each"

    def at_most(self, conns: int) -> Workload:
        """The same with no more connections than this, for a try."""
        if conns >= self.conns:
            return self
        rooms = max(1, min(self.rooms, conns * self.rooms // self.conns))
        return replace(self, conns=conns, rooms=rooms, senders=min(self.senders, conns // rooms))


BIG_ROOM = Workload("room-200", 200, 1, 20, 1, ("node", "channels", "bun"))
HUGE_ROOM = Workload("room-2000", 2000, 1, 4, 2, ("node",))
ROOMS_OF_20 = Workload("rooms-of-20", 2000, 100, 2, 4, ("node",))
ROOMS_OF_1 = Workload("rooms-of-1", 100, 100, 1, 8, ("asgi",))

# What must be reached.
ACCEPTED = (BIG_ROOM, HUGE_ROOM, ROOMS_OF_20, ROOMS_OF_1)

# Every size of room, with one sender and with twenty.
ROOMS = (
    Workload("of-1", 100, 100, 1, 8),
    Workload("of-10-by-1", 200, 20, 1, 8),
    Workload("of-20-by-1", 2000, 100, 1, 8),
    Workload("of-20-by-20", 2000, 100, 20, 1),
    Workload("of-200-by-1", 200, 1, 1, 8),
    Workload("of-200-by-20", 200, 1, 20, 1),
    Workload("of-2000-by-1", 2000, 1, 1, 8),
    Workload("of-2000-by-20", 2000, 1, 20, 1),
)
