"""What the loop reads: a person's place in a room, pages, what was missed, what is unread.

Every question takes a Connection of one snapshot, so that a number and the messages read beside it belong together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from msgspec import UNSET

from chatapp.payloads import Message, Numbered, RoomInfo, User

from . import messages
from .sql import Connection, Row, Statement

UNREAD_CAP = 100  # means "more than 99"
GAP_PAGE = 500  # numbers a worker fills at a time

# A direct conversation is called by the others in it, as they are called now.
_OTHERS = """(SELECT {join}(u.name, ', ') FROM memberships o JOIN users u ON u.id = o.user_id
    WHERE o.room_id = r.id AND o.user_id <> m.user_id)"""
# At 10,000 messages counting ends: a bot that reads nothing does not make each of its visits slower.
_COUNTS = """(SELECT count(*) FROM (SELECT 1 FROM (SELECT b.sender_id, b.deleted_at, b.type FROM messages b
        WHERE b.room_id = m.room_id AND b.seq > m.read_seq ORDER BY b.seq LIMIT 10000) AS behind
        WHERE behind.sender_id <> m.user_id AND behind.deleted_at IS NULL AND behind.type = 'text' LIMIT 100) AS unread),
    (SELECT count(*) FROM (SELECT 1 FROM mentions n WHERE n.user_id = m.user_id AND n.room_id = m.room_id
        AND n.seq > m.read_seq LIMIT 100) AS mentioned)"""
_SEAT_COLUMNS = """SELECT {more}r.id, r.slug, CASE r.kind WHEN 'direct' THEN COALESCE({others}, r.name) ELSE r.name END,
    r.kind, r.epoch, r.last_seq, r.retention, r.members_count, m.role, m.read_seq, m.not_for_ai
    FROM memberships m JOIN rooms r ON r.id = m.room_id WHERE {whose} """


def _seat_statement(rest: str, more: str = "", whose: str = "m.user_id = :user") -> Statement:
    sqlite, postgres = (
        _SEAT_COLUMNS.format(others=_OTHERS.format(join=join), more=more, whose=whose) + rest
        for join in ("group_concat", "string_agg")
    )
    return Statement(sqlite, postgres)


_SEAT = _seat_statement("AND r.slug = :slug")
_SEAT_BY_ID = _seat_statement("AND r.id = :room")
_SEATS = _seat_statement("ORDER BY r.id")
_NEWS = _seat_statement(
    "", f"m.user_id, {_COUNTS}, ", "m.room_id = :room AND m.user_id IN :[users text]"
)
_NEWS_OF_ALL = Statement(
    f"""SELECT m.room_id, {_COUNTS}, (SELECT max(l.seq) FROM messages l WHERE l.room_id = m.room_id)
    FROM memberships m WHERE m.user_id = :user"""  # noqa: S608 - constants of ours
)
_UNREAD = Statement(
    "SELECT count(*) FROM (SELECT 1 FROM (SELECT sender_id, deleted_at, type FROM messages WHERE room_id = :room"
    " AND seq > :seq ORDER BY seq LIMIT 10000) AS behind WHERE sender_id <> :user"
    " AND deleted_at IS NULL AND type = 'text' LIMIT 100) AS unread"
)
_MENTIONS = Statement(
    "SELECT count(*) FROM (SELECT 1 FROM mentions WHERE user_id = :user AND room_id = :room AND seq > :seq"
    " LIMIT 100) AS mentions"
)
_READS = Statement(
    "SELECT m.user_id, m.read_seq FROM memberships m JOIN users u ON u.id = m.user_id"
    " WHERE m.room_id = :room AND u.kind IN ('person', 'guest')"
)
_HEAD = Statement("SELECT epoch, last_seq, slug FROM rooms WHERE id = :room")
_HEADS = Statement("SELECT id, epoch, last_seq FROM rooms WHERE id IN :[rooms]")
_PLACES_OF = Statement(
    "SELECT m.user_id, m.room_id, r.last_seq, m.read_seq, r.members_count FROM memberships m"
    " JOIN rooms r ON r.id = m.room_id WHERE m.user_id IN :[users text]"
)
_CURSORS = Statement(
    "SELECT r.id, r.slug, m.user_id, m.read_seq FROM rooms r JOIN memberships m ON m.room_id = r.id"
    " JOIN users u ON u.id = m.user_id"
    " WHERE r.id IN :[rooms] AND r.members_count <= :most AND u.kind IN ('person', 'guest')"
)
_ROOM_CHANGES = Statement(
    "SELECT seq, data FROM changes WHERE room_id = :room AND seq > :place AND data IS NOT NULL"
    " ORDER BY seq LIMIT :limit"
)
_MEMBERS = Statement(
    "SELECT u.id, u.name, u.kind, m.role FROM memberships m JOIN users u ON u.id = m.user_id"
    " WHERE m.room_id = :room ORDER BY m.joined_at, u.id"
)


@dataclass(slots=True, frozen=True)
class Seat:
    """Somebody's place in a room: the proof of the right to be there, and the room as it stands."""

    room_id: int
    slug: str
    name: str
    kind: str
    epoch: str
    seq: int
    retention: str
    members_count: int
    role: str
    read_seq: int
    not_for_ai: bool = False


