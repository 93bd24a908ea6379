"""How late what was acknowledged came to others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from tools.delivery.journal import Sent

from .evidence import Evidence


def lateness(evidence: Evidence, workers: Callable[[str], bool] = lambda _worker: True) -> float:
    """Seconds between an ack and its receipt by every connection that stood all the while; the longest."""
    steps: dict[tuple[int, str], list[tuple[int, float]]] = defaultdict(list)
    for receipt in evidence.record.receipts:
        if receipt.how == "live":
            steps[receipt.connection, receipt.room].append((receipt.number, receipt.at))
    worst = 0.0
    acks: dict[str, list[Sent]] = defaultdict(list)
    for sent in evidence.messages():
        if sent.outcome == "ok":
            acks[sent.room].append(sent)
    for session in evidence.record.sessions:
        if workers(session.worker):
            got = steps.get((session.connection, session.room), [])
            worst = max(worst, _worst(acks[session.room], session.joined_at, session.ended_at, got))
    return worst


def _worst(
    acks: list[Sent], since: float, until: float | None, got: list[tuple[int, float]]
) -> float:
    """Of one connection: `got` are its (number, time), both rising."""
    worst, at = 0.0, 0
    for sent in sorted(acks, key=lambda each: each.seq):
        while at < len(got) and got[at][0] < sent.seq:
            at += 1
        if sent.invoked < since or (until is not None and sent.ended > until - 1):
            continue
        if at < len(got):
            worst = max(worst, got[at][1] - sent.ended)
    return worst
