"""Several assistants: who sets them up, when they speak, in turn or always, and never for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatapp.assistant import bursts, runs, saving, stops
from chatapp.errors import ChatError
from chatapp.payloads import User
from chatapp.payloads import assistants as shapes
from tests.assistant.office import Office, Person
from tests.openai_server import OpenAIServer, behaviours
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bursts, "SILENCE_S", 0.15)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(ChatError) as refusal:
        act()
    return refusal.value.code


def new(person: Person, name: str, room: str | None = "tea", **more: object) -> shapes.Assistant:
    wanted = shapes.NewAssistant(name, **more)  # type: ignore[arg-type]
    return person.office.assistants.roster.add(person.user, wanted, room)


def make_admin(person: Person) -> None:
    person.office.execute(f"UPDATE users SET is_admin = true WHERE id = '{person.user.id}'")


def test_an_owner_makes_an_assistant_that_answers_with_its_own_model_and_persona(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    sage = new(
        alice,
        "Sage",
        persona="You speak in riddles.",
        model="riddler",
        temperature=0.5,
        avatar="🦉",
    )
    assert bob.sees("room", kind="member")["user"]["id"] == sage.id
    bob.says("@Sage what is tea?")
    answer = bob.sees("message_changed", status="done")
    assert answer["sender"] == {"id": sage.id, "name": "Sage", "kind": "assistant"}
    sent = ai.requests[0]["body"]
    assert (sent["model"], sent["temperature"]) == ("riddler", 0.5)
    assert "You speak in riddles." in sent["messages"][0]["content"]
    bob.says("@assistant and you?")
    bob.sees("message_changed", status="done")
    other = ai.requests[1]["body"]
    assert other["model"] == "test"
    assert "riddles" not in other["messages"][0]["content"]


def test_only_owners_and_admins_set_assistants_up(
    office: Office, alice: Person, bob: Person
) -> None:
    roster = office.assistants.roster
    sage = new(alice, "Sage")
    silent = shapes.EditRoomAssistant(speaks="never")
    for act in (
        lambda: new(bob, "Mine"),
        lambda: new(alice, "For all", None),
        lambda: roster.edit(bob.user, sage.id, silent, "tea"),
        lambda: roster.edit(alice.user, "assistant", shapes.EditRoomAssistant(persona="x"), "tea"),
        lambda: roster.edit(alice.user, "assistant", shapes.EditAssistant(persona="x")),
        lambda: roster.remove(bob.user, sage.id, "tea"),
        lambda: roster.set_turns(bob.user, "tea", shapes.EditTurns(turns="always")),
        lambda: new(alice, "Rich", tokens_per_day=10**9),
    ):
        assert refused(act) == "forbidden"
    eve = office.person("Eve")
    assert refused(lambda: roster.of_room(eve.user, "tea")) == "not_found"
    assert roster.of_room(bob.user, "tea").may_edit is False
    make_admin(bob)
    general = new(bob, "Everywhere", None)
    assert [one.id for one in roster.of_room(alice.user, "tea").available] == [general.id]
    office.chat.rooms.set_member(alice.user, "tea", general.id)
    bob.says("@Everywhere hello")
    assert bob.sees("message_changed", status="done")["sender"]["name"] == "Everywhere"


def test_a_name_belongs_to_one(alice: Person, bob: Person) -> None:
    new(alice, "Sage")
    assert refused(lambda: new(alice, "sage")) == "name_taken"
    assert refused(lambda: new(alice, "Assistant")) == "name_taken"
    assert refused(lambda: alice.office.chat.people.guest("SAGE")) == "name_taken"


def test_one_with_another_name_is_called_by_that(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    sage = new(alice, "Sage")
    wanted = shapes.EditRoomAssistant(name="Owl", persona="wise")
    assert alice.office.assistants.roster.edit(alice.user, sage.id, wanted, "tea").name == "Owl"
    assert bob.sees("user_changed")["user"]["name"] == "Owl"
    bob.says("@Sage hello")
    bob.says("@Owl hello")
    assert bob.sees("message_changed", status="done")["sender"]["name"] == "Owl"
    assert len(ai.requests) == 1


@pytest.mark.parametrize("avatar", ["🦉", "#00ff7f", "👩\u200d🚀"])
def test_an_avatar_is_an_emoji_or_a_colour(alice: Person, avatar: str) -> None:
    assert new(alice, "Sage", avatar=avatar).avatar == avatar


@pytest.mark.parametrize("avatar", ["<b>", "#12345g", "http://x/y.png", "owl", "\u202e"])
def test_an_avatar_is_no_text_and_no_address(alice: Person, avatar: str) -> None:
    assert refused(lambda: new(alice, "Sage", avatar=avatar)) == "bad_request"


def test_a_rooms_own_assistant_goes_into_no_other_room(alice: Person) -> None:
    sage = new(alice, "Sage")
    alice.join("coffee")
    rooms = alice.office.chat.rooms
    assert refused(lambda: rooms.set_member(alice.user, "coffee", sage.id)) == "not_found"
    assert refused(lambda: rooms.direct(alice.user, [sage.id])) == "not_found"
    assert refused(lambda: rooms.remove_member(alice.user, "tea", sage.id)) == "conflict"


def test_one_that_is_deleted_answers_no_more_and_what_it_said_stays(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    sage = new(alice, "Sage")
    bob.says("@Sage hello")
    said = bob.sees("message_changed", status="done")
    alice.office.assistants.roster.remove(alice.user, sage.id, "tea")
    bob.sees("room", kind="member", role=None)
    assert bob.office.message(said["id"]).sender.name == "Sage"
    assert refused(lambda: bob.asks_again(said["id"])) == "conflict"
    assert new(alice, "Sage").id != sage.id
    assert (
        refused(lambda: alice.office.assistants.roster.remove(alice.user, "assistant", "tea"))
        == "conflict"
    )


@pytest.mark.parametrize("where", ["here", "elsewhere"])
@pytest.mark.parametrize("whose", ["room", "all", "all rooms"])
def test_one_that_is_sent_away_in_the_middle_keeps_all_that_was_seen_and_what_waits_is_not_answered(
    ai: OpenAIServer,
    offices: Callable[..., Office],
    monkeypatch: pytest.MonkeyPatch,
    whose: str,
    where: str,
) -> None:
    monkeypatch.setattr(stops, "REMOTE_STOP_S", 60.0)
    monkeypatch.setattr(saving, "_until", lambda _moment: 3600.0)  # no second piece is saved
    office, other = offices(several=True), offices(several=True)
    alice, bob = office.person("Alice"), other.person("Bob")
    alice.join()
    bob.join()
    sage = new(alice, "Sage") if whose == "room" else brought_in(alice, "Sage")
    once, upon = (behaviours.chunk({"content": text}) for text in ("Once upon", " a time"))
    ai.will(
        behaviours.stream(once, behaviours.GATE, upon, behaviours.HOLD), behaviours.gated("I stay")
    )
    alice.says("@Sage tell me a story")
    answer = alice.sees("message", status="thinking")["id"]
    eventually(lambda: office.saved(answer) == "Once upon", what="the first piece is saved")
    ai.release()
    bob.reads(answer, "Once upon a time")
    waiting = []
    for text in ("@Sage and another", "@Sage and a third"):
        alice.says(text)
        waiting.append(alice.sees("message", status="queued")["id"])
    alice.says("@assistant and you?")
    stays = alice.sees("message", status="thinking")["id"]
    bob.reads(stays, "I stay")
    assert office.saved(answer) == "Once upon"
    for nobody in (bob.user, office.person("Eve").user):
        sends_away(other, nobody, sage, whose, refusal=True)
    assert office.run(answer).state == "streaming"
    sends_away(other if where == "elsewhere" else office, alice.user, sage, whose)
    for person in (alice, bob):
        ended = person.sees("message_changed", status="stopped", id=answer)
        assert ended["body"] == "Once upon a time"
        assert ended["run"]["stopped_by"]["name"] == "Alice"
        for one in waiting:
            person.sees("message_changed", status="stopped", id=one)
    assert ai.wait(0, "closed"), "the upstream connection is closed"
    ai.release()
    assert alice.sees("message_changed", id=stays, status="done")["body"] == "I stay"
    assert len(ai.requests) == 2


def test_what_one_begins_as_it_is_sent_away_ends_with_what_was_saved_and_its_worker_hears_of_it(
    ai: OpenAIServer, offices: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "SWEEP_S", 3600.0)  # it is told, and does not find out by itself
    office, other = offices(several=True), offices(several=True)
    alice = office.person("Alice")
    alice.join()
    sage = new(alice, "Sage")

    def asks(*_removal: object) -> None:
        """All was ended, and nothing is removed yet."""
        ai.will(behaviours.stall("Once upon a"))
        alice.says("@Sage tell me a story")
        answer = alice.sees("message", status="thinking")["id"]
        eventually(lambda: office.saved(answer) == "Once upon a", what="the text is saved")

    other.chat.rooms.silence = asks
    other.assistants.roster.remove(alice.user, sage.id, "tea")
    ended = alice.sees("message_changed", status="stopped", body="Once upon a")
    assert ended["run"]["stopped_by"]["name"] == "Alice"
    assert ai.wait(0, "closed"), "the upstream connection is closed"


def sends_away(
    office: Office, user: User, assistant: shapes.Assistant, whose: str, refusal: bool = False
) -> None:
    """A room's own is deleted, one of all rooms is sent away from this one, or deleted everywhere."""

    def act() -> None:
        if whose == "all":
            office.chat.rooms.remove_member(user, "tea", assistant.id)
        else:
            slug = "tea" if whose == "room" else None
            office.assistants.roster.remove(user, assistant.id, slug)

    if refusal:
        assert refused(act) in ("forbidden", "not_found")
    else:
        act()


