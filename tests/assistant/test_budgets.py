"""What assistants may use, and how many answers at one time: refused in private, fair to all, counted once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatapp.ai_settings import Budgets, Caps, Price
from chatapp.assistant import allowance
from chatapp.errors import ChatError
from chatapp.payloads.assistants import EditTurns
from chatapp.store import budgets
from chatapp.store.run_jobs import RecordCall
from chatapp.store.sql import Statement
from tests.assistant.office import Office, Person
from tests.openai_server import OpenAIServer, behaviours
from tests.support.waiting import eventually

NONE = Caps()


def limits(person: Caps = NONE, room: Caps = NONE, assistant: Caps = NONE) -> dict[str, object]:
    return {"rate_limits": "on", "ai_budgets": Budgets(person, room, assistant)}


def enter(office: Office, *names: str, room: str = "tea") -> list[Person]:
    people = [office.person(name) for name in names]
    for person in people:
        person.join(room)
    return people


def used(office: Office, person: Person, scope: str = "person") -> int:
    found = allowance.of_room(office.chat, office.assistants.purse, person.user, "tea")
    return next(budget.tokens_used for budget in found.budgets if budget.scope == scope)


@pytest.mark.parametrize("scope", ["person", "room", "assistant"])
def test_who_asks_beyond_a_budget_is_told_so_alone(
    ai: OpenAIServer, offices: Callable[..., Office], scope: str
) -> None:
    office = offices(**limits(**{scope: Caps(3_000)}))
    alice, bob = enter(office, "Alice", "Bob")
    ai.will(
        behaviours.stream(
            *behaviours.words("Yes."),
            behaviours.chunk({}, "stop"),
            behaviours.usage(1_000, 500),
            behaviours.DONE,
        )
    )
    alice.says("@assistant one")
    alice.sees("message_changed", status="done")
    assert used(office, alice, scope) == 1_500
    alice.says("@assistant two")
    refusal = alice.sees("refused")["error"]
    assert refusal["code"] == "budget_exceeded"
    assert refusal["budget"] == scope
    assert 0 < refusal["retry_after"] <= 24 * 3600
    bob.says("@assistant three")
    if scope == "person":
        bob.sees("message_changed", status="done")
    else:
        assert bob.sees("refused")["error"]["code"] == "budget_exceeded"
    bob.never_saw("refused", message_id=refusal.get("message_id"))


def test_what_is_held_is_given_back_when_less_was_used(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    office = offices(**limits(Caps(100_000)))
    (alice,) = enter(office, "Alice")
    ai.will(behaviours.gated("Yes."))
    alice.says("@assistant one")
    answer = alice.sees("message", status="thinking")["id"]
    alice.reads(answer, "Yes.")
    assert used(office, alice) > 2_048
    ai.release()
    alice.sees("message_changed", status="done")
    assert used(office, alice) == 18
    ai.will(behaviours.refusal(401))
    alice.says("@assistant two")
    alice.sees("message_changed", status="failed")
    assert used(office, alice) == 18


def test_a_stopped_answer_is_counted_by_what_it_said(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    office = offices(**limits(Caps(100_000)))
    (alice,) = enter(office, "Alice")
    ai.will(behaviours.gated("Yes."))
    alice.says("@assistant one")
    answer = alice.sees("message", status="thinking")["id"]
    alice.reads(answer, "Yes.")
    alice.stops(answer)
    assert 400 < used(office, alice) < 2_048


def test_money_is_counted_by_the_price_of_the_model(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    office = offices(**limits(NONE, Caps(cost=0.03)), ai_prices={"test": Price(2.0, 10.0)})
    (alice,) = enter(office, "Alice")
    alice.says("@assistant one")
    alice.sees("message_changed", status="done")
    found = allowance.of_room(office.chat, office.assistants.purse, alice.user, "tea")
    room = next(budget for budget in found.budgets if budget.scope == "room")
    assert (room.cost_used, room.cost_limit) == (11 * 2 + 7 * 10, 30_000)
    office.execute("UPDATE spendings SET cost = 20000 WHERE scope = 'room'")
    two = alice.says("@assistant two")
    assert "error" not in alice.sees("message_changed", status="stopped")["run"]
    assert alice.sees("refused", message_id=two["id"])["error"]["budget"] == "room"
    assert len(ai.requests) == 1


def test_what_only_the_whole_prompt_exceeds_is_stopped_for_all_and_explained_to_who_asked(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    office = offices(**limits(Caps(3_200)))
    alice, bob = enter(office, "Alice", "Bob")
    for _ in range(10):
        bob.says("word " * 80)
    question = alice.says("@assistant and now?")
    stopped = bob.sees("message_changed", status="stopped")
    assert not {"error", "stopped_by", "retry_after"} & set(stopped["run"])
    refusal = alice.sees("refused", message_id=question["id"])["error"]
    assert (refusal["code"], refusal["budget"]) == ("budget_exceeded", "person")
    assert 0 < refusal["retry_after"] <= 24 * 3600
    bob.never_saw("refused")
    assert ai.requests == []
    assert used(office, alice) == 0
    # In a room where less was said there is enough of it.
    for person in (alice, bob):
        person.join("coffee")
    alice.says("@assistant and here?", "coffee")
    bob.sees("message_changed", status="done")
    alice.never_saw("refused", room="coffee")


def test_two_workers_do_not_both_take_the_rest(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    one, two = offices(several=True), offices(several=True)
    (alice,) = enter(one, "Alice")
    ai.will(*[behaviours.gated("Yes.")] * 4)
    rooms = [f"room-{number}" for number in range(4)]
    for room in rooms:
        alice.join(room)
        alice.says("@assistant hello", room)
        alice.sees("message", room=room, status="thinking")
    eventually(lambda: len(ai.requests) == 4, within=20, what="all are asked")
    caps = budgets.Caps(person=budgets.Cap(tokens=25_000))
    need = budgets.Use(tokens=10_000)

    def hold(office: Office, room_id: int) -> bool:
        job = RecordCall(room_id, 2, 1, "m", "1", [], caps=caps, need=need)
        try:
            office.chat.writer.run(job)
        except ChatError as refusal:
            return refusal.code != "budget_exceeded"
        return True

    one.execute("UPDATE runs SET held_day = NULL")
    one.execute("DELETE FROM spendings")
    with ThreadPoolExecutor(4) as pool:
        held = list(pool.map(hold, [one, two, one, two], [2, 3, 4, 5]))
    assert sum(held) == 2
    found = allowance.of_room(one.chat, one.assistants.purse, alice.user, "tea")
    assert found.budgets[0].tokens_used == 20_000
    for _ in range(4):
        ai.release()
    eventually(lambda: not one.open_runs(), within=20, what="all have ended")


def test_beyond_the_limit_of_answers_at_one_time_who_has_fewest_comes_first(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    office = offices(ai_at_once=1)
    alice, bob = enter(office, "Alice", "Bob")
    for room in ("one", "two", "three"):
        alice.join(room)
    bob.join("four")
    ai.will(*[behaviours.gated(f"answer {number}") for number in range(4)])
    alice.says("@assistant a", "one")
    first = alice.sees("message", room="one", status="thinking")
    alice.reads(first["id"], "answer 0")
    alice.says("@assistant b", "two")
    waiting = alice.sees("message", room="two", status="queued")
    assert waiting["run"]["position"] == 1
    alice.says("@assistant c", "three")
    alice.sees("message", room="three", status="queued")
    bob.says("@assistant d", "four")
    bob.sees("message", room="four", status="queued")
    ai.release()
    alice.sees("message_changed", room="one", status="done")
    # Alice was served last, so it is Bob before all that she asked earlier.
    order = []
    for _ in range(3):
        eventually(
            lambda: (
                len(office.open_runs()) and any(run[2] != "queued" for run in office.open_runs())
            ),
            within=20,
            what="the next",
        )
        (now,) = [run[0] for run in office.open_runs() if run[2] != "queued"]
        order.append(now)
        seen = len(ai.requests)
        ai.release()
        eventually(
            lambda now=now: all(run[0] != now for run in office.open_runs()),
            within=20,
            what="it is done",
        )
        assert seen <= 4
    with office.chat.db.snapshot() as db:
        names = dict(db.all(Statement("SELECT id, slug FROM rooms")))
    assert [names[room] for room in order] == ["four", "two", "three"]


def test_an_owner_may_lower_the_rooms_caps_and_an_admin_raise_them(
    offices: Callable[..., Office],
) -> None:
    office = offices(**limits(NONE, Caps(10_000)))
    (alice,) = enter(office, "Alice")
    roster = office.assistants.roster
    roster.set_turns(alice.user, "tea", EditTurns(tokens_per_day=500))
    alice.says("@assistant hello")
    assert alice.sees("refused")["error"]["code"] == "budget_exceeded"
    with pytest.raises(ChatError, match="administrator"):
        roster.set_turns(alice.user, "tea", EditTurns(tokens_per_day=20_000))
    office.execute(f"UPDATE users SET is_admin = true WHERE id = '{alice.user.id}'")
    roster.set_turns(alice.user, "tea", EditTurns(tokens_per_day=20_000))
    alice.says("@assistant hello")
    alice.sees("message_changed", status="done")


def test_six_a_minute_a_person_and_twenty_a_room_whichever_worker_is_asked(
    ai: OpenAIServer, offices: Callable[..., Office], still: None
) -> None:
    office, other = offices(rate_limits="on"), offices(rate_limits="on")
    people = enter(office, *(f"Person {number}" for number in range(5)))
    people[0].office = other
    told = []
    for person in people:
        for _ in range(6 if person is people[0] else 5):
            asked = person.says("@assistant hello")
            eventually(lambda: not office.open_runs(), within=20, what="it has answered")
            told.append(asked["id"])

    def refusals() -> list[str]:
        return [
            payload["error"]["code"]
            for person in people
            for _at, name, payload in list(person.heard)
            if name == "refused"
        ]

    eventually(lambda: len(refusals()) == 6, within=20, what="each refusal is told")
    assert len(ai.requests) == 20
    assert refusals() == ["rate_limited"] * 6


def test_a_question_is_counted_once_and_asking_again_is_counted_too(
    ai: OpenAIServer, offices: Callable[..., Office], still: None
) -> None:
    office = offices(rate_limits="on")
    (alice,) = enter(office, "Alice")
    for _ in range(3):
        asked = alice.says("@assistant hello", client_id="one")
        alice.says("@assistant hello", client_id="one")
        eventually(lambda: not office.open_runs(), within=20, what="it has answered")
    answer = alice.sees("message_changed", status="done")["id"]
    for _ in range(5):
        alice.asks_again(answer)
        eventually(lambda: not office.open_runs(), within=20, what="it has answered")
    with pytest.raises(ChatError) as refused:
        alice.asks_again(answer)
    assert refused.value.code == "rate_limited"
    assert len(ai.requests) == 6
    assert asked["seq"] == 1
    with pytest.raises(ChatError) as refused:
        office.assistants.catch_ups.catch_up(alice.user, "tea", 0)
    assert refused.value.code == "rate_limited"
