"""A worker that writes an assistant's answer is stopped for longer than its lease, and then goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.faults.site import Form, Site
from tests.faults.table import Table
from tests.openai_server import OpenAIServer, behaviours
from tools.delivery.run import Run

pytestmark = [pytest.mark.redis, pytest.mark.postgres]


@pytest.fixture
def ai() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


def test_an_ai_worker_is_stopped_past_its_lease(
    new_site: Callable[..., Site], form: Form, table: Table, repetition: int, ai: OpenAIServer
) -> None:
    site = new_site(
        env={
            "OPENAI_BASE_URL": ai.base_url,
            "OPENAI_API_KEY": "test",
            "OPENAI_MODEL": "test",
        }
    )
    with Run(site.plan(form, "fenced", rooms=1, remove=False)) as run:
        run.more(form.acked)
        ai.will(behaviours.gated("half ", "and the rest"))
        asker = run.people[0]  # on w1
        room = run.rooms[0]
        run._do(asker.say(room, "@assistant hello"), 60)
        run.until(lambda: run.record.deltas, 30, "the answer begins")

        def answer() -> dict[str, object]:
            return next(each for each in run.stored(room) if each["sender"]["kind"] == "assistant")

        def saved() -> bool:
            found = site.postgres.query(
                site.database_url, "SELECT string_agg(text, '' ORDER BY start) FROM run_pieces"
            )
            return found == [("half ",)]

        run.until(saved, 30, "the text so far is saved")
        worker = site.process("w1")
        os.kill(worker.pid, signal.SIGSTOP)
        at = run.record.now()

        def ended() -> bool:
            return any(status == "interrupted" for _, _, _, status, _ in run.record.endings)

        run.until(ended, form.within(25), "another worker has ended it")
        took = run.record.now() - at
        os.kill(worker.pid, signal.SIGCONT)
        ai.release()
        run.more(form.acked)
        run.everyone_up()
        whole = run.whole()
        # Those on its own worker may hear a little more before it learns that it is over; the text stays what was saved.
        late = sum("rest" in delta.text for delta in run.record.deltas)
        final = answer()
        verdict = run.finish().must_hold()
    # Its late end is refused: of the answer's start and its one end there is nothing after it.
    room_changes = verdict.evidence.rooms[room].changes or []
    ends = [number for number, kind, _ in room_changes if kind == "run"]
    assert ends == [final["changed_seq"]]
    state = "SELECT state, attempt FROM runs"
    assert site.postgres.query(site.database_url, state) == [("interrupted", 1)]
    assert final["body"] == "half "
    assert final["status"] == "interrupted"
    table.add(
        "SIGSTOP of an AI worker past its lease",
        verdict,
        whole,
        f"ended after {took:.0f} s, {late} late deltas heard",
    )
