"""What a message calls for is begun with it: one commit, and whatever is wrong with either of them."""

from __future__ import annotations

from typing import Any

import pytest

from chatapp import runtime
from chatapp.errors import ChatError
from chatapp.ids import message_id
from chatapp.payloads import assistants as shapes
from chatapp.store.posting import Posted
from tests.assistant.office import Office, Person
from tests.openai_server import OpenAIServer


@pytest.fixture
def alice(office: Office) -> Person:
    person = office.person("Alice")
    person.join()
    person.says("@assistant hello")
    person.sees("message_changed", status="done")
    return person


@pytest.fixture
def commits(alice: Person, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The kinds of jobs of each commit from now on."""
    backend = alice.office.chat.writer._backend
    seen: list[list[str]] = []
    commit = backend.commit

    def watched(jobs: Any) -> Any:
        seen.append([type(job).__name__ for job in jobs])
        return commit(jobs)

    monkeypatch.setattr(backend, "commit", watched)
    return seen


def post(person: Person, body: str, client_id: str) -> Posted:
    """As says(), with the post and what goes along with it in one turn, as on a loop."""
    chat = person.office.chat
    seat = chat.rooms.seat(person.user, "tea")
    with runtime.turn:
        pending = chat.messages.post(person.user, seat.room_id, seat.slug, client_id, body)
    return pending.wait()


def test_a_question_and_its_answers_beginning_are_one_commit(
    alice: Person, commits: list[list[str]]
) -> None:
    question = post(alice, "@assistant and now?", "k1")
    alice.sees("message_changed", status="done")
    assert commits[0] == ["PostMessage", "Ask"]
    # What it is made from is noted and held in the budgets; only then is the provider asked.
    assert commits[1] == ["RecordCall"]
    answer = alice.office.message(message_id(question.room_id, question.seq + 1))
    assert answer.reply_to
    assert answer.reply_to.seq == question.seq


def test_so_they_are_in_a_room_that_the_worker_does_not_remember(
    alice: Person, commits: list[list[str]]
) -> None:
    roster = alice.office.assistants.roster
    roster._companies.clear()
    question = post(alice, "@assistant and now?", "k1")
    alice.sees("message_changed", status="done")
    assert commits[0] == ["PostMessage", "Ask"]
    assert roster.known(question.room_id) is not None
    roster._companies.clear()
    post(alice, "nobody is called", "k2")
    assert commits[-1] == ["PostMessage"]


def test_a_message_that_calls_nobody_has_nothing_along(
    alice: Person, commits: list[list[str]]
) -> None:
    post(alice, "mail me at alice@example.org, or ask @Bob", "k2")
    assert commits == [["PostMessage"]]


def test_a_refused_post_asks_nothing_and_neither_does_another_text_under_its_key(
    ai: OpenAIServer, alice: Person, commits: list[list[str]]
) -> None:
    asked = len(ai.requests)
    post(alice, "no question", "k3")
    with pytest.raises(ChatError) as refused:
        post(alice, "@assistant a question", "k3")
    assert refused.value.code == "conflict"
    alice.office.execute("UPDATE memberships SET role = 'readonly' WHERE user_id <> 'assistant'")
    with pytest.raises(ChatError) as refused:
        post(alice, "@assistant another", "k4")
    assert refused.value.code == "forbidden"
    assert commits[1:] == [["PostMessage", "Ask"]] * 2
    assert alice.office.open_runs() == []
    assert len(ai.requests) == asked


def test_what_is_posted_twice_is_answered_once(ai: OpenAIServer, alice: Person) -> None:
    asked = len(ai.requests)
    post(alice, "@assistant once", "k5")
    alice.sees("message_changed", status="done")
    post(alice, "@assistant once", "k5")
    post(alice, "@assistant twice", "k6")
    alice.sees("message_changed", status="done")
    assert len(ai.requests) == asked + 2


def test_a_name_that_only_begins_like_an_assistants_is_somebody_elses(
    ai: OpenAIServer, alice: Person, commits: list[list[str]]
) -> None:
    asked = len(ai.requests)
    longer = alice.office.person("assistant to the manager")
    longer.join()
    commits.clear()
    post(alice, "@assistant to the manager, please", "k7")
    assert commits == [["PostMessage", "Ask"]]
    assert alice.office.open_runs() == []
    assert len(ai.requests) == asked


def test_one_of_two_that_are_called_may_be_refused(ai: OpenAIServer, alice: Person) -> None:
    office = alice.office
    office.assistants.roster.add(alice.user, shapes.NewAssistant("Poet"), "tea")
    alice.says("@Poet hello")
    alice.sees("message_changed", status="done")
    office.execute("UPDATE memberships SET speaks = 'never' WHERE user_id = 'assistant'")
    post(alice, "@assistant @Poet both of you", "k8")
    assert alice.sees("refused")["error"]["code"] == "not_found"
    alice.sees("message_changed", status="done")
