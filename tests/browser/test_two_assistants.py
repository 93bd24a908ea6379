"""Three people and two assistants over two workers: stopped, reloaded, killed in mid-stream; every screen ends the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from playwright.sync_api import Locator, expect

from tests.openai_server import OpenAIServer, behaviours
from tests.support.browser import PHONE
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.server import Server
from tests.support.waiting import eventually

from .person import Person

pytestmark = [pytest.mark.browser, pytest.mark.redis, pytest.mark.postgres]

ROOM = "배포-회의"
# A sweep, a new connection and a start of a worker lie within, on a busy machine.
PATIENCE_S = 60


@pytest.fixture
def model() -> Iterator[OpenAIServer]:
    with OpenAIServer() as model:
        yield model


class TwoWorkers:
    """Two workers with Redis and PostgreSQL, and what a test may see of them from outside."""

    def __init__(self, server: Server, database: str, model: OpenAIServer) -> None:
        self.server, self.database, self.model = server, database, model

    def worker_that_asks(self, request: int) -> int:
        """Process id of the worker that holds this request to the model."""
        port = self.model.requests[request]["peer"]
        holders = [
            pid
            for pid in self.server.worker_pids()
            for line in psutil.Process(pid).net_connections("tcp")
            if line.laddr.port == port and line.status == psutil.CONN_ESTABLISHED
        ]
        assert len(holders) == 1
        return holders[0]

    def saved(self, text: str) -> bool:
        """Whether an answer that is being written is stored as far as this text."""
        whole = "SELECT string_agg(text, '' ORDER BY start) FROM run_pieces GROUP BY room_id, seq"
        with psycopg.connect(self.database) as db:
            return (text,) in db.execute(whole).fetchall()

    def leases_run_out(self) -> None:
        """As if the time of all leases had gone by."""
        with psycopg.connect(self.database) as db:
            db.execute("UPDATE runs SET lease_until = 1 WHERE lease_until IS NOT NULL")

    def open_runs(self) -> int:
        """Answers that are still to end."""
        with psycopg.connect(self.database) as db:
            row = db.execute(
                "SELECT count(*) FROM runs WHERE state IN ('queued', 'thinking', 'streaming')"
            ).fetchone()
        assert row
        return int(row[0])


@pytest.fixture
def two_workers(
    redis_server: RedisServer,
    postgres: PostgresServer,
    model: OpenAIServer,
    runtime: str,
    tmp_path: Path,
) -> Iterator[TwoWorkers]:
    database = postgres.new_database()
    server = Server(
        tmp_path / "server",
        workers=2,
        redis_url=redis_server.url,
        database_url=database,
        runtime=runtime,
        env={
            "OPENAI_BASE_URL": model.base_url,
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_MODEL": "test",
        },
    )
    server.launch()
    try:
        server.is_ready(within=PATIENCE_S)
        yield TwoWorkers(server, database, model)
    finally:
        server.close()


def adds_an_assistant(owner: Person, url: str, name: str, persona: str) -> None:
    """On the room's page of assistants, and back."""
    owner.page.get_by_role("link", name="Assistants of this room").click()
    owner.page.get_by_role("button", name="New assistant").click()
    form = owner.page.get_by_role("form", name="New assistant")
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("Persona").fill(persona)
    form.get_by_role("button", name="Create").click()
    expect(owner.page.get_by_role("listitem", name=name)).to_contain_text(persona)
    owner.page.get_by_role("link", name="Back to").click()
    owner.is_in(ROOM)


def answer_of(person: Person, name: str) -> Locator:
    """The latest answer of this assistant."""
    named = person.page.locator(".head .name", has_text=name)
    return person.page.locator("article.msg.ai").filter(has=named).last


def all_read(people: tuple[Person, ...], name: str, text: str) -> None:
    """This assistant's latest answer has exactly this text on everybody's screen."""
    for person in people:
        shown = answer_of(person, name).locator(".text")
        expect(shown).to_have_text(text, timeout=PATIENCE_S * 1000)


