"""Going on with an answer that was cut, and what no assistant is shown."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chatapp.errors import ChatError
from chatapp.services import provenance
from tests.assistant.office import Office, Person
from tests.openai_server import OpenAIServer, behaviours


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(ChatError) as refusal:
        act()
    return refusal.value.code


def test_a_cut_answer_goes_on_from_its_text(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    ai.will(behaviours.cut("Once there was a"), behaviours.answer(" room."))
    alice.says("@assistant tell me a story")
    cut = bob.sees("message_changed", status="interrupted")
    assert cut["body"] == "Once there was a"
    alice.goes_on(cut["id"])
    again = bob.sees("message_changed", status="thinking")
    assert again["run"]["attempt"] == 2
    whole = bob.sees("message_changed", status="done")
    assert whole["body"] == "Once there was a room."
    assert whole["run"]["versions"] == 1
    assert bob.text_of(cut["id"], attempt=2) == "Once there was a room."
    sent = ai.requests[1]["body"]["messages"]
    assert sent[-2] == {"role": "assistant", "content": "Once there was a"}
    assert "Go on" in sent[-1]["content"]
    found = office.chat.messages.search(bob.user, "room once").messages
    assert [one.id for one in found] == [cut["id"]]


def test_one_that_fails_again_keeps_what_there_was(ai: OpenAIServer, alice: Person) -> None:
    ai.will(behaviours.cut("Once there was a"), behaviours.refusal(429, "insufficient_quota"))
    alice.says("@assistant tell me a story")
    cut = alice.sees("message_changed", status="interrupted")
    alice.goes_on(cut["id"])
    again = alice.sees("message_changed", status="interrupted")
    assert (again["body"], again["run"]["error"]) == ("Once there was a", "ai_quota")


def test_a_stopped_answer_can_be_gone_on_with_and_a_whole_one_not(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    ai.will(behaviours.gated("one ", "two"), behaviours.answer("two"))
    alice.says("@assistant count")
    answer = alice.sees("message", status="thinking")["id"]
    alice.reads(answer, "one ")
    assert refused(lambda: alice.goes_on(answer)) == "conflict"
    alice.stops(answer)
    assert refused(lambda: bob.goes_on(answer)) == "forbidden"
    alice.goes_on(answer)
    assert alice.sees("message_changed", status="done")["body"] == "one two"
    assert refused(lambda: alice.goes_on(answer)) == "conflict"


def test_one_whose_worker_dies_goes_on_elsewhere_with_its_text(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    one, two = offices(several=True), offices(several=True)
    alice, bob = one.person("Alice"), two.person("Bob")
    alice.join()
    bob.join()
    ai.will(behaviours.cut("Once there was a"), behaviours.silent(), behaviours.answer(" room."))
    alice.says("@assistant tell me a story")
    cut = bob.sees("message_changed", status="interrupted")
    alice.goes_on(cut["id"])
    assert ai.wait(1)
    one.die()
    one.execute("UPDATE runs SET lease_until = 0 WHERE state = 'thinking'")
    two.look_after()
    whole = bob.sees("message_changed", status="done")
    assert (whole["body"], whole["run"]["attempt"]) == ("Once there was a room.", 3)


def test_what_waits_to_go_on_keeps_its_text_though_its_question_is_hidden(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    ai.will(behaviours.cut("Once there was a"), behaviours.gated("first"))
    question = alice.says("@assistant tell me a story")
    bob.sees("message", status="thinking")
    cut = bob.sees("message_changed", status="interrupted")
    bob.says("@assistant one")
    bob.reads(bob.sees("message", status="thinking")["id"], "first")
    assert alice.goes_on(cut["id"]).status == "queued"
    office.chat.messages.mark(alice.user, question["id"], True).wait()
    ai.release()
    assert bob.sees("message_changed", id=cut["id"], status="stopped")["body"] == cut["body"]
    assert len(ai.requests) == 2


@pytest.mark.parametrize("hide", ["delete", "mark"])
def test_an_answer_whose_question_is_gone_is_not_written_again_and_stays(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person, hide: str
) -> None:
    ai.will(behaviours.cut("Once there was a"), behaviours.answer("Again."))
    question = alice.says("@assistant tell me a story")
    cut = bob.sees("message_changed", status="interrupted")
    alice.says("@assistant and you?")
    done = bob.sees("message_changed", status="done")
    chat = office.chat.messages
    if hide == "delete":
        chat.delete(alice.user, question["id"]).wait()
    else:
        chat.mark(alice.user, question["id"], True).wait()
    for again in (alice.asks_again, alice.goes_on):
        assert refused(lambda again=again: again(cut["id"])) == "conflict"  # type: ignore[misc]
    assert office.message(cut["id"]).body == "Once there was a"
    assert alice.asks_again(done["id"]).status == "thinking"
    bob.sees("message_changed", id=done["id"], status="done")


def test_who_has_become_a_reader_stops_an_answer_and_has_none_written(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    ai.will(behaviours.gated("one ", "two"))
    bob.says("@assistant count")
    answer = bob.sees("message", status="thinking")["id"]
    bob.reads(answer, "one ")
    rooms = office.chat.rooms
    rooms.set_member(alice.user, "tea", bob.user.id, "readonly")
    assert bob.stops(answer).status == "stopped"
    for again in (bob.asks_again, bob.goes_on):
        assert refused(lambda again=again: again(answer)) == "forbidden"  # type: ignore[misc]
    rooms.set_member(alice.user, "tea", bob.user.id, "member")
    bob.goes_on(answer)
    alice.sees("message_changed", id=answer, status="done")


# Not for AI


def test_a_message_that_is_not_for_ai_enters_no_prompt(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    hidden = alice.says("the password is swordfish", not_for_ai=True)
    assert bob.sees("message", id=hidden["id"])["not_for_ai"] is True
    later = alice.says("and the other is trout")
    office.chat.messages.mark(alice.user, later["id"], True).wait()
    assert bob.sees("message_changed", id=later["id"])["not_for_ai"] is True
    office.chat.rooms.set_privacy(alice.user, "tea", True)
    assert alice.says("the third is salmon")["not_for_ai"] is True
    office.chat.rooms.set_privacy(alice.user, "tea", False)
    seen = alice.says("tea is at four")
    assert "not_for_ai" not in seen
    bob.says("@assistant what do you know?", reply_to=hidden["id"])
    bob.sees("message_changed", status="done")
    sent = json.dumps(ai.requests[0]["body"])
    assert "tea is at four" in sent
    for word in ("swordfish", "trout", "salmon"):
        assert word not in sent


def test_a_question_that_is_not_for_ai_is_refused_to_who_asks_alone(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    alice.says("@assistant look away", not_for_ai=True)
    assert alice.sees("refused")["error"]["code"] == "forbidden"
    bob.never_saw("refused")
    assert ai.requests == []


def test_a_question_that_is_hidden_while_it_waits_is_not_answered(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    ai.will(behaviours.gated("first"))
    alice.says("@assistant one")
    first = alice.sees("message", status="thinking")["id"]
    alice.reads(first, "first")
    question = bob.says("@assistant the password is swordfish?")
    waiting = bob.sees("message", status="queued")
    office.chat.messages.mark(bob.user, question["id"], True).wait()
    ai.release()
    assert bob.sees("message_changed", id=waiting["id"], status="stopped")["body"] == ""
    assert len(ai.requests) == 1


def test_only_its_author_and_moderators_mark_a_message(
    office: Office, alice: Person, bob: Person
) -> None:
    carol = office.person("Carol")
    carol.join()
    said = bob.says("hello")
    mark = office.chat.messages.mark
    assert refused(lambda: mark(carol.user, said["id"], True).wait()) == "forbidden"
    eve = office.person("Eve")
    assert refused(lambda: mark(eve.user, said["id"], True).wait()) == "not_found"
    number = mark(alice.user, said["id"], True).wait().changed_seq
    assert mark(bob.user, said["id"], True).wait().changed_seq == number


# The receipt


def test_the_receipt_says_what_it_saw_and_what_it_cost(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    from chatapp.ai_settings import Price

    office = offices(ai_prices={"test": Price(2.0, 10.0)})
    alice = office.person("Alice")
    alice.join()
    earlier = alice.says("tea is at four")
    alice.says("not yours", not_for_ai=True)
    question = alice.says("@assistant when is tea?")
    answer = alice.sees("message_changed", status="done")
    report = provenance.run_report(office.chat.db, alice.user, answer["id"])
    assert report.context == [earlier["id"], question["id"]]
    assert [used.excerpt for used in report.used] == ["tea is at four", "@assistant when is tea?"]
    assert (report.prompt_tokens, report.completion_tokens) == (11, 7)
    assert report.cost == 11 * 2 + 7 * 10
    assert report.assistant.name == "assistant"
    assert report.first_token_ms is not None
    assert report.prompt_estimate
    assert (report.truncated, report.left_out, report.tools) == (False, 0, [])


def test_a_provider_that_saw_less_than_was_sent_is_told(ai: OpenAIServer, alice: Person) -> None:
    for number in range(6):
        alice.says(f"{number} " + "word " * 700)
    ai.will(
        behaviours.stream(
            *behaviours.words("Yes."),
            behaviours.chunk({}, "stop"),
            behaviours.usage(400, 1),
            behaviours.DONE,
        )
    )
    alice.says("@assistant did you read all of it?")
    answer = alice.sees("message_changed", status="done")
    report = provenance.run_report(alice.office.chat.db, alice.user, answer["id"])
    assert report.truncated
    assert report.prompt_tokens == 400
