"""The traces that client libraries replay are those of the model."""

from __future__ import annotations

import pytest

from . import traces


@pytest.fixture(scope="module")
def made() -> dict[str, traces.Trace]:
    return traces.make()


def test_the_files_are_those_that_the_model_makes(made: dict[str, traces.Trace]) -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in traces.FOLDER.glob("*.json")}
    assert kept == {name: traces.text(trace) for name, trace in made.items()}, (
        "run `python -m tests.model.traces`"
    )


def test_every_kind_of_step_and_every_rule_occurs(made: dict[str, traces.Trace]) -> None:
    steps = [step for trace in made.values() for step in trace["steps"]]
    assert {(step["do"], step.get("of", step.get("name"))) for step in steps} == {
        ("join", None),
        ("lost", None),
        ("need_sync", None),
        ("ask_history", None),
        *(("event", name) for name in ("message", "message_changed", "room")),
        *(("ack", of) for of in ("join", "sync", "change", "history")),
    }
    events = [step for step in steps if step["do"] == "event"]
    calls = [step["expect"]["call"] for step in events]
    assert any(step["expect"]["applied"] for step in events)
    assert any(call and call["name"] == "sync" for call in calls)
    assert any(not step["expect"]["applied"] and not step["expect"]["call"] for step in events)
    assert any(len(step["expect"]["applied"]) > 1 for step in steps if step["do"] == "ack")
    assert any(step["answer"].get("refetch") for step in steps if step.get("of") == "join")
    assert any(step["answer"].get("refetch") for step in steps if step.get("of") == "sync")
