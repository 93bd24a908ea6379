"""Workers, Redis and PostgreSQL die, stop and come back while people talk."""

from __future__ import annotations

import psutil
import pytest

from tests.faults.site import Form, Site
from tests.faults.table import Table
from tests.support.waiting import eventually
from tools.delivery.run import Run
from tools.delivery.verdict import Verdict

pytestmark = [pytest.mark.redis, pytest.mark.postgres]


def heal(run: Run, since: float) -> float:
    """Seconds from `since` until everybody is there and has everything."""
    run.everyone_up()
    run.whole()
    return run.record.now() - since


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def others(verdict: Verdict, worker: str) -> float:
    """How late somebody on the other worker got anything."""
    return verdict.lateness(lambda name: name != worker)


def being_written(site: Site) -> set[tuple[object, ...]]:
    """The assistants' answers that a worker is at, and which one: (room, place, process)."""
    asked = "SELECT room_id, seq, owner FROM runs WHERE state IN ('thinking', 'streaming')"
    return set(site.postgres.query(site.database_url, asked))


def test_kill_9_of_a_worker(site: Site, form: Form, table: Table, repetition: int) -> None:
    with Run(site.plan(form, "killed", ask=1.0)) as run:
        ghost = run.people[2]  # on w1, and does not come back
        run.more(form.acked)
        ghost.ended = "gone with the worker"
        room = run.rooms[1]
        run.until(lambda: being_written(site), 30, "an answer is being written")
        at = run.record.now()
        killed = site.kill("w1")
        answers = being_written(site)
        run.more(form.acked)
        run.people.remove(ghost)
        whole = heal(run, at)
        run.pause()

        def gone() -> bool:
            online = run.look(room, site.address("w2"))["online"]
            return ghost.id not in {user["id"] for user in online}

        left = form.within(25) - (run.record.now() - at)
        run.until(
            lambda: not answers & being_written(site), left, "the answers are ended or taken over"
        )
        ended = run.record.now() - at
        left = form.within(50) - (run.record.now() - at)
        eventually(gone, within=left, what="presence is right")
        right = run.record.now() - at
        verdict = run.finish().must_hold()
    late = others(verdict, "w1")
    assert late < form.within(3)
    note = (
        f"others ≤ {late:.2f} s late, presence right after {right:.0f} s,"
        f" {len(answers)} answers ended or taken over after {ended:.0f} s"
    )
    table.add("kill -9 of a worker", verdict, whole, note)
    site.replaced([killed])


def test_kill_9_between_commit_and_publish(
    site: Site, form: Form, table: Table, repetition: int
) -> None:
    with Run(site.plan(form, "between")) as run:
        run.more(form.acked)
        before = site.workers()
        at = run.record.now()
        site.die.touch()
        run.until(lambda: not site.die.exists(), 30, "a worker has died")
        run.more(form.acked)
        whole = heal(run, at)
        verdict = run.finish().must_hold()
    table.add("kill -9 between commit and publish", verdict, whole)
    site.replaced([process for process in before if not is_alive(process)])


def test_redis_restarts(site: Site, form: Form, table: Table, repetition: int) -> None:
    with Run(site.plan(form, "redis-restart")) as run:
        run.more(form.acked)
        at = run.record.now()
        site.redis.kill()
        run.more(form.acked)
        site.redis.start()
        run.more(form.acked)
        whole = heal(run, at)
        verdict = run.finish().must_hold()
    late = verdict.lateness()
    assert late < form.within(3)
    assert run.record.reconnections == 0
    table.add("Redis restarts", verdict, whole, f"≤ {late:.2f} s late")


def test_redis_stops_for_a_while(site: Site, form: Form, table: Table, repetition: int) -> None:
    with Run(site.plan(form, "redis-stop")) as run:
        run.more(form.acked)
        site.redis.stop()
        began = run.record.now()
        try:
            while run.record.now() < began + (10 if form.long else 2):
                run.more(5)
        finally:
            site.redis.cont()
        at = run.record.now()
        run.more(form.acked)
        whole = heal(run, at)
        online = {person.id for person in run.people}
        slug = run.rooms[1]

        def rebuilt() -> bool:
            found = [run.look(slug, site.address(worker))["online"] for worker in ("w1", "w2")]
            return all(online <= {user["id"] for user in users} for users in found)

        eventually(rebuilt, within=form.within(20), what="presence is whole")
        verdict = run.finish().must_hold()
    late = verdict.lateness()
    assert late < form.within(3)
    assert run.record.reconnections == 0
    table.add(
        f"Redis stopped for {10 if form.long else 2} s", verdict, whole, f"≤ {late:.2f} s late"
    )


def test_redis_is_emptied(site: Site, form: Form, table: Table, repetition: int) -> None:
    with Run(site.plan(form, "redis-flush")) as run:
        run.more(form.acked)
        at = run.record.now()
        site.redis.flush()
        run.more(form.acked)
        whole = heal(run, at)
        ghost = run.people.pop(2)
        ghost.ended = "left"
        run.on_loop(ghost.cut)
        slug, people = run.rooms[1], {person.id for person in run.people}

        def rebuilt() -> bool:
            for worker in ("w1", "w2"):
                found = {user["id"] for user in run.look(slug, site.address(worker))["online"]}
                if ghost.id in found or not people <= found:
                    return False
            return True

        eventually(rebuilt, within=form.within(20), what="presence is right")
        verdict = run.finish().must_hold()
    table.add("FLUSHALL of Redis", verdict, whole)


def test_postgresql_restarts(site: Site, form: Form, table: Table, repetition: int) -> None:
    with Run(site.plan(form, "postgres")) as run:
        run.more(form.acked)
        at = run.record.now()
        site.postgres.restart()
        run.more(form.acked)
        whole = heal(run, at)
        verdict = run.finish().must_hold()
    table.add("PostgreSQL restarts", verdict, whole, f"refused meanwhile: {run.record.refusals}")


def test_postgresql_is_read_only(site: Site, form: Form, table: Table, repetition: int) -> None:
    with Run(site.plan(form, "read-only")) as run:
        run.more(form.acked)
        site.postgres.read_only(site.database_url, True)
        try:
            run.until(lambda: run.record.refusals.get("unavailable"), 30, "a send is refused")
            assert run.look(run.rooms[1], site.address("w1"))["ok"], "reads work"
        finally:
            site.postgres.read_only(site.database_url, False)
        at = run.record.now()
        run.more(form.acked)
        whole = heal(run, at)
        verdict = run.finish().must_hold()
    assert set(run.record.refusals) == {"unavailable"}
    table.add("the database is read-only", verdict, whole)


def test_workers_restart_one_after_the_other(
    site: Site, form: Form, table: Table, repetition: int
) -> None:
    with Run(site.plan(form, "rolling")) as run:
        run.more(form.acked)
        at = run.record.now()
        for worker in ("w1", "w2"):
            site.terminate(worker)
            run.more(form.acked)
        whole = heal(run, at)
        verdict = run.finish().must_hold()
    assert run.record.refusals == {}, "nobody saw an error"
    assert not [sent for sent in run.record.sent if sent.outcome == "fail"]
    table.add("SIGTERM, a rolling restart", verdict, whole)
