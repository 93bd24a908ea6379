"""Answers of assistants as rows: one at a time, numbered start and end, fenced, and closed whatever happens."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chatapp.clock import now_ms
from chatapp.errors import ChatError
from chatapp.payloads import Message, User
from chatapp.store import budgets, messages, reading, rooms, run_leases, run_rows, run_texts
from chatapp.store.run_jobs import (
    QUEUE,
    EndRun,
    RecordCall,
    Regenerate,
    Started,
    StartRun,
)
from chatapp.store.run_leases import ReleaseLeases, RenewLeases, TakeOver
from chatapp.store.run_rows import Claim, Ending
from chatapp.store.run_texts import Piece, SaveTexts
from chatapp.store.sql import Statement
from chatapp.store.tx import Tx
from tests.store.conftest import Store, found

ASSISTANT = User(rooms.ASSISTANT_ID, "assistant", "assistant")


@dataclass
class Run:
    """Execute one statement in the writer."""

    statement: Statement
    params: dict[str, object]

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> int:
        return tx.run(self.statement, **self.params)


class Talk:
    """Alice and an assistant in a room."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.alice = store.user("alice")
        self.room = store.room(self.alice)

    def ask(self, text: str = "hello?", owner: str = "w1", **more: object) -> Started:
        question = self.store.post(self.room, self.alice, text)
        return self.store.writer.run(
            StartRun(self.room, ASSISTANT, self.alice, question.seq, owner, **more)  # type: ignore[arg-type]
        )

    def save(self, claim: Claim, text: str, start: int = 0) -> bool:
        piece = Piece(self.room, claim.seq, claim.attempt, start, text)
        over = self.store.writer.run(SaveTexts([piece]))
        assert over in (set(), {piece.key})
        return not over

    def saved(self, seq: int) -> str:
        with self.store.db.snapshot() as db:
            return run_texts.saved(db, self.room, seq)

    def end(self, claim: Claim, status: str = "done", **how: object) -> tuple[Message, list[Claim]]:
        ending = Ending(status, **how)  # type: ignore[arg-type]
        ended = self.store.writer.run(EndRun(self.room, claim.seq, claim.attempt, ending, "w1"))
        return ended.message, ended.claims

    def message(self, seq: int) -> Message:
        with self.store.db.snapshot() as db:
            found = messages.load_one(db, self.room, "general", seq)
        assert found is not None
        return found

    def expire(self) -> None:
        self.store.writer.run(Run(Statement("UPDATE runs SET lease_until = 1"), {}))

    def abandoned(self, only: str | None = None) -> list[tuple[int, int]]:
        with self.store.db.snapshot() as db:
            return run_leases.abandoned(db, only)

    def take_over(self, owner: str = "w2", alone: bool = False) -> list[Claim]:
        places = self.abandoned(owner if alone else None)
        with self.store.db.snapshot() as db:
            places += run_leases.in_line(db, 10)
        return self.store.writer.run(TakeOver(places, owner, alone)) if places else []

    def told(self) -> list[tuple[str, int]]:
        return [(event.event, event.seq) for told in self.store.told for event in told.events]


@pytest.fixture
def talk(store: Store) -> Talk:
    return Talk(store)


def test_an_answer_takes_a_number_at_its_start_and_one_at_its_end(talk: Talk) -> None:
    started = talk.ask()
    [claim] = started.claims
    assert (started.message.seq, started.message.status, started.message.body) == (
        2,
        "thinking",
        "",
    )
    assert started.message.reply_to
    assert started.message.reply_to.seq == 1
    talk.save(claim, "Hel")
    message, following = talk.end(claim, text="Hello, Alice.")
    assert (message.seq, message.changed_seq) == (2, 3)
    assert (message.status, message.body, following) == ("done", "Hello, Alice.", [])
    assert message.run
    assert message.run.asker == talk.alice
    assert message.run.versions == 1
    assert talk.told() == [("message", 1), ("message", 2), ("message_changed", 3)]
    assert talk.store.numbers(talk.room) == [1, 2, 3]
    assert talk.message(2) == message


def test_text_that_is_saved_takes_no_number_and_shows_as_streaming(talk: Talk) -> None:
    [claim] = talk.ask().claims
    assert talk.save(claim, "Hel")
    assert (talk.message(2).status, talk.message(2).changed_seq) == ("streaming", 2)
    with talk.store.db.snapshot() as db:
        run = run_rows.load(db, talk.room, 2)
    assert run
    assert (run.state, talk.saved(2)) == ("streaming", "Hel")


