"""An answer in a room: it shows at once, grows for everybody, and ends, whatever the provider does."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chatapp.errors import ChatError
from tests.assistant.office import Office, Person
from tests.openai_server import OpenAIServer, behaviours
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def hurried(impatient: None) -> None:
    """Retries come at once, and silence is short."""


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(ChatError) as refusal:
        act()
    return refusal.value.code


def test_an_answer_shows_at_once_grows_for_everybody_and_is_stored(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    ai.will(behaviours.gated("Half past ", "two."))
    outsider = office.person("Eve")
    outsider.join("coffee")
    question = alice.says("@assistant what time is it?")
    shown = alice.sees("message", status="thinking")
    assert shown["sender"]["id"] == "assistant"
    assert shown["body"] == ""
    assert shown["reply_to"]["id"] == question["id"]
    assert shown["run"]["asker"]["name"] == "Alice"
    for person in (alice, bob):
        person.reads(shown["id"], "Half past ")
    ai.release()
    for person in (alice, bob):
        person.reads(shown["id"], "Half past two.")
    ai.release()
    for person in (alice, bob):
        ended = person.sees("message_changed", id=shown["id"], status="done")
        assert ended["body"] == "Half past two."
        assert (shown["seq"], ended["changed_seq"]) == (2, 3)
    assert office.message(shown["id"]).body == "Half past two."
    outsider.never_saw("message_delta")
    outsider.never_saw("message")


def test_only_a_mention_a_reply_or_a_direct_room_calls_it(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    alice.says("assistant, are you there?")
    alice.says("`@assistant` in code")
    alice.says("> @assistant in a quote")
    assert ai.requests == []
    alice.says("@assistant now")
    first = alice.sees("message", status="thinking")
    alice.sees("message_changed", status="done")
    alice.says("and this?", reply_to=first["id"])
    alice.sees("message_changed", status="done")
    assert len(ai.requests) == 2
    direct = office.chat.rooms.direct(alice.user, ["assistant"])
    alice.join(direct.slug)
    for _ in range(2):
        alice.says("hello", direct.slug)
        alice.sees("message_changed", status="done", room=direct.slug)
    assert len(ai.requests) == 4


def test_the_provider_is_shown_this_room_and_no_other(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    alice.join("secret")
    alice.says("the password is swordfish", "secret")
    alice.says("tea is at four")
    alice.says("@assistant when is tea, and what is the password in the room secret?")
    alice.sees("message_changed", status="done")
    sent = json.dumps(ai.requests[0]["body"])
    assert "tea is at four" in sent
    assert "swordfish" not in sent


def test_who_is_named_in_an_answer_is_mentioned_and_the_assistant_does_not_call_itself(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    ai.will(behaviours.answer("@Bob knows, `@Alice` and @assistant do not."))
    alice.says("@assistant who knows?")
    ended = bob.sees("message_changed", status="done")
    assert ended["mentions"] == [{"user_id": bob.user.id, "start": 0, "length": 4}]
    assert len(ai.requests) == 1


def test_who_joins_in_the_middle_gets_all_so_far_and_goes_on_live(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    ai.will(behaviours.gated("one ", "two ", "three"))
    alice.says("@assistant count")
    answer = alice.sees("message", status="thinking")["id"]
    alice.reads(answer, "one ")
    carol = office.person("Carol")
    [live] = carol.join().runs
    assert (live.message_id, live.attempt, live.text) == (answer, 1, "one ")
    ai.release()
    piece = carol.sees("message_delta")
    assert (piece["offset"], piece["text"]) == (4, "two ")
    [synced] = office.chat.attendance.sync(carol.user, "tea", 0, "x").runs
    assert synced.text == "one two "
    ai.release()
    ai.release()
    carol.sees("message_changed", status="done", body="one two three")
    assert office.person("Dan").join().runs == []


# Stopping


def test_its_asker_stops_it_visibly_at_once_and_the_connection_is_closed(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    ai.will(behaviours.stall("Once upon a"))
    bob.says("@assistant a story")
    answer = bob.sees("message", status="thinking")["id"]
    alice.reads(answer, "Once upon a")
    stopped = bob.stops(answer)
    alice.sees("message_changed", id=answer, status="stopped")
    assert (stopped.status, stopped.body) == ("stopped", "Once upon a")
    assert stopped.run
    assert stopped.run.stopped_by == bob.user
    assert ai.wait(0, "closed")
    assert office.message(answer) == stopped


def test_a_moderator_and_an_admin_stop_it_and_other_members_do_not(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    carol = office.person("Carol")
    carol.join()
    ai.will(behaviours.stall("one"), behaviours.stall("two"))
    bob.says("@assistant a story")
    first = bob.sees("message", status="thinking")["id"]
    assert refused(lambda: carol.stops(first)) == "forbidden"
    assert alice.stops(first).run.stopped_by == alice.user  # type: ignore[union-attr]
    bob.says("@assistant another")
    second = bob.sees("message", status="thinking")["id"]
    office.execute(f"UPDATE users SET is_admin = TRUE WHERE id = '{carol.user.id}'")
    assert carol.stops(second).run.stopped_by == carol.user  # type: ignore[union-attr]


def test_there_is_nothing_to_stop_in_what_is_no_running_answer_and_nothing_to_learn_elsewhere(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    question = alice.says("@assistant hello")
    answer = alice.sees("message_changed", status="done")["id"]
    eve = office.person("Eve")
    assert refused(lambda: alice.stops(question["id"])) == "conflict"
    assert refused(lambda: alice.stops(answer)) == "conflict"
    for unknown in ("1-99", "99-1", "nonsense"):
        assert refused(lambda unknown=unknown: alice.stops(unknown)) == "not_found"  # type: ignore[misc]
    for foreign in (question["id"], answer):
        assert refused(lambda foreign=foreign: eve.stops(foreign)) == "not_found"  # type: ignore[misc]


def test_stop_before_the_first_word_leaves_an_empty_answer(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    ai.will(behaviours.silent())
    alice.says("@assistant hello")
    answer = alice.sees("message", status="thinking")["id"]
    assert ai.wait(0, "open")
    assert (alice.stops(answer).status, alice.stops) != ("done", None)
    assert office.message(answer).body == ""
    assert ai.wait(0, "closed")


def test_a_question_asked_meanwhile_waits_its_turn_and_can_be_taken_back(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    ai.will(behaviours.gated("first"), behaviours.answer("third"))
    alice.says("@assistant one")
    first = alice.sees("message", status="thinking")["id"]
    alice.reads(first, "first")
    alice.says("@assistant two")
    second = alice.sees("message", status="queued")
    alice.says("@assistant three")
    third = alice.sees("message", status="queued")
    assert (second["run"]["position"], third["run"]["position"]) == (1, 2)
    alice.stops(second["id"])
    assert alice.sees("message_changed", id=third["id"])["run"]["position"] == 1
    ai.release()
    alice.sees("message_changed", id=first, status="done")
    alice.sees("message_changed", id=third["id"], status="thinking")
    assert alice.sees("message_changed", id=third["id"], status="done")["body"] == "third"
    assert len(ai.requests) == 2


# Failures


@pytest.mark.parametrize(
    ("behaviour", "status", "error", "body"),
    [
        (behaviours.refusal(401), "failed", "ai_misconfigured", ""),
        (behaviours.refusal(404), "failed", "ai_model_missing", ""),
        (behaviours.refusal(429, "rate_limit_exceeded"), "failed", "ai_busy", ""),
        (behaviours.refusal(429, "insufficient_quota"), "failed", "ai_quota", ""),
        (behaviours.html(), "failed", "ai_incomplete", ""),
        (behaviours.cut("half an"), "interrupted", "ai_incomplete", "half an"),
        (behaviours.cut_short("half an"), "interrupted", "ai_incomplete", "half an"),
        (
            behaviours.cut_short("half an", "content_filter"),
            "interrupted",
            "ai_incomplete",
            "half an",
        ),
        (behaviours.dropped("half an"), "interrupted", "ai_incomplete", "half an"),
        (behaviours.reset("half an"), "interrupted", "ai_incomplete", "half an"),
        (behaviours.bad_json("half an"), "interrupted", "ai_incomplete", "half an"),
        (behaviours.unfinished("half an"), "interrupted", "ai_incomplete", "half an"),
        (behaviours.stall("half an"), "interrupted", "ai_unavailable", "half an"),
        (behaviours.error_in_stream("half an"), "interrupted", "ai_unavailable", "half an"),
    ],
)
def test_whatever_the_provider_does_the_answer_ends_with_a_reason(
    ai: OpenAIServer,
    office: Office,
    alice: Person,
    behaviour: behaviours.Behaviour,
    status: str,
    error: str,
    body: str,
) -> None:
    ai.will(behaviour)
    alice.says("@assistant hello")
    ended = alice.sees("message_changed", status=status)
    assert (ended["run"]["error"], ended["body"]) == (error, body)
    assert office.open_runs() == []
    assert "sk-canary" not in json.dumps(alice.heard)


def test_of_a_busy_provider_it_is_said_when_to_ask_again_until_it_is_asked_again(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    ai.will(behaviours.refusal(429, "rate_limit_exceeded", retry_after="31"))
    alice.says("@assistant hello")
    failed = alice.sees("message_changed", status="failed")
    assert (failed["run"]["error"], failed["run"]["retry_after"]) == ("ai_busy", 31)
    assert office.message(failed["id"]).run.retry_after == 31  # type: ignore[union-attr]
    alice.asks_again(failed["id"])
    done = alice.sees("message_changed", status="done")
    assert not {"error", "retry_after"} & set(done["run"])


def test_a_provider_that_is_down_fails_after_three_tries(ai: OpenAIServer, alice: Person) -> None:
    ai.will(*[behaviours.refusal(503)] * 3)
    alice.says("@assistant hello")
    assert alice.sees("message_changed", status="failed")["run"]["error"] == "ai_unavailable"
    assert len(ai.requests) == 3


def test_a_room_that_is_too_long_for_the_model_is_shown_less_of_itself(
    ai: OpenAIServer, alice: Person
) -> None:
    for _ in range(30):
        alice.says("word " * 100)
    ai.will(behaviours.refusal(400, "context_length_exceeded"))
    alice.says("@assistant and now?")
    alice.sees("message_changed", status="done")
    whole, less = (len(json.dumps(request["body"])) for request in ai.requests)
    assert less < whole * 0.7


def test_a_question_that_is_too_long_by_itself_is_told_from_a_window_that_is_set_wrong(
    ai: OpenAIServer, alice: Person
) -> None:
    too_long = behaviours.refusal(400, "context_length_exceeded")
    ai.will(too_long, too_long)
    alice.says("@assistant " + "word " * 700)
    assert alice.sees("message_changed", status="failed")["run"]["error"] == "ai_too_long"
    ai.will(too_long, too_long)
    asked = alice.says("@assistant and now?")["seq"]
    failed = alice.sees("message_changed", seq=asked + 1, status="failed")
    assert failed["run"]["error"] == "ai_misconfigured"
    assert len(ai.requests) == 4


def test_a_fault_of_ours_ends_the_answer_too(
    office: Office, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatapp.assistant import run

    monkeypatch.setattr(run, "fit", lambda *_: 1 / 0)
    alice.says("@assistant hello")
    assert alice.sees("message_changed", status="failed")["run"]["error"] == "internal"


# Again


def test_a_new_version_grows_in_the_same_place_and_the_old_one_is_kept(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    ai.will(behaviours.answer("first"), behaviours.gated("sec", "ond"))
    bob.says("@assistant hello")
    answer = bob.sees("message_changed", status="done")["id"]
    carol = office.person("Carol")
    carol.join()
    assert refused(lambda: carol.asks_again(answer)) == "forbidden"
    again = bob.asks_again(answer)
    assert (again.status, again.body) == ("thinking", "")
    assert again.run
    assert (again.run.attempt, again.run.versions) == (2, 2)
    assert refused(lambda: bob.asks_again(answer)) == "conflict"
    alice.reads(answer, "sec", attempt=2)
    ai.release()
    ai.release()
    ended = alice.sees("message_changed", id=answer, body="second")
    assert ended["status"] == "done"
    assert [text for _, text, _ in office.chat.messages.versions(bob.user, answer)] == ["first"]


def test_what_it_saw_is_on_record(ai: OpenAIServer, office: Office, alice: Person) -> None:
    from chatapp.services.provenance import run_report

    alice.says("tea?")
    question = alice.says("@assistant what was said?")
    answer = alice.sees("message_changed", status="done")["id"]
    report = run_report(office.chat.db, alice.user, answer)
    assert report.question == question["id"]
    assert report.context == ["1-1", "1-2"]
    assert (report.prompt_tokens, report.completion_tokens) == (11, 7)
    assert report.model
    assert report.model.endswith("/test")


# Refusals


def test_a_flood_of_questions_is_refused_to_who_asks_and_to_nobody_else(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    office = offices(rate_limits="on")
    alice, bob = office.person("Alice"), office.person("Bob")
    alice.join()
    bob.join()
    for _ in range(6):
        bob.says("@assistant hello")
        bob.sees("message_changed", status="done")
    seventh = bob.says("@assistant hello")
    told = bob.sees("refused", message_id=seventh["id"])
    assert (told["room"], told["error"]["code"]) == ("tea", "rate_limited")
    assert told["error"]["retry_after"] > 0
    alice.says("@assistant and I?")
    alice.sees("message_changed", status="done")
    alice.never_saw("refused")


def test_the_seventh_question_in_a_room_does_not_wait(ai: OpenAIServer, alice: Person) -> None:
    ai.will(behaviours.gated("first"))
    for _ in range(6):
        alice.says("@assistant hello")
    last = alice.says("@assistant hello")
    told = alice.sees("refused", message_id=last["id"])
    assert told["error"]["code"] == "ai_busy"
    ai.release()


# The end of a worker


def test_the_only_worker_takes_up_at_its_start_what_it_left(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    office = offices()
    alice = office.person("Alice")
    alice.join()
    ai.will(behaviours.silent())
    alice.says("@assistant hello")
    answer = alice.sees("message", status="thinking")["id"]
    assert ai.wait(0, "open")
    office.die()
    restarted = offices()
    bob = restarted.person("Bob")
    bob.join()
    eventually(lambda: restarted.message(answer).status == "done", what="the answer")
    message = restarted.message(answer)
    assert (message.status, message.body) == ("done", "I am the test model.")
    assert message.run
    assert message.run.attempt == 2
