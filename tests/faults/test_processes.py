"""Workers, Redis and PostgreSQL die, stop and come back while people talk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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


def trying(run: Run, people: int, times: int) -> None:
    """Wait until so many have tried to send what they are sending so often."""

    def are() -> bool:
        waiting = [sent for sent in run.record.sent if sent.outcome == "unknown"]
        return sum(sent.attempts >= times for sent in waiting) >= people

    run.until(are, 30, f"{people} people have tried {times} times")


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def others(verdict: Verdict, worker: str) -> float:
    """How late somebody on the other worker got anything."""
    return verdict.lateness(lambda name: name != worker)


def must_stay(run: Run) -> None:
    """Nobody who is connected has seemed to leave a room of theirs."""
    members = {
        (slug, person.id) for person in run.people for slug in person.places.keys() - person.removed
    }
    gone = [(room, user) for room, user, _ in run.record.left if (room, user) in members]
    assert not gone, f"{gone} seemed to leave"


def see_everybody(run: Run, site: Site, *, without: str = "") -> bool:
    """Whether both workers show all of the run's people online, and not the one who is gone."""
    people = {person.id for person in run.people}
    for worker in ("w1", "w2"):
        found = run.look(run.rooms[1], site.address(worker))["online"]
        online = {user["id"] for user in found}
        if without in online or not people <= online:
            return False
    return True


def being_written(site: Site) -> set[tuple[object, ...]]:
    """The assistants' answers that a worker is at, and which one: (room, place, process)."""
    asked = "SELECT room_id, seq, owner FROM runs WHERE state IN ('thinking', 'streaming')"
    return set(site.postgres.query(site.database_url, asked))


def test_kill_9_of_a_worker(site: Site, form: Form, table: Table, repetition: int) -> None:
    with Run(site.plan(form, "killed", ask=1.0, invite=False)) as run:
        run.more(form.acked)
        run.until(lambda: being_written(site), 30, "an answer is being written")
        died = dies(run, site, form, lambda: site.kill("w1"))
        verdict = run.finish().must_hold()
    died.is_right(verdict, form)
    table.add("kill -9 of a worker", verdict, died.whole, died.note(verdict))
    site.replaced([died.process])


def test_kill_9_between_commit_and_publish(
    site: Site, form: Form, table: Table, repetition: int
) -> None:
    def die() -> psutil.Process:
        before = site.workers()
        site.die.touch()
        run.until(lambda: not site.die.exists(), 30, "a worker has died")
        return eventually(lambda: next((each for each in before if not is_alive(each)), None))

    with Run(site.plan(form, "between", ask=1.0, invite=False)) as run:
        run.more(form.acked)
        died = dies(run, site, form, die)
        verdict = run.finish().must_hold()
    died.is_right(verdict, form)
    table.add("kill -9 between commit and publish", verdict, died.whole, died.note(verdict))
    site.replaced([died.process])


@dataclass
class Died:
    """What became of a run whose worker died: seconds from its death, and what was under way."""

    process: psutil.Process
    worker: str
    whole: float
    answers: int
    ended: float
    right: float

    def is_right(self, verdict: Verdict, form: Form) -> None:
        """The others had everything in time."""
        assert others(verdict, self.worker) < form.within(3)

    def note(self, verdict: Verdict) -> str:
        return (
            f"others ≤ {others(verdict, self.worker):.2f} s late, presence right after {self.right:.0f} s,"
            f" {self.answers} answers ended or taken over after {self.ended:.0f} s"
        )


