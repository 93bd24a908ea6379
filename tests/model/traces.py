"""Traces: what one client sees and must then show, for every client library to replay (`python -m tests.model.traces`).

frontend/test/traces/*.json, made from the model, checked in. Each file is

    {"format": 1, "name", "about", "buffer", "steps": [step, …]}

`buffer` is the client's limit of events held while an answer is awaited. A step is what happens to the client, and in
`expect` what is true after it:

    {"do": "join"}                              a connection is there: the client asks to join
    {"do": "lost"}                              the connection is gone
    {"do": "need_sync"}                         something outside the numbers makes the client ask
    {"do": "event", "name", "payload"}          a numbered event as on the wire, with `prev`
    {"do": "ack", "of": "join"|"sync", "answer"}      the answer as on the wire (the fields that matter here)
    {"do": "ack", "of": "change", "answer"}     the answer to the client's own message, edit or react: {message}
    {"do": "ask_history", "before"}             the client asks for the page before its first loaded message
    {"do": "ack", "of": "history", "before", "answer"}   … and is answered: {messages, more}

    "expect": {
        "epoch", "position":   where it stands; null before the first answer
        "call":                what it is asking the server: null, or {"name": "join"|"sync", "since", "epoch"}
        "applied":             the numbers of the events that this step applied, in order
        "name":                the room's name
        "first":               the place from which on all messages are loaded; 0: from the beginning
        "messages":            [[seq, changed_seq], …] of all that are shown, by place
    }

The state of a message follows from its `changed_seq`, so two numbers say enough. Old and doubled frames, answers that
overtake events, lost connections and restored backups all occur; no step needs a clock.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from .stories import STORIES, Told, walk
from .world import LIMIT

FOLDER = Path(__file__).parents[2] / "frontend" / "test" / "traces"
FORMAT = 1
WALKS = 12

Trace = dict[str, Any]


def make() -> dict[str, Trace]:
    """{file name: trace}, the same each time."""
    traces: dict[str, Trace] = {}
    for story, past in STORIES.items():
        told = Told(past)
        story(told)
        traces[f"{story.__name__}.json"] = _trace(told, story.__name__, story.__doc__ or "")
    for number in range(1, WALKS + 1):
        told = Told()
        walk(told, random.Random(number))
        traces[f"walk_{number}.json"] = _trace(told, f"walk_{number}", walk.__doc__ or "")
    return traces


def _trace(told: Told, name: str, about: str) -> Trace:
    return {"format": FORMAT, "name": name, "about": about, "buffer": LIMIT, "steps": told.steps}


def text(trace: Trace) -> str:
    """As it stands in the file: one step a line."""
    head = {key: value for key, value in trace.items() if key != "steps"}
    steps = ",\n".join(json.dumps(step, ensure_ascii=False) for step in trace["steps"])
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "steps": [\n' + steps + "\n]}\n"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    traces = make()
    for path in FOLDER.glob("*.json"):
        if path.name not in traces:
            path.unlink()
    for name, trace in traces.items():
        (FOLDER / name).write_text(text(trace), encoding="utf-8")


if __name__ == "__main__":
    main()