def seat(db: Connection, user_id: str, slug: str) -> Seat | None:
    """The room found through the person's membership; None also for a room that is not theirs."""
    row = db.one(_SEAT, user=user_id, slug=slug)
    return Seat(*row) if row else None


def seat_by_id(db: Connection, user_id: str, room_id: int) -> Seat | None:
    """As seat(), by the room's number."""
    row = db.one(_SEAT_BY_ID, user=user_id, room=room_id)
    return Seat(*row) if row else None


def seats(db: Connection, user_id: str) -> list[Seat]:
    """All rooms of a person."""
    return [Seat(*row) for row in db.all(_SEATS, user=user_id)]


def unread(db: Connection, room_id: int, user_id: str, read_seq: int) -> int:
    """Messages behind the cursor that are not one's own and not deleted; 100 means more than 99.

    Looks at 10,000 messages at most: a bot that reads nothing does not make each of its joins slower.
    """
    return int(db.value(_UNREAD, room=room_id, user=user_id, seq=read_seq))


def mentions(db: Connection, room_id: int, user_id: str, read_seq: int) -> int:
    """Mentions of the person behind the cursor, capped like unread()."""
    return int(db.value(_MENTIONS, room=room_id, user=user_id, seq=read_seq))


def news(
    db: Connection, room_id: int, user_ids: list[str]
) -> tuple[Message | None, list[tuple[str, Seat, int, int]]]:
    """The latest message of a room, and (user id, seat, unread, mentions) of those of `user_ids` who are in it.

    The counts are those of unread() and mentions(), of everybody in one statement.
    """
    found = [
        (row[0], Seat(*row[3:]), row[1], row[2])
        for row in db.all(_NEWS, room=room_id, users=user_ids)
    ]
    last, _ = page(db, room_id, found[0][1].slug, limit=1) if found else ([], False)
    return last[0] if last else None, found


def news_of_all(db: Connection, user_id: str) -> dict[int, tuple[int, int, int | None]]:
    """Of each room of a person: unread, mentions, and the place of the latest message."""
    rows = db.all(_NEWS_OF_ALL, user=user_id)
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def reads(db: Connection, room_id: int) -> dict[str, int]:
    """The read cursors of the people in a room."""
    return dict(db.all(_READS, room=room_id))


def members(db: Connection, room_id: int) -> list[tuple[User, str]]:
    """Everyone in the room with their role, in the order in which they came."""
    return [(messages.user(row[:3]), row[3]) for row in db.all(_MEMBERS, room=room_id)]