def dies(run: Run, site: Site, form: Form, end: Callable[[], psutil.Process]) -> Died:
    """end() a worker while people talk: answers and presence are right in time, invitations and removals hold.

    One person of each worker goes with it: whoever was on the one that lives stays.
    """
    ghosts = run.people[2:4]  # on w1 and on w2
    for ghost in ghosts:
        ghost.ended = "gone with the worker"
    room = run.rooms[1]
    names = {each.pid: name for name in ("w1", "w2") for each in [site.process(name)]}
    at = run.record.now()
    process = end()
    answers = being_written(site)
    run.invite()
    run.take_out(run.people[4], run.rooms[0])
    run.more(form.acked)
    worker = names[process.pid]
    ghost = ghosts[worker == "w2"]
    run.people.remove(ghost)
    whole = heal(run, at)
    run.pause()
    left = form.within(25) - (run.record.now() - at)
    run.until(
        lambda: not answers & being_written(site), left, "the answers are ended or taken over"
    )
    ended = run.record.now() - at

    def gone() -> bool:
        other = "w2" if worker == "w1" else "w1"
        online = run.look(room, site.address(other))["online"]
        return ghost.id not in {user["id"] for user in online}

    left = form.within(50) - (run.record.now() - at)
    eventually(gone, within=left, what="presence is right")
    return Died(process, worker, whole, len(answers), ended, run.record.now() - at)


def test_redis_restarts(site: Site, form: Form, table: Table, repetition: int) -> None:
    with Run(site.plan(form, "redis-restart", invite=False)) as run:
        run.more(form.acked)
        at = run.record.now()
        site.redis.kill()
        run.invite()
        run.take_out(run.people[0], run.rooms[0])
        run.more(form.acked)
        site.redis.start()
        back = run.record.now()
        run.more(form.acked)
        whole = heal(run, at)
        left = form.within(20) - (run.record.now() - back)
        eventually(lambda: see_everybody(run, site), within=left, what="presence is whole")
        verdict = run.finish().must_hold()
        must_stay(run)
    late = verdict.lateness()
    assert late < form.within(2)
    assert run.record.reconnections == 0
    table.add("Redis restarts", verdict, whole, f"≤ {late:.2f} s late")


def test_redis_stops_for_a_while(site: Site, form: Form, table: Table, repetition: int) -> None:
    with Run(site.plan(form, "redis-stop", invite=False)) as run:
        run.more(form.acked)
        site.redis.stop()
        began = run.record.now()
        try:
            run.invite()
            run.take_out(run.people[0], run.rooms[0])
            while run.record.now() < began + (10 if form.long else 2):
                run.more(5)
        finally:
            site.redis.cont()
        at = run.record.now()
        run.more(form.acked)
        whole = heal(run, at)
        left = form.within(20) - (run.record.now() - at)
        eventually(lambda: see_everybody(run, site), within=left, what="presence is whole")
        verdict = run.finish().must_hold()
        must_stay(run)
    late = verdict.lateness()
    assert late < form.within(2)
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
        assert run.record.reconnections == 0
        ghost = run.people.pop(2)
        ghost.ended = "left"
        run.on_loop(ghost.cut)
        left = form.within(20) - (run.record.now() - at)
        eventually(
            lambda: see_everybody(run, site, without=ghost.id),
            within=left,
            what="presence is right",
        )
        verdict = run.finish().must_hold()
        must_stay(run)
    late = verdict.lateness()
    assert late < form.within(2)
    table.add("FLUSHALL of Redis", verdict, whole, f"≤ {late:.2f} s late")


def test_postgresql_restarts(site: Site, form: Form, table: Table, repetition: int) -> None:
    with Run(site.plan(form, "postgres")) as run:
        run.more(form.acked)
        at = run.record.now()
        site.postgres.stop()
        try:
            trying(run, form.people // 2, times=2)
            since = run.record.now()
            trying(run, form.people // 2, times=3)
            until = run.record.now()
        finally:
            site.postgres.start()
        run.more(form.acked)
        whole = heal(run, at)
        verdict = run.finish().must_hold()
    sent = run.record.sent
    assert not [one for one in sent if one.outcome == "ok" and since < one.ended < until]
    assert [one for one in sent if one.outcome == "ok" and one.invoked < until < one.ended]
    assert set(run.record.refusals) <= {"unavailable"}
    assert not [one for one in sent if one.outcome == "fail" and not one.unanswered]
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