def brought_in(admin: Person, name: str) -> shapes.Assistant:
    """One for all rooms, into this one."""
    make_admin(admin)
    made = new(admin, name, None)
    admin.office.chat.rooms.set_member(admin.user, "tea", made.id)
    return made


def test_one_that_is_silent_here_does_not_answer_even_when_it_is_called(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    new(alice, "Sage")
    roster = alice.office.assistants.roster
    roster.edit(alice.user, "assistant", shapes.EditRoomAssistant(speaks="never"), "tea")
    bob.sees("room", kind="assistants")
    bob.says("@assistant hello")
    bob.says("@Sage hello")
    assert bob.sees("message_changed", status="done")["sender"]["name"] == "Sage"
    assert len(ai.requests) == 1


def test_always_answers_a_burst_once_and_its_last_message(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    roster = alice.office.assistants.roster
    roster.set_turns(alice.user, "tea", shapes.EditTurns(turns="always"))
    for text in ("I wonder", "about tea", "and about cake"):
        last = bob.says(text)
    answer = alice.sees("message_changed", status="done")
    assert answer["reply_to"]["id"] == last["id"]
    assert len(ai.requests) == 1
    sent = ai.requests[0]["body"]["messages"][-1]["content"]
    assert "I wonder" in sent
    assert "about tea" in sent


def test_who_calls_one_in_a_burst_is_answered_at_once_and_once(
    ai: OpenAIServer, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bursts, "SILENCE_S", 30)
    roster = alice.office.assistants.roster
    roster.set_turns(alice.user, "tea", shapes.EditTurns(turns="always"))
    bob.says("I wonder")
    bob.says("@assistant what do you say?")
    alice.sees("message_changed", status="done")
    assert len(ai.requests) == 1
    assert roster._chat.assistants._bursts._rooms == {}


def test_in_turn_the_one_who_was_silent_for_longest_answers(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    new(alice, "Sage")
    new(alice, "Poet")
    roster = alice.office.assistants.roster
    roster.set_turns(alice.user, "tea", shapes.EditTurns(turns="round_robin"))
    spoke = []
    for number in range(4):
        bob.says(f"and {number}?")
        spoke.append(alice.sees("message_changed", status="done")["sender"]["name"])
    assert spoke == ["assistant", "Sage", "Poet", "assistant"]


def test_a_burst_over_two_workers_gets_one_answer(
    ai: OpenAIServer, offices: Callable[..., Office]
) -> None:
    one, two = offices(several=True), offices(several=True)
    alice, bob = one.person("Alice"), two.person("Bob")
    alice.join()
    bob.join()
    one.assistants.roster.set_turns(alice.user, "tea", shapes.EditTurns(turns="always"))
    two.assistants.roster.company(1)
    alice.says("I wonder")
    last = bob.says("about tea")
    answer = alice.sees("message_changed", status="done")
    assert answer["reply_to"]["id"] == last["id"]
    eventually(
        lambda: not (one.assistants._bursts._rooms or two.assistants._bursts._rooms),
        within=10,
        what="nobody waits for silence",
    )
    assert len(ai.requests) == 1


def test_two_assistants_told_to_talk_for_ever_are_done_after_two_hops(
    ai: OpenAIServer, alice: Person, bob: Person
) -> None:
    new(alice, "Sage", persona="Always end with @Poet")
    new(alice, "Poet", persona="Always end with @Sage")
    ai.will(*[behaviours.answer("And what do you say, @Sage @Poet?")] * 20)
    bob.says("@Sage @Poet talk for ever")
    office = bob.office

    def over() -> bool:
        return not office.open_runs() and len(office.answers()) >= 4

    eventually(over, within=20, what="they are silent")
    hops = sorted(office.answers())
    assert hops == [1, 1, 2, 2]
    assert len(ai.requests) == 4
    # A person's next message begins afresh.
    bob.says("@Sage again")
    eventually(
        lambda: len(office.answers()) >= 6 and not office.open_runs(), within=20, what="two more"
    )
    assert len(office.answers()) == 6


def test_one_message_has_four_answers_at_most(ai: OpenAIServer, alice: Person) -> None:
    names = [new(alice, f"Number {number}").name for number in range(5)]
    alice.says(" ".join(f"@{name}" for name in names))
    assert alice.sees("refused")["error"]["code"] == "conflict"
    eventually(
        lambda: not alice.office.open_runs() and len(ai.requests) == 4, within=10, what="four"
    )