def page(
    db: Connection,
    room_id: int,
    slug: str,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = 50,
) -> tuple[list[Message], bool]:
    """A page, oldest first, and whether there is more in the direction asked for.

    `around` puts the place in the middle; its `more` is about older ones. Without any: the latest.
    """
    if around is not None:
        older, more = page(db, room_id, slug, before=around, limit=max(1, limit // 2))
        newer, _ = page(db, room_id, slug, after=around - 1, limit=max(1, limit - len(older)))
        return older + newer, more
    if after is not None:
        found = messages.load(db, room_id, slug, messages.AFTER, place=after, limit=limit + 1)
        return found[:limit], len(found) > limit
    params: dict[str, Any] = {"limit": limit + 1}
    statement = messages.LATEST
    if before is not None:
        statement, params["place"] = messages.BEFORE, before
    found = messages.load(db, room_id, slug, statement, **params)
    return found[:limit][::-1], len(found) > limit


def changed_since(
    db: Connection, room_id: int, slug: str, since: int, limit: int
) -> list[Message] | None:
    """Messages changed after a number, in the order of changed_seq; None when there are more than `limit`."""
    found = messages.load(db, room_id, slug, messages.CHANGED, place=since, limit=limit + 1)
    return None if len(found) > limit else found


def heads(db: Connection, room_ids: list[int]) -> dict[int, tuple[str, int]]:
    """(epoch, last number) of each room, in one query."""
    return {row[0]: (row[1], row[2]) for row in db.all(_HEADS, rooms=room_ids)}


class Place(NamedTuple):
    """How far a room has come, and its member has read it."""

    user_id: str
    room_id: int
    head: int
    read_seq: int
    members_count: int


def places_of(db: Connection, user_ids: list[str]) -> list[Place]:
    """All memberships of these people."""
    return [Place(*row) for row in db.all(_PLACES_OF, users=user_ids)]


def cursors(
    db: Connection, room_ids: list[int], most: int
) -> dict[int, tuple[str, dict[str, int]]]:
    """(slug, read cursors of the people) of those of the rooms that have `most` members at most."""
    found: dict[int, tuple[str, dict[str, int]]] = {}
    for room_id, slug, user_id, seq in db.all(_CURSORS, rooms=room_ids, most=most):
        found.setdefault(room_id, (slug, {}))[1][user_id] = seq
    return found


def numbered_after(db: Connection, room_id: int, place: int) -> tuple[str, int, list[Numbered]]:
    """(epoch, number reached, events) after a number: each message once, in its current state; at most a page.

    A message that was made after `place` comes as `message` however often it was changed since.
    """
    epoch, reached, events, _ = _page_after(db, room_id, place, place)
    return epoch, reached, events


def all_numbered_after(
    db: Connection, room_id: int, place: int
) -> Iterator[tuple[str, int, list[Numbered]]]:
    """Page after page of numbered_after(), up to the room's last number; together each message once.

    All in one snapshot: a message of the first page's numbers whose latest number comes later is told by a later page,
    and as `message`, for only then it is certain that no page before told it.
    """
    reached, last = place, place + 1
    while reached < last:
        epoch, reached, events, last = _page_after(db, room_id, reached, place)
        yield epoch, reached, events


def _page_after(
    db: Connection, room_id: int, place: int, told: int
) -> tuple[str, int, list[Numbered], int]:
    head: Row | None = db.one(_HEAD, room=room_id)
    if head is None:
        return "", place, [], place
    epoch, last, slug = head
    events = [
        Numbered(
            message.changed_seq,
            "message" if message.seq > told else "message_changed",
            messages.encode(message),
        )
        for message in messages.load(
            db, room_id, slug, messages.CHANGED, place=place, limit=GAP_PAGE
        )
    ]
    rooms = [
        Numbered(row[0], "room", row[1].encode())
        for row in db.all(_ROOM_CHANGES, room=room_id, place=place, limit=GAP_PAGE)
    ]
    # A kind that filled its page may have more behind it: nothing beyond that number may be told yet.
    reached = min(
        [last]
        + ([events[-1].seq] if len(events) == GAP_PAGE else [])
        + ([rooms[-1].seq] if len(rooms) == GAP_PAGE else [])
    )
    merged = sorted(events + rooms, key=lambda event: event.seq)
    return epoch, reached, [event for event in merged if event.seq <= reached], last


def room_info(found: Seat) -> RoomInfo:
    """A seat as its owner is shown the room."""
    return RoomInfo(
        slug=found.slug,
        name=found.name,
        kind=found.kind,  # type: ignore[arg-type]
        epoch=found.epoch,
        seq=found.seq,
        retention=int(found.retention) if found.retention.isdigit() else found.retention,  # type: ignore[arg-type]
        role=found.role,  # type: ignore[arg-type]
        members_count=found.members_count,
        not_for_ai=True if found.not_for_ai else UNSET,
    )