def all_see_the_end(people: tuple[Person, ...], name: str, text: str, outcome: str = "") -> None:
    """It has ended with this text, and this stands under it."""
    all_read(people, name, text)
    for person in people:
        answer = answer_of(person, name)
        expect(answer.locator(".stop, .cursor")).to_have_count(0, timeout=PATIENCE_S * 1000)
        if outcome:
            expect(answer.locator(".outcome")).to_have_text(outcome, timeout=PATIENCE_S * 1000)
        else:
            expect(answer.locator(".outcome")).to_have_count(0, timeout=PATIENCE_S * 1000)


def whole(person: Person) -> list[str]:
    """Every message, with how an answer ended."""
    found: list[str] = person.page.evaluate(
        """() => [...document.querySelectorAll('article.msg')].map((row) =>
             ['.text', '.outcome', '.versions', '.delivery'].map((part) => row.querySelector(part)?.innerText ?? '').join(' | '))"""
    )
    return found


def sees(person: Person, wanted: list[str]) -> None:
    eventually(
        lambda: whole(person) == wanted, within=PATIENCE_S, what=f"{person.name} sees the same"
    )


def test_three_people_and_two_assistants_end_with_the_same_timeline(
    two_workers: TwoWorkers, model: OpenAIServer, pages: Any
) -> None:
    server = two_workers.server
    alice = Person(pages.open(), "Alice")
    bob = Person(pages.open(dark=True), "Bob")
    carol = Person(pages.open(size=PHONE), "Carol")
    everybody = (alice, bob, carol)
    alice.enters(server.url, ROOM)  # the room is hers
    adds_an_assistant(alice, server.url, "Reviewer", "Reviews, and asks before it assumes.")
    bob.enters(server.url, ROOM)
    carol.follows_a_link(server.url, ROOM)

    # Both write at the same time, in answer to different people.
    model.will(behaviours.stall("The first"))
    bob.says("@assistant one")
    all_read(everybody, "assistant", "The first")
    model.will(behaviours.gated("Half ", "of it ", "never comes"))
    carol.says("@Reviewer two")
    all_read(everybody, "Reviewer", "Half")

    # One stops what another asked; the other answer goes on.
    answer_of(alice, "assistant").get_by_role("button", name="Stop").click()
    all_see_the_end(everybody, "assistant", "The first", "Stopped by Alice")
    assert model.wait(0, "closed", PATIENCE_S)

    # One comes back in mid-stream.
    bob.page.reload()
    bob.is_in(ROOM)
    all_see_the_end(everybody, "assistant", "The first", "Stopped by Alice")
    all_read(everybody, "Reviewer", "Half")
    model.release()
    all_read(everybody, "Reviewer", "Half of it")

    # The worker that writes it dies.
    eventually(
        lambda: two_workers.saved("Half of it "), within=PATIENCE_S, what="the text is saved"
    )
    psutil.Process(two_workers.worker_that_asks(1)).kill()
    two_workers.leases_run_out()
    all_see_the_end(everybody, "Reviewer", "Half of it", "The answer broke off.")
    server.is_ready(within=PATIENCE_S)
    for person in everybody:
        eventually(person.is_connected, within=PATIENCE_S, what=f"{person.name} is connected again")

    # Who asked has it written on; nobody else is offered to.
    model.will(behaviours.answer("comes after all."))
    for person, offered in ((bob, 0), (alice, 1), (carol, 1)):
        ways = answer_of(person, "Reviewer").get_by_role("button", name="Continue")
        expect(ways).to_have_count(offered, timeout=PATIENCE_S * 1000)
    answer_of(carol, "Reviewer").get_by_role("button", name="Continue").click()
    all_see_the_end(everybody, "Reviewer", "Half of it comes after all.")

    assert eventually(
        lambda: two_workers.open_runs() == 0, within=PATIENCE_S, what="every answer ended"
    )
    wanted = whole(alice)
    for person in (bob, carol):
        sees(person, wanted)
    for person in everybody:
        person.page.reload()
        person.is_in(ROOM)
        sees(person, wanted)