def test_each_save_adds_to_the_text_and_the_end_leaves_it_to_the_message(talk: Talk) -> None:
    [claim] = talk.ask().claims
    for start, text in ((0, "Once "), (5, "there "), (11, "was")):
        assert talk.save(claim, text, start)
    assert talk.saved(2) == "Once there was"
    message, _ = talk.end(claim, "stopped")  # by somebody who knows no more than what was saved
    assert (message.status, message.body) == ("stopped", "Once there was")
    assert talk.saved(2) == ""


def test_a_piece_that_is_saved_again_for_want_of_an_answer_is_there_once(talk: Talk) -> None:
    [claim] = talk.ask().claims
    talk.save(claim, "Once ")
    talk.save(claim, "there ", 5)
    talk.save(claim, "there was", 5)
    talk.save(claim, "a cat", 14)
    assert talk.saved(2) == "Once there wasa cat"


def test_answers_saved_together_are_judged_each_by_itself(talk: Talk) -> None:
    [first] = talk.ask().claims
    other = talk.store.room(talk.alice, "other")
    question = talk.store.post(other, talk.alice, "me?")
    [second] = talk.store.writer.run(
        StartRun(other, ASSISTANT, talk.alice, question.seq, "w1")
    ).claims
    talk.end(first, text="one end")
    late = Piece(talk.room, first.seq, first.attempt, 0, "late")
    foreign = Piece(other, second.seq, second.attempt + 1, 0, "of another attempt")
    good = Piece(other, second.seq, second.attempt, 0, "good")
    over = talk.store.writer.run(SaveTexts([late, foreign, good]))
    assert over == {late.key, foreign.key}
    assert talk.saved(first.seq) == ""
    with talk.store.db.snapshot() as db:
        assert run_texts.saved(db, other, second.seq) == "good"


def test_an_ended_answer_is_found_by_search_and_a_running_one_is_not(talk: Talk) -> None:
    def zebras() -> list[int]:
        return found(talk.store, talk.room, "zebra")

    [claim] = talk.ask().claims
    talk.save(claim, "zebra")
    assert zebras() == []
    talk.end(claim, text="a zebra")
    assert zebras() == [2]
    talk.store.writer.run(Regenerate(talk.room, 2, talk.alice, "w1"))
    assert zebras() == []


def test_what_an_answer_was_made_from_is_on_record(talk: Talk) -> None:
    [claim] = talk.ask().claims
    talk.store.writer.run(RecordCall(talk.room, claim.seq, claim.attempt, "m" * 200, "1", [1]))
    statement = Statement("SELECT model, prompt_version, context FROM runs")
    with talk.store.db.snapshot() as db:
        assert db.one(statement) == ("m" * 120, "1", "[1]")


def test_what_an_answer_may_use_is_kept_for_one_being_written_and_not_for_one_that_is_over(
    talk: Talk,
) -> None:
    def record(claim: Claim) -> None:
        job = RecordCall(
            talk.room, claim.seq, claim.attempt, "m", "1", [1], need=budgets.Use(500, 20)
        )
        talk.store.writer.run(job)

    def used() -> budgets.Use:
        with talk.store.db.snapshot() as db:
            return budgets.used(db, now_ms(), "person", talk.alice.id)

    [claim] = talk.ask().claims
    record(claim)
    assert used() == budgets.Use(500, 20)
    talk.save(claim, "I look it up.")
    record(claim)
    assert used() == budgets.Use(500, 20)
    talk.end(claim, "stopped", used=budgets.Use(30, 1))
    assert used() == budgets.Use(30, 1)
    with pytest.raises(ChatError) as refused:
        record(claim)
    assert refused.value.code == "conflict"
    assert used() == budgets.Use(30, 1)


# The queue


def test_a_second_question_waits_and_begins_when_the_first_answer_ends(talk: Talk) -> None:
    [first] = talk.ask("one?").claims
    second, third = talk.ask("two?"), talk.ask("three?")
    assert second.claims == third.claims == []
    assert [talk.message(seq).status for seq in (4, 6)] == ["queued", "queued"]
    assert [talk.message(seq).run.position for seq in (4, 6)] == [1, 2]  # type: ignore[union-attr]
    _, [following] = talk.end(first, text="1")
    assert (following.seq, following.attempt, following.asker) == (4, 1, talk.alice)
    assert talk.message(4).status == "thinking"
    assert talk.message(6).run.position == 1  # type: ignore[union-attr]
    assert talk.told()[-3:] == [
        ("message_changed", 7),
        ("message_changed", 8),
        ("message_changed", 9),
    ]
    assert talk.store.numbers(talk.room) == list(range(1, 10))


def test_the_queue_has_an_end(talk: Talk) -> None:
    for _ in range(1 + QUEUE):
        talk.ask()
    with pytest.raises(ChatError, match="wait already") as refused:
        talk.ask()
    assert refused.value.code == "ai_busy"
    assert refused.value.retry_after


