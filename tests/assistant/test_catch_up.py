"""What did I miss: private, with citations that hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatapp.assistant.demo import Demo
from chatapp.errors import ChatError
from chatapp.payloads import assistants as shapes
from tests.assistant.office import Office, Person
from tests.openai_server import OpenAIServer, behaviours


def missed(person: Person, since: int | None = 0, room: str = "tea") -> shapes.CatchUp:
    return person.office.assistants.catch_ups.catch_up(person.user, room, since)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(ChatError) as refusal:
        act()
    return refusal.value.code


def test_each_point_cites_messages_and_nobody_else_hears_of_it(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    one, two = alice.says("tea is at four"), alice.says("and there is cake")
    ai.will(
        behaviours.answer(
            f"Here it is:\n- Tea is at four. [{one['id']}]\n- Cake! [{two['id']}, {one['id']}]"
        )
    )
    found = missed(bob)
    assert [(point.text, [cited.id for cited in point.messages]) for point in found.points] == [
        ("Tea is at four.", [one["id"]]),
        ("Cake!", [two["id"], one["id"]]),
    ]
    assert (found.messages, found.more) == (2, False)
    alice.says("afterwards")
    bob.sees("message", body="afterwards")
    for person in (alice, bob):
        assert [
            name for _at, name, _payload in person.heard if "run" in name or "delta" in name
        ] == []
        person.never_saw("message", status="thinking")


def test_citations_of_what_was_not_supplied_or_is_not_visible_are_dropped(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    alice.join("secret")
    secret = alice.says("the password is swordfish", "secret")
    hidden = alice.says("look away", not_for_ai=True)
    own = bob.says("I am here")
    good, gone = alice.says("tea is at four"), alice.says("no, at five")
    ai.will(
        behaviours.gated(
            f"- Secret [{secret['id']}]\n- Hidden [{hidden['id']}]\n- Own [{own['id']}]\n- None\n- Never [1-999]\n"
            f"- Gone [{gone['id']}]\n- Both [{gone['id']}, {good['id']}]\n"
        )
    )
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(missed, bob)
        assert ai.wait(0)
        office.chat.messages.delete(alice.user, gone["id"]).wait()
        ai.release()
        found = asked.result(20)
    assert [(point.text, [cited.id for cited in point.messages]) for point in found.points] == [
        ("Both", [good["id"]])
    ]
    sent = str(ai.requests[0]["body"])
    assert "swordfish" not in sent
    assert "look away" not in sent


def test_what_is_too_long_for_the_model_is_tried_once_more_with_less(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    for _ in range(30):
        last = alice.says("word " * 100)
    too_long = behaviours.refusal(400, "context_length_exceeded")
    ai.will(too_long, behaviours.answer(f"- Words. [{last['id']}]"))
    found = missed(bob)
    assert [point.text for point in found.points] == ["Words."]
    assert found.more
    whole, less = (len(str(request["body"])) for request in ai.requests)
    assert less < whole * 0.7
    ai.will(too_long, too_long)
    assert refused(lambda: missed(bob)) == "ai_misconfigured"


def test_nothing_new_asks_nobody_and_a_stranger_learns_nothing(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    said = alice.says("tea is at four")
    assert missed(bob, said["seq"]).points == []
    assert missed(alice).points == []
    assert ai.requests == []
    assert refused(lambda: missed(office.person("Eve"))) == "not_found"


def test_it_begins_at_the_read_cursor(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    read = alice.says("old news")
    office.chat.receipts.read(bob.user, office.chat.rooms.seat(bob.user, "tea"), read["seq"])
    alice.says("tea is at four")
    assert missed(bob, None).since == read["seq"]
    sent = str(ai.requests[0]["body"])
    assert "old news" not in sent
    assert "tea is at four" in sent


def test_a_failure_is_told_and_counts_for_nothing(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    from chatapp.assistant import allowance

    alice.says("tea is at four")
    ai.will(behaviours.refusal(429, "insufficient_quota"))
    assert refused(lambda: missed(bob)) == "ai_quota"
    found = allowance.of_room(office.chat, office.assistants.purse, bob.user, "tea")
    assert {budget.tokens_used for budget in found.budgets} == {0}
    missed(bob)
    found = allowance.of_room(office.chat, office.assistants.purse, bob.user, "tea")
    assert {budget.tokens_used for budget in found.budgets} == {18}


def test_the_demo_knows_it_too(office: Office, alice: Person, bob: Person) -> None:
    said = alice.says("tea is at four")
    office.assistants.providers._named["openai"] = Demo(pace=0)
    [point] = missed(bob).points
    assert point.text == "Alice: tea is at four"
    assert point.messages[0].id == said["id"]
