"""What was told to people, and what they show of it, against what is stored."""

from __future__ import annotations

from .evidence import Evidence, Finding, check


@check("live: in order, once, without a hole")
def live(evidence: Evidence, finding: Finding) -> None:
    """On each connection numbers rise, and each names as `prev` a number that the connection had reached."""
    started = {(each.connection, each.room): each.number for each in evidence.record.sessions}
    reached: dict[tuple[int, str], int] = dict(started)
    last_live: dict[tuple[int, str], int] = {}
    for receipt in evidence.record.receipts:
        key = receipt.connection, receipt.room
        if receipt.how != "live":
            continue
        finding.looked_at += 1
        where = f"{receipt.room}, connection {receipt.connection}"
        before = last_live.get(key, 0)
        if receipt.number == before:
            finding.add(f"{where}: {receipt.number} came twice")
        elif receipt.number < before:
            finding.add(f"{where}: {receipt.number} came after {before}")
        if receipt.prev is not None and receipt.prev > reached.get(key, 0):
            finding.add(
                f"{where}: a hole, {receipt.number} follows {receipt.prev}, not {reached.get(key)}"
            )
        last_live[key] = max(before, receipt.number)
        reached[key] = max(reached.get(key, 0), receipt.number)


@check("receipts: the same text for everybody")
def same_text(evidence: Evidence, finding: Finding) -> None:
    """A number of a room stands for the same state of the same message, however it came, and as it is stored."""
    seen = {
        (slug, room.epoch, message["changed_seq"]): (room.digests[message["id"]], "stored")
        for slug, room in evidence.rooms.items()
        for message in room.messages
    }
    for receipt in evidence.record.receipts:
        if not receipt.digest:
            continue
        finding.looked_at += 1
        where = f"{receipt.how} on connection {receipt.connection}"
        number = receipt.room, receipt.epoch, receipt.number
        text, first = seen.setdefault(number, (receipt.digest, where))
        if text != receipt.digest:
            finding.add(f"{receipt.room}: {receipt.number} is not the same {first} and {where}")


@check("folded: everybody shows what is stored")
def folded(evidence: Evidence, finding: Finding) -> None:
    """What each person folded is what a fresh fetch shows, message by message."""
    for view in evidence.shown:
        room = evidence.rooms[view.room]
        wanted = {
            each["id"]: room.digests[each["id"]]
            for each in room.messages
            if each["seq"] >= view.first
        }
        finding.looked_at += len(wanted)
        who = f"{view.person} in {view.room}"
        if (view.epoch, view.position) != (room.epoch, room.seq):
            finding.add(f"{who} stands at {view.position}, the room at {room.seq}")
        for key in wanted.keys() - view.messages.keys():
            finding.add(f"{who} does not show {key}")
        for key in view.messages.keys() - wanted.keys():
            finding.add(f"{who} shows {key}, which is not stored")
        for key in view.messages.keys() & wanted.keys():
            if view.messages[key] != wanted[key]:
                finding.add(f"{who} shows another text of {key}")


@check("removed: nothing more after 5 s")
def removed(evidence: Evidence, finding: Finding) -> None:
    """Who was removed from a room hears nothing of it any more."""
    when = {(person, room): at for person, room, at in evidence.record.removals}
    finding.looked_at = len(when)
    for person, room, what, at in evidence.record.after_removal:
        if (person, room) in when and at > when[person, room] + evidence.removal_seconds:
            finding.add(
                f"{person} got {what} of {room} {at - when[person, room]:.1f} s after removal"
            )
