"""What the checker takes for a read cursor that went back, and what only overlapped."""

from __future__ import annotations

from tools.delivery.checks import Evidence, Finding, reading
from tools.delivery.journal import Cursor, Journal
from tools.delivery.truth import RoomTruth

LAPTOP, PHONE = 1, 2


def wrong(*told: Cursor, stored: int = 9) -> list[str]:
    """What the check says against these, in the order in which they were told."""
    truth = RoomTruth("tea", "epoch", 9, [], {}, cursors={"alice": stored})
    finding = Finding("")
    reading.cursors(Evidence(Journal(cursors=[*told]), {"alice"}, [], {"tea": truth}), finding)
    assert finding.looked_at == len(told)
    assert finding.wrong == len(finding.examples)
    return finding.examples


def event(connection: int, seq: int) -> Cursor:
    return Cursor(connection, "tea", "alice", seq, "event")


def ack(connection: int, seq: int, asked: int) -> Cursor:
    return Cursor(connection, "tea", "alice", seq, "ack", asked)


def join(connection: int, seq: int, asked: int) -> Cursor:
    return Cursor(connection, "tea", "alice", seq, "join", asked)


def test_one_connection_is_never_told_less_than_before() -> None:
    assert wrong(join(PHONE, 4, 0), event(PHONE, 5), ack(PHONE, 5, 1), event(PHONE, 9)) == []
    assert wrong(event(PHONE, 5), event(PHONE, 4)) == ["tea: alice was at 5, in event at 4"]
    assert wrong(event(PHONE, 5), ack(PHONE, 4, 0)) == ["tea: alice was at 5, in ack at 4"]
    assert wrong(ack(PHONE, 5, 0), event(PHONE, 4)) == ["tea: alice was at 5, in event at 4"]


def test_an_answer_is_no_less_than_what_anybody_had_been_told_when_it_was_asked_for() -> None:
    assert wrong(ack(LAPTOP, 5, 0), join(PHONE, 5, 1)) == []
    assert wrong(ack(LAPTOP, 5, 0), join(PHONE, 4, 1)) == ["tea: alice was at 5, in join at 4"]
    assert wrong(event(LAPTOP, 5), ack(PHONE, 4, 1)) == ["tea: alice was at 5, in ack at 4"]


def test_answers_to_what_was_asked_at_the_same_time_come_in_either_order() -> None:
    assert wrong(ack(LAPTOP, 5, 0), join(PHONE, 4, 0)) == []
    assert wrong(event(LAPTOP, 3), ack(LAPTOP, 5, 0), join(PHONE, 4, 1)) == []
    assert wrong(event(LAPTOP, 5), event(PHONE, 4)) == [], "events come on each in their own time"


def test_what_was_told_is_stored() -> None:
    assert wrong(event(LAPTOP, 9)) == []
    assert wrong(event(LAPTOP, 9), stored=8) == ["tea: alice was told 9, stored is 8"]
    assert wrong(stored=0) == []
