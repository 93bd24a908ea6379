"""Assistants' answers."""

from __future__ import annotations

from collections import defaultdict

from tools.delivery.journal import Delta

from .evidence import Evidence, Finding, check


@check("answers: one end each")
def one_end(evidence: Evidence, finding: Finding) -> None:
    """An attempt of an assistant's answer ends once, and in the end every answer has ended."""
    ends: dict[tuple[str, int], set[str]] = defaultdict(set)
    for _room, message_id, attempt, status, _number in evidence.record.endings:
        ends[message_id, attempt].add(status)
    for (message_id, attempt), found in ends.items():
        finding.looked_at += 1
        if len(found) > 1:
            finding.add(f"attempt {attempt} of {message_id} ended as {' and '.join(sorted(found))}")
    for slug, room in evidence.rooms.items():
        for message in room.messages:
            if message.get("status") in ("queued", "thinking", "streaming"):
                finding.add(f"{slug}: {message['id']} is still {message['status']}")


@check("answers: what was streamed is the text")
def streamed(evidence: Evidence, finding: Finding) -> None:
    """Each piece stands in the final text where it said; a cut answer's text is where its pieces begin."""
    finals = {
        (message["id"], message["run"]["attempt"]): message
        for room in evidence.rooms.values()
        for message in room.messages
        if message.get("status") in ("done", "stopped", "interrupted") and not message["deleted_at"]
    }
    for delta in evidence.record.deltas:
        final = finals.get((delta.message_id, delta.attempt))
        if final is None:
            continue
        finding.looked_at += 1
        text = final["body"]
        end = delta.offset + len(delta.text)
        piece = delta.text if end <= len(text) else delta.text[: max(0, len(text) - delta.offset)]
        if final["status"] != "interrupted" and end > len(text):
            finding.add(f"{delta.message_id}: a piece ends at {end}, the text at {len(text)}")
        elif text[delta.offset : delta.offset + len(piece)] != piece:
            finding.add(f"{delta.message_id}: the piece at {delta.offset} is not in the text")


@check("answers: somebody saw all of it grow")
def joined(evidence: Evidence, finding: Finding) -> None:
    """Pieces joined are the text: of who heard an answer end (done, stopped), or of anybody (interrupted: it begins the joined).

    Of one connection at least: hints of pieces may be lost on the way to other workers, and then the end brings the text.
    """
    heard = {
        (receipt.connection, receipt.room, receipt.number)
        for receipt in evidence.record.receipts
        if receipt.how == "live"
    }
    pieces: dict[tuple[str, int], dict[int, list[Delta]]] = defaultdict(lambda: defaultdict(list))
    for delta in evidence.record.deltas:
        pieces[delta.message_id, delta.attempt][delta.connection].append(delta)
    bodies = {
        message["id"]: message["body"]
        for room in evidence.rooms.values()
        for message in room.messages
        if message.get("status") in ("done", "stopped", "interrupted") and not message["deleted_at"]
    }
    for room, message_id, attempt, status, number in evidence.record.endings:
        texts = [
            _fold(grown)
            for connection, grown in pieces[message_id, attempt].items()
            if status == "interrupted" or (connection, room, number) in heard
        ]
        body = bodies.get(message_id, "")
        if not body or not texts:
            continue
        finding.looked_at += 1
        if not any(
            text.startswith(body) if status == "interrupted" else text == body for text in texts
        ):
            longest = max(map(len, texts))
            finding.add(f"{message_id}: nobody was told more than {longest} of {len(body)} letters")


def _fold(pieces: list[Delta]) -> str:
    """The text of pieces as they came; what follows a hole waits for what fills it."""
    text = ""
    for piece in pieces:
        if piece.offset <= len(text) < piece.offset + len(piece.text):
            text = text[: piece.offset] + piece.text
    return text