def test_a_waiting_answer_can_be_cancelled_and_those_behind_move_up(talk: Talk) -> None:
    talk.ask("one?")
    second, third = talk.ask("two?"), talk.ask("three?")
    ending = Ending("stopped", stopped_by=talk.alice.id)
    ended = talk.store.writer.run(EndRun(talk.room, second.message.seq, 1, ending, "w1"))
    assert (ended.message.status, ended.claims) == ("stopped", [])
    assert ended.message.run
    assert ended.message.run.stopped_by == talk.alice
    assert talk.message(third.message.seq).run.position == 1  # type: ignore[union-attr]


def test_other_rooms_do_not_wait(talk: Talk) -> None:
    talk.ask()
    other = talk.store.room(talk.alice, "other")
    question = talk.store.post(other, talk.alice, "me?")
    started = talk.store.writer.run(StartRun(other, ASSISTANT, talk.alice, question.seq, "w1"))
    assert len(started.claims) == 1


# Refusals


def test_nobody_asks_an_assistant_that_is_not_there_or_with_a_question_that_is_gone(
    talk: Talk,
) -> None:
    stranger = talk.store.user("eve", "assistant")
    question = talk.store.post(talk.room, talk.alice, "hello?")
    for assistant, seq in ((stranger, question.seq), (ASSISTANT, 99)):
        with pytest.raises(ChatError) as refused:
            talk.store.writer.run(StartRun(talk.room, assistant, talk.alice, seq, "w1"))
        assert refused.value.code == "not_found"
    assert talk.store.numbers(talk.room) == [1]


def test_assistants_answer_each_other_twice_deep_and_four_times_at_most(talk: Talk) -> None:
    [claim] = talk.ask(root_seq=1).claims
    talk.end(claim, text="@assistant what do you say?")

    def again(hops: int) -> None:
        job = StartRun(talk.room, ASSISTANT, ASSISTANT, claim.seq, "w1", hops, root_seq=1)
        talk.store.writer.run(job)

    again(2)
    with pytest.raises(ChatError, match="at most"):
        again(3)
    again(2)
    again(2)
    with pytest.raises(ChatError, match="at most"):
        again(2)


def test_a_question_that_is_posted_again_for_want_of_an_ack_is_answered_once(talk: Talk) -> None:
    first = talk.ask()
    again = talk.store.writer.run(StartRun(talk.room, ASSISTANT, talk.alice, 1, "w1"))
    assert again.message.id == first.message.id
    assert again.claims == []
    assert len(first.claims) == 1


def test_an_answer_ends_once(talk: Talk) -> None:
    [claim] = talk.ask().claims
    talk.end(claim, text="one end")
    late = EndRun(talk.room, claim.seq, claim.attempt, Ending("failed", text="another"), "w1")
    with pytest.raises(ChatError) as refused:
        talk.store.writer.run(late)
    assert refused.value.code == "conflict"
    assert not talk.save(claim, "more")
    assert talk.message(2).body == "one end"


# Again


def test_a_new_version_keeps_the_old_text(talk: Talk) -> None:
    [claim] = talk.ask().claims
    talk.end(claim, text="first")
    again = talk.store.writer.run(Regenerate(talk.room, 2, talk.alice, "w1"))
    [second] = again.claims
    assert (again.message.status, again.message.body) == ("thinking", "")
    assert again.message.run
    assert (again.message.run.attempt, again.message.run.versions) == (2, 2)
    assert not talk.save(claim, "late")
    message, _ = talk.end(second, text="second")
    assert (message.body, message.seq, message.changed_seq) == ("second", 2, 5)
    statement = Statement("SELECT version, body FROM message_versions")
    with talk.store.db.snapshot() as db:
        assert db.all(statement) == [(1, "first")]


def test_a_new_version_waits_while_another_answer_is_written(talk: Talk) -> None:
    [claim] = talk.ask().claims
    talk.end(claim, text="first")
    [other] = talk.ask("something else?").claims
    again = talk.store.writer.run(Regenerate(talk.room, 2, talk.alice, "w1"))
    assert (again.message.status, again.claims) == ("queued", [])
    _, [second] = talk.end(other, text="else")
    assert (second.seq, second.attempt) == (2, 2)


def test_one_that_fails_before_it_goes_on_keeps_its_text_and_can_be_gone_on_with(
    talk: Talk,
) -> None:
    def go_on() -> list[Claim]:
        return talk.store.writer.run(Regenerate(talk.room, 2, talk.alice, "w1", onward=True)).claims

    [claim] = talk.ask().claims
    assert talk.end(claim, "failed", error="internal")[0].status == "failed"
    with pytest.raises(ChatError, match="nothing to go on from"):
        go_on()
    [again] = talk.store.writer.run(Regenerate(talk.room, 2, talk.alice, "w1")).claims
    talk.end(again, "interrupted", text="Once there")
    [onward] = go_on()
    message, _ = talk.end(onward, "failed", error="internal")
    assert (message.status, message.body) == ("interrupted", "Once there")
    assert message.run
    assert message.run.error == "internal"
    [onward] = go_on()
    talk.save(onward, " was", len("Once there"))
    assert talk.saved(2) == "Once there was"
    assert talk.end(onward, text="Once there was.")[0].status == "done"


