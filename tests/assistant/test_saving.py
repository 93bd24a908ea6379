"""How a growing answer is stored: piece by piece, and whatever the database says meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatapp.assistant import saving
from chatapp.errors import ChatError
from chatapp.store.run_texts import Piece, SaveTexts
from chatapp.store.writer import Writer
from tests.assistant.office import Office
from tests.openai_server import OpenAIServer, behaviours
from tests.support.waiting import eventually

Offices = Callable[..., Office]


@pytest.fixture
def saves(monkeypatch: pytest.MonkeyPatch) -> list[Piece]:
    """The pieces that the writer was given."""
    given: list[Piece] = []
    submit = Writer.submit

    def noted(writer: Writer, job: Any) -> Any:
        pending = submit(writer, job)
        if isinstance(job, SaveTexts):
            given.extend(job.pieces)
        return pending

    monkeypatch.setattr(saving, "SAVE_EVERY_S", 0.02)
    monkeypatch.setattr(Writer, "submit", noted)
    return given


def test_each_save_begins_where_the_one_before_it_ended(
    ai: OpenAIServer, offices: Offices, saves: list[Piece]
) -> None:
    office = offices()
    alice = office.person("Alice")
    alice.join()
    story = " ".join(f"word{number}" for number in range(300))
    words = behaviours.words(story, pace=0.002)
    end = (behaviours.chunk({}, "stop"), behaviours.DONE)
    ai.will(behaviours.stream(*words, behaviours.GATE, *end))
    alice.says("@assistant tell me a story")
    answer = alice.sees("message", status="thinking")["id"]
    eventually(lambda: office.saved(answer) == story, what="the whole is saved")
    assert len(saves) > 5
    place = 0
    for piece in saves:
        assert piece.start == place
        place += len(piece.text)
    ai.release()
    assert alice.sees("message_changed", id=answer, status="done")["body"] == story
    assert office.saved(answer) == ""


def test_what_could_not_be_saved_is_saved_though_nothing_more_comes(
    ai: OpenAIServer, offices: Offices, saves: list[Piece], monkeypatch: pytest.MonkeyPatch
) -> None:
    office = offices()
    alice = office.person("Alice")
    alice.join()
    away, refused = True, 0
    run = SaveTexts.run

    def refuses(job: SaveTexts, tx: Any) -> Any:
        nonlocal refused
        if away:
            refused += 1
            raise ChatError("unavailable", "The database is away.")
        return run(job, tx)

    monkeypatch.setattr(SaveTexts, "run", refuses)
    ai.will(behaviours.gated("Once "))
    alice.says("@assistant tell me a story")
    answer = alice.sees("message", status="thinking")["id"]
    eventually(lambda: refused > 3, what="it is tried again")
    assert office.saved(answer) == ""
    away = False
    eventually(lambda: office.saved(answer) == "Once ", what="it is saved")
    ai.release()
    assert alice.sees("message_changed", id=answer, status="done")["body"] == "Once "


def test_a_text_that_does_not_grow_is_not_saved_again(
    ai: OpenAIServer, offices: Offices, saves: list[Piece]
) -> None:
    office = offices()
    alice = office.person("Alice")
    alice.join()
    ai.will(behaviours.gated("quiet"), behaviours.answer(" ".join(["loud"] * 300), pace=0.002))
    alice.says("@assistant a word?")
    quiet = alice.sees("message", status="thinking")["id"]
    eventually(lambda: office.saved(quiet) == "quiet", what="the word is saved")
    alice.join("elsewhere")
    alice.says("@assistant and here?", "elsewhere")
    alice.sees("message_changed", status="done")
    assert [piece.text for piece in saves if quiet == f"{piece.room_id}-{piece.seq}"] == ["quiet"]
    ai.release()
    alice.sees("message_changed", id=quiet, status="done")
