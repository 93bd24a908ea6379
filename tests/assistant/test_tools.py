"""Tools: checked, with the asker's rights, approved where they write, in rounds that end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from chatapp.assistant import handiwork
from chatapp.assistant.context import WINDOW
from chatapp.assistant.demo import Demo
from chatapp.errors import ChatError
from chatapp.services import provenance
from chatapp.store import tool_jobs
from tests.assistant.office import Office, Person
from tests.openai_server import OpenAIServer, behaviours


@pytest.fixture
def office(offices: Callable[..., Office]) -> Office:
    return with_tools(offices())


def with_tools(office: Office) -> Office:
    from dataclasses import replace

    provider: Any = office.assistants.providers.first
    provider.capabilities = replace(provider.capabilities, tools=True)
    return office


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(ChatError) as refusal:
        act()
    return refusal.value.code


def wants(name: str, arguments: str, text: str = "") -> behaviours.Behaviour:
    """The model asks for a tool, its arguments in two pieces as OpenAI sends them."""
    half = len(arguments) // 2
    pieces = [
        {
            "index": 0,
            "id": "call_1",
            "type": "function",
            "function": {"name": name, "arguments": ""},
        },
        {"index": 0, "function": {"arguments": arguments[:half]}},
        {"index": 0, "function": {"arguments": arguments[half:]}},
    ]
    return behaviours.stream(
        *(behaviours.words(text) if text else []),
        *(behaviours.chunk({"tool_calls": [piece]}) for piece in pieces),
        behaviours.chunk({}, "tool_calls"),
        behaviours.usage(11, 7),
        behaviours.DONE,
    )


def told(ai: OpenAIServer, request: int = 1) -> str:
    """What the model was told of its tool."""
    last = ai.requests[request]["body"]["messages"][-1]
    assert last["role"] == "tool"
    content: str = last["content"]
    return content


def test_it_searches_this_room_and_answers_with_what_it_found(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    alice.join("secret")
    alice.says("tea in secret", "secret")
    alice.says("tea is hidden", not_for_ai=True)
    found = alice.says("tea is at four")
    ai.will(wants("search_room", '{"query": "tea"}', "Let me look."), behaviours.answer("At four."))
    bob.says("@assistant when?")
    answer = alice.sees("message_changed", status="done")
    for person in (alice, bob):
        use = person.sees("tool_use", message_id=answer["id"], attempt=1, tool="search_room")
        assert "query" not in use
        names = [name for _at, name, _payload in person.heard]
        before = person.heard[: names.index("tool_use")]
        said = [payload["text"] for _at, name, payload in before if name == "message_delta"]
        assert "".join(said) == "Let me look."
    assert answer["body"] == "Let me look.\n\nAt four."
    offered = {one["function"]["name"] for one in ai.requests[0]["body"]["tools"]}
    assert offered == {"search_room", "rename_room"}
    [line] = told(ai).split("\n")
    assert json.loads(line)["id"] == found["id"]
    report = provenance.run_report(office.chat.db, alice.user, answer["id"])
    assert [(use.tool, use.arguments, use.state) for use in report.tools] == [
        ("search_room", {"query": "tea", "limit": 8}, "done")
    ]
    assert (report.prompt_tokens, report.completion_tokens) == (22, 14)


def test_what_it_found_is_among_what_it_saw_and_its_words_go_when_it_is_deleted(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    far = alice.says("tea is at four")
    for number in range(WINDOW):
        alice.says(f"word {number}")
    ai.will(wants("search_room", '{"query": "tea"}'), behaviours.answer("At four."))
    alice.says("@assistant when?")
    answer = alice.sees("message_changed", status="done")

    def receipt() -> tuple[list[str], str]:
        report = provenance.run_report(office.chat.db, alice.user, answer["id"])
        return report.context, msgspec.json.encode(report).decode()

    seen, shown = receipt()
    assert seen.count(far["id"]) == 1
    assert "tea is at four" in shown
    office.chat.messages.delete(alice.user, far["id"]).wait()
    assert "tea is at four" not in receipt()[1]
    with office.engine.connect() as db:
        kept = db.exec_driver_sql("SELECT result FROM tool_uses").scalars().all()
    assert kept == [far["id"]]


def test_the_receipt_tells_what_this_version_did(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    ai.will(
        wants("search_room", '{"query": "tea"}'),
        behaviours.answer("Nothing."),
        wants("search_room", '{"query": "cake"}'),
        behaviours.answer("Nothing again."),
    )
    alice.says("@assistant when?")
    answer = alice.sees("message_changed", status="done")["id"]
    alice.asks_again(answer)
    alice.sees("message_changed", status="done", body="Nothing again.")
    [use] = provenance.run_report(office.chat.db, alice.user, answer).tools
    assert use.arguments["query"] == "cake"


@pytest.mark.parametrize(("left", "shown"), [("pending", "expired"), ("running", "failed")])
def test_what_was_under_way_when_its_worker_died_is_over(
    ai: OpenAIServer, office: Office, alice: Person, left: str, shown: str
) -> None:
    ai.will(wants("search_room", '{"query": "tea"}'), behaviours.cut("It is"))
    alice.says("@assistant when?")
    answer = alice.sees("message_changed", status="interrupted")["id"]
    [done] = provenance.run_report(office.chat.db, alice.user, answer).tools
    assert done.state == "done"
    office.execute(f"UPDATE tool_uses SET state = '{left}'")
    [use] = provenance.run_report(office.chat.db, alice.user, answer).tools
    assert use.state == shown


def test_no_more_is_found_than_the_model_is_told(
    ai: OpenAIServer, office: Office, alice: Person
) -> None:
    said = [alice.says(f"tea {number} " + "very " * 95)["id"] for number in range(12)]
    ai.will(wants("search_room", '{"query": "tea", "limit": 12}'), behaviours.answer("Much tea."))
    alice.says("@assistant when?")
    alice.sees("message_changed", status="done")
    found = [json.loads(line)["id"] for line in told(ai).split("\n")]
    assert found == said[-len(found) :]
    assert 3 < len(found) < 12


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("search_room", '{"query": 7}', "wrong"),
        ("search_room", '{"query": "tea", "room": "secret"}', "wrong"),
        ("search_room", "{not json", "wrong"),
        ("search_room", r'{"query": "tea\u0000"}', "no NUL"),
        ("search_room", '{"query": "x", "limit": 1000}', "wrong"),
        ("delete_everything", "{}", "no such tool"),
    ],
)
def test_what_the_model_asks_for_is_checked(
    ai: OpenAIServer, alice: Person, name: str, arguments: str, answer: str
) -> None:
    ai.will(wants(name, arguments), behaviours.answer("Sorry."))
    alice.says("@assistant when?")
    assert alice.sees("message_changed", status="done")["body"] == "Sorry."
    assert answer in told(ai)


def test_a_tool_that_writes_waits_for_the_asker_alone(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    ai.will(wants("rename_room", '{"name": "Tea room"}'), behaviours.answer("Done."))
    alice.says("@assistant rename it")
    request = alice.sees("tool_request", tool="rename_room", arguments={"name": "Tea room"})
    bob.never_saw("tool_request")
    assert office.assistants.approvals.pending(alice.user, "tea")[0].id == request["id"]
    assert office.assistants.approvals.pending(bob.user, "tea") == []
    assert (
        refused(lambda: office.assistants.answer_tool(bob.user, request["id"], True)) == "not_found"
    )
    office.assistants.answer_tool(alice.user, request["id"], True)
    assert alice.sees("tool_settled")["state"] == "approved"
    assert bob.sees("room", kind="room")["name"] == "Tea room"
    alice.sees("message_changed", status="done")
    assert told(ai) == "It is done."
    again = lambda: office.assistants.answer_tool(alice.user, request["id"], True)  # noqa: E731
    assert refused(again) == "not_found"


def test_what_the_asker_refuses_is_not_done(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    ai.will(wants("rename_room", '{"name": "Tea room"}'), behaviours.answer("As you like."))
    alice.says("@assistant rename it")
    request = alice.sees("tool_request")
    office.assistants.answer_tool(alice.user, request["id"], False)
    alice.sees("message_changed", status="done")
    assert "did not allow" in told(ai)
    bob.never_saw("room", kind="room")


def test_the_asker_can_do_no_more_by_a_tool_than_without(
    ai: OpenAIServer, office: Office, alice: Person, bob: Person
) -> None:
    ai.will(wants("rename_room", '{"name": "Mine"}'), behaviours.answer("No."))
    bob.says("@assistant rename it")
    office.assistants.answer_tool(bob.user, bob.sees("tool_request")["id"], True)
    bob.sees("message_changed", status="done")
    assert "does not allow" in told(ai)
    alice.never_saw("room", kind="room")


def test_who_does_not_answer_is_waited_for_so_long(
    ai: OpenAIServer, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_jobs, "APPROVAL_MS", 300)
    ai.will(wants("rename_room", '{"name": "Mine"}'), behaviours.answer("Never mind."))
    alice.says("@assistant rename it")
    request = alice.sees("tool_request")
    assert alice.sees("tool_settled", id=request["id"])["state"] == "expired"
    alice.sees("message_changed", status="done")
    assert "did not allow" in told(ai)


def test_a_stopped_answer_asks_no_more(ai: OpenAIServer, office: Office, alice: Person) -> None:
    ai.will(wants("rename_room", '{"name": "Mine"}', "Shall I?"), behaviours.answer("Done."))
    alice.says("@assistant rename it")
    request = alice.sees("tool_request")
    alice.stops(request["message_id"])
    alice.sees("tool_settled", id=request["id"])
    assert (
        refused(lambda: office.assistants.answer_tool(alice.user, request["id"], True))
        == "not_found"
    )
    assert len(ai.requests) == 1


def test_an_approval_on_another_worker_counts(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    one, two = (with_tools(offices(several=True)) for _ in range(2))
    alice = one.person("Alice")
    alice.join()
    ai.will(wants("rename_room", '{"name": "Tea room"}'), behaviours.answer("Done."))
    alice.says("@assistant rename it")
    two.assistants.answer_tool(alice.user, alice.sees("tool_request")["id"], True)
    alice.sees("message_changed", status="done")
    assert told(ai) == "It is done."


def test_a_model_that_only_asks_has_to_answer_in_the_end(ai: OpenAIServer, alice: Person) -> None:
    ai.will(
        *[wants("search_room", '{"query": "tea"}')] * handiwork.ROUNDS, behaviours.answer("Enough.")
    )
    alice.says("@assistant when?")
    assert alice.sees("message_changed", status="done")["body"] == "Enough."
    assert len(ai.requests) == handiwork.ROUNDS + 1
    assert "tools" not in ai.requests[-1]["body"]


def test_what_was_done_is_not_done_again_when_its_result_is_too_long_for_the_model(
    ai: OpenAIServer, alice: Person
) -> None:
    too_long = behaviours.refusal(400, "context_length_exceeded")
    ai.will(wants("search_room", '{"query": "tea"}', "Let me look."), too_long)
    alice.says("@assistant when?")
    ended = alice.sees("message_changed", status="interrupted")
    assert (ended["body"].strip(), ended["run"]["error"]) == ("Let me look.", "ai_incomplete")
    assert len(ai.requests) == 2


def test_a_tool_that_takes_too_long_is_given_up(
    ai: OpenAIServer, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatapp import runtime
    from chatapp.assistant import tools

    never = runtime.Event()
    slow = tools.Tool(
        "search_room", tools.SearchRoom, False, lambda *_: tools.Told(str(never.wait(20)))
    )
    monkeypatch.setitem(tools.TOOLS, "search_room", slow)
    monkeypatch.setattr(handiwork, "TOOL_S", 0.2)
    ai.will(wants("search_room", '{"query": "tea"}'), behaviours.answer("Later."))
    alice.says("@assistant when?")
    alice.sees("message_changed", status="done")
    never.set()
    assert told(ai) == "It took too long."


def test_the_demo_shows_it_without_a_key(office: Office, alice: Person, bob: Person) -> None:
    office.assistants.providers._named["openai"] = Demo(pace=0)
    alice.says("tea is at four")
    bob.says("@assistant search tea")
    assert "**Alice**: tea is at four" in alice.sees("message_changed", status="done")["body"]
    alice.says("@assistant rename the room to Tea House")
    office.assistants.answer_tool(alice.user, alice.sees("tool_request")["id"], True)
    assert bob.sees("room", kind="room")["name"] == "Tea House"
    alice.sees("message_changed", status="done")
    bob.says("@assistant break off")
    cut = bob.sees("message_changed", status="interrupted")
    bob.goes_on(cut["id"])
    whole = bob.sees("message_changed", status="done", id=cut["id"])
    assert whole["body"].startswith(cut["body"])
    bob.says("@assistant fail quota")
    assert bob.sees("message_changed", status="failed")["run"]["error"] == "ai_quota"