def test_only_an_ended_answer_is_made_again(talk: Talk) -> None:
    talk.ask()
    for seq in (1, 2):
        with pytest.raises(ChatError) as refused:
            talk.store.writer.run(Regenerate(talk.room, seq, talk.alice, "w1"))
        assert refused.value.code == "conflict"
    eve = talk.store.user("eve")
    with pytest.raises(ChatError) as refused:
        talk.store.writer.run(Regenerate(talk.room, 2, eve, "w1"))
    assert refused.value.code == "not_found"


# Leases


def test_a_lease_is_renewed_by_its_owner_only(talk: Talk) -> None:
    [claim] = talk.ask().claims
    talk.expire()
    assert talk.abandoned() == [(talk.room, 2)]
    key = (talk.room, claim.seq, claim.attempt)
    assert talk.store.writer.run(RenewLeases("w2", [key[:2]])) == set()
    assert talk.abandoned() == [(talk.room, 2)]
    assert talk.store.writer.run(RenewLeases("w1", [key[:2]])) == {key}
    assert talk.abandoned() == []


def test_an_answer_that_showed_nothing_is_begun_again_by_another_worker(talk: Talk) -> None:
    [claim] = talk.ask().claims
    talk.expire()
    [taken] = talk.take_over()
    assert (taken.seq, taken.attempt, taken.asker) == (2, 2, talk.alice)
    assert talk.message(2).run.attempt == 2  # type: ignore[union-attr]
    assert talk.take_over() == []
    with pytest.raises(ChatError):
        talk.end(claim, text="late")
    message, _ = talk.end(taken, text="Hello.")
    assert message.body == "Hello."
    assert talk.store.numbers(talk.room) == [1, 2, 3, 4]


def test_an_answer_that_showed_something_is_closed_with_its_text(talk: Talk) -> None:
    [claim] = talk.ask("one?").claims
    talk.ask("two?")
    talk.save(claim, "Hello, Al")
    talk.expire()
    [following] = talk.take_over()
    message = talk.message(2)
    assert (message.status, message.body) == ("interrupted", "Hello, Al")
    assert message.run
    assert message.run.error == "ai_incomplete"
    assert following.seq == 4
    with pytest.raises(ChatError):
        talk.end(claim, text="late")


def test_an_answer_that_takes_its_worker_down_each_time_is_given_up(talk: Talk) -> None:
    talk.ask()
    for _ in range(run_leases.MAX_ATTEMPTS - 1):
        talk.expire()
        assert len(talk.take_over()) == 1
    talk.expire()
    assert talk.take_over() == []
    assert talk.message(2).status == "failed"


def test_the_only_worker_takes_up_all_at_its_start_without_waiting(talk: Talk) -> None:
    talk.ask()
    assert talk.take_over() == []
    assert talk.take_over("w1", alone=True) == []
    assert len(talk.take_over("w2", alone=True)) == 1


def test_a_waiting_answer_whose_worker_ended_in_between_is_begun(talk: Talk) -> None:
    talk.ask("one?")
    talk.ask("two?")
    talk.store.writer.run(Run(Statement("DELETE FROM messages WHERE seq = 2"), {}))
    [claim] = talk.take_over()
    assert claim.seq == 4
    assert talk.message(4).status == "thinking"


def test_a_worker_that_stops_lets_go_of_what_it_did_not_show(talk: Talk) -> None:
    [claim] = talk.ask("one?").claims
    talk.store.writer.run(ReleaseLeases("w2"))
    assert talk.abandoned() == []
    talk.store.writer.run(ReleaseLeases("w1"))
    assert talk.abandoned() == [(talk.room, 2)]
    [taken] = talk.take_over()
    talk.save(taken, "something")
    talk.store.writer.run(ReleaseLeases("w2"))
    assert talk.abandoned() == []
    assert claim.attempt < taken.attempt


def test_a_fresh_look_agrees_with_what_was_told(talk: Talk) -> None:
    [claim] = talk.ask("one?").claims
    talk.ask("two?")
    talk.end(claim, text="1")
    with talk.store.db.snapshot() as db:
        _, head, events = reading.numbered_after(db, talk.room, 0)
    assert head == talk.store.numbers(talk.room)[-1]
    last = {event.payload for told in talk.store.told for event in told.events}
    assert all(event.payload in last for event in events)
