"""The assistant in installations as they are run: by real clients, over real sockets, on each runtime."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import Installation, shared_server
from tests.openai_server import OpenAIServer, behaviours
from tests.support import open_runs
from tests.support.client import Client
from tests.support.server import Server
from tests.support.waiting import eventually

CLIENTS = 6  # enough that with two workers each has some


def with_model(ai: OpenAIServer) -> dict[str, str]:
    return {"OPENAI_BASE_URL": ai.base_url, "OPENAI_MODEL": "test"}


@pytest.fixture(scope="module")
def configured(
    request: pytest.FixtureRequest, installation: Installation, openai_server: OpenAIServer
) -> Iterator[Server]:
    """With a model; for all tests that do it no harm."""
    with shared_server(request, installation, with_model(openai_server)) as server:
        yield server


def enter(server: Server, room: str) -> list[Client]:
    """The first owns the room."""
    clients = [server.connect(f"Person {number}") for number in range(CLIENTS)]
    for client in clients:
        client.join(room)
    return clients


@pytest.fixture
def people(configured: Server, room: str) -> Iterator[list[Client]]:
    clients = enter(configured, room)
    yield clients
    for client in clients:
        client.close()


def text_of(client: Client, message_id: str) -> str:
    """The deltas folded as a client does it; fails on a hole."""
    text = ""
    for piece in client.events("message_delta", message_id=message_id):
        assert piece["offset"] <= len(text), f"a hole at {len(text)}: {piece}"
        text += piece["text"][len(text) - piece["offset"] :]
    return text


def reads(client: Client, message_id: str, text: str) -> None:
    eventually(lambda: text_of(client, message_id) == text, what=f"the text {text!r}")


def asked(client: Client, room: str) -> str:
    client.send(room, "@assistant tell me")
    answer: str = client.sees("message", status="thinking")["id"]
    return answer


def test_the_same_stream_grows_for_everybody_and_late_comers_go_on_with_it(
    ai: OpenAIServer, configured: Server, people: list[Client], room: str
) -> None:
    ai.will(behaviours.gated("one ", "두 번째 ", "🎉"))
    answer = asked(people[1], room)
    for client in people:
        reads(client, answer, "one ")
    late = [configured.connect(f"Late {number}") for number in range(CLIENTS)]
    for client in late:
        [live] = client.join(room)["runs"]
        assert (live["message_id"], live["attempt"], live["text"]) == (answer, 1, "one ")
    ai.release()
    for client in late:
        piece = client.sees("message_delta", message_id=answer)
        assert (piece["offset"], piece["text"]) == (4, "두 번째 ")
    ai.release()
    ai.release()
    ended = [client.sees("message_changed", id=answer, status="done") for client in people + late]
    assert {each["body"] for each in ended} == {"one 두 번째 🎉"}
    assert {each["changed_seq"] for each in ended} == {3}
    for client in people:
        assert text_of(client, answer) == "one 두 번째 🎉"
    history = people[0].ok("history", {"room": room})["messages"]
    assert [message["body"] for message in history] == ["@assistant tell me", "one 두 번째 🎉"]


def test_a_stop_by_the_owner_is_seen_by_all_and_reaches_the_provider(
    ai: OpenAIServer, people: list[Client], room: str
) -> None:
    ai.will(behaviours.stall("Once upon a"))
    answer = asked(people[1], room)
    reads(people[0], answer, "Once upon a")
    assert people[2].refused("stop", {"message_id": answer})["code"] == "forbidden"
    stopped = people[0].ok("stop", {"message_id": answer})["message"]
    assert (stopped["status"], stopped["body"]) == ("stopped", "Once upon a")
    assert stopped["run"]["stopped_by"]["id"] == people[0].user["id"]
    for client in people:
        client.sees("message_changed", id=answer, status="stopped", body="Once upon a")
    assert ai.wait(0, "closed")
    assert people[0].refused("stop", {"message_id": answer})["code"] == "conflict"


def test_a_new_version_grows_in_the_same_place(
    ai: OpenAIServer, people: list[Client], room: str
) -> None:
    ai.will(behaviours.answer("first"), behaviours.answer("second"))
    answer = asked(people[1], room)
    people[1].sees("message_changed", id=answer, status="done", body="first")
    again = people[1].ok("regenerate", {"message_id": answer})["message"]
    assert (again["status"], again["run"]["attempt"]) == ("thinking", 2)
    for client in people:
        client.sees("message_changed", id=answer, status="done", body="second")


def test_without_a_key_the_demo_answers(runtime: str, tmp_path: Path, room: str) -> None:
    server = Server(tmp_path / "server", runtime=runtime)
    try:
        talks_to_the_demo(server.start(), room)
    finally:
        server.close()


def talks_to_the_demo(server: Server, room: str) -> None:
    client = server.connect("Alice")
    client.join(room)
    client.send(room, "@assistant 여기 누가 있어?")
    answer = client.sees("message", status="thinking")["id"]
    ended = client.sees("message_changed", id=answer, status="done", timeout=20)
    assert "AI가 아니라" in ended["body"]
    assert "Alice" in ended["body"]
    assert text_of(client, answer) == ended["body"]


def test_thinking_shows_to_all_while_the_model_is_silent(
    ai: OpenAIServer, people: list[Client], room: str
) -> None:
    for _ in range(2):  # the first time a worker does not know yet who is in the room
        ai.will(behaviours.answer("at last", before=[behaviours.GATE]))
        question = people[1].send(room, "@assistant hi")
        for person in people:
            answer = person.sees("message", status="thinking")
            assert answer["reply_to"]["id"] == question["id"]
        ai.release()
        people[0].sees("message_changed", id=answer["id"], status="done", body="at last")


@pytest.mark.faults
def test_an_answer_survives_the_death_of_its_worker(
    ai: OpenAIServer, start_server: Callable[..., Server], room: str
) -> None:
    configured = start_server(env=with_model(ai))
    people = enter(configured, room)
    ai.will(behaviours.stall("half an"))
    answer = asked(people[1], room)
    reads(people[0], answer, "half an")
    eventually(
        lambda: people[0].ok("history", {"room": room})["messages"][-1]["status"] == "streaming",
        what="some of the text is saved",
    )
    began = time.monotonic()
    configured.kill_worker(writing_worker(configured, ai))
    configured.is_ready()
    back = configured.connect("Somebody")

    def ended() -> dict[str, Any]:
        [message] = [each for each in back.join(room)["messages"] if each["id"] == answer]
        assert message["status"] == "interrupted"
        return message

    message = eventually(ended, within=25, what="the answer is closed")
    assert time.monotonic() - began < 25
    assert message["run"]["error"] == "ai_incomplete"
    assert message["body"] in ("half", "half an")
    for client in people:
        if client.is_open:
            client.sees("message_changed", id=answer, status="interrupted")


def writing_worker(server: Server, ai: OpenAIServer) -> int:
    """The index of the worker whose connection the provider serves."""
    port = ai.requests[-1]["peer"]
    for index, pid in enumerate(server.worker_pids()):
        if any(each.laddr.port == port for each in psutil.Process(pid).net_connections("tcp")):
            return index
    raise AssertionError("no worker has a connection to the provider")


def test_a_test_that_leaves_an_answer_open_fails_as_its_server_is_closed(
    ai: OpenAIServer,
    runtime: str,
    tmp_path: Path,
    room: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_runs, "PATIENCE_S", 0.5)
    for left_open in (True, False):
        folder = tmp_path / str(left_open)
        server = Server(folder, runtime=runtime, env=with_model(ai)).start()
        try:
            ai.will(behaviours.silent())
            alice = server.connect("Alice")
            alice.join(room)
            answer = asked(alice, room)
            if not left_open:
                alice.ok("stop", {"message_id": answer})
                alice.sees("message_changed", id=answer, status="stopped")
        finally:
            with pytest.raises(AssertionError, match="left open") if left_open else nullcontext():
                server.close()
        assert server.process.returncode is not None
