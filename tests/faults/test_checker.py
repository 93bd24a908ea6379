"""The checker itself: it passes a server that keeps its promises, and fails one with each deliberate defect.

Most defects hold for the rooms that have their name, all at the same time and beside sound rooms: those of what is stored are put
into the server, those of what is told lie between it and the people.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.between import between
from tests.faults.defects import DEFECTS
from tests.faults.spoiling import WAYS, Memory
from tests.support import node as nodejs
from tests.support.redis import RedisServer
from tests.support.server import Server
from tools.delivery.outbox import RETRYABLE
from tools.delivery.person import Person
from tools.delivery.plan import Plan
from tools.delivery.run import Run
from tools.delivery.verdict import Verdict
from tools.delivery.wire import Address

pytestmark = pytest.mark.timeout(300)

SOUND = "sound"
WHOLE_SERVER = {"ack_before_commit", "no_heads"}
STORED_IN_ROOMS = DEFECTS.keys() - WHOLE_SERVER
IN_ROOMS = {*STORED_IN_ROOMS, *WAYS}
TOGETHER = 8
REMOVAL_S = 3.0
SPOILED_HEAL_S = 2  # of a room that never is whole
NOWHERE = Address("unix:/nowhere")


@pytest.fixture
def start(tmp_path: Path, runtime: str) -> Iterator[Callable[..., Server]]:
    """Starts a server with defects."""
    servers: list[Server] = []

    def begin(*names: str, **more: object) -> Server:
        server = Server(
            tmp_path / f"server-{len(servers)}",
            runtime=runtime,
            env={"CHATAPP_TEST_DEFECTS": ",".join(names)},
            entry=("-m", "tests.faults.serve"),
            **more,  # type: ignore[arg-type]
        )
        servers.append(server)
        return server.start(within=90)

    yield begin
    for server in servers:
        server.close()


def plan(server: Server, label: str, *addresses: Address) -> Plan:
    return Plan(
        server.url,
        addresses=addresses,
        people=4,
        rooms=1,
        rate=15,
        database_url=f"sqlite:///{server.folder}/data/chat.sqlite3",
        label=label,
        **(
            {}
            if label == SOUND
            else dict.fromkeys(
                ("heal_seconds", "agree_seconds", "presence_seconds"), SPOILED_HEAL_S
            )
        ),
    )


def talk(talked: Plan) -> Verdict:
    with Run(talked) as run:
        run.more(40)
        return run.finish()


def talk_without_answers(talked: Plan) -> Verdict:
    """Some people's messages are stored, but they do not hear of it, lose the connection, and send again.

    One of them was taken out of the room meanwhile.
    """
    calm = dataclasses.replace(talked, impatient=0.0, changes=0.0, remove=False)
    with Run(calm) as run:
        run.more(10)
        deaf = run.people[:2]
        run.on_loop(lambda: [person.wire.hold() for person in deaf if person.wire])

        def unanswered(person: Person) -> bool:
            stored = {each["client_id"] for each in run.stored(run.rooms[0])}
            mine = [each for each in run.record.sent if each.person == person.id]
            return any(each.key in stored and each.outcome == "unknown" for each in mine)

        run.until(lambda: all(map(unanswered, deaf)), 30, "what was not heard of is stored")
        run.take_out(deaf[1], run.rooms[0])
        run.on_loop(lambda: [person.cut() for person in deaf])
        run.everyone_up()
        run.more(10)
        verdict = run.finish()
    assert {person.id for person in deaf} <= {
        sent.person for sent in run.record.sent if sent.attempts > 1
    }
    return verdict


def talk_after_a_cut(talked: Plan) -> Verdict:
    """Some people are away for a while."""
    with Run(talked) as run:
        run.more(10)
        away = run.people[:2]
        addresses = away[0].addresses

        def go() -> None:
            for person in away:
                person.addresses = [NOWHERE]
                person.cut()

        def come_back() -> None:
            for person in away:
                person.addresses = addresses

        run.on_loop(go)
        run.more(20)
        run.on_loop(come_back)
        run.everyone_up()
        run.more(5)
        return run.finish()


def talk_after_removal(talked: Plan) -> Verdict:
    """Somebody is taken out, and the others go on for a while."""
    with Run(dataclasses.replace(talked, removal_seconds=REMOVAL_S)) as run:
        run.until(lambda: run.record.removals, 30, "somebody is taken out")
        at = run.record.removals[0][2]
        run.until(lambda: run.record.now() > at + REMOVAL_S + 1, 30, "a while is over")
        run.more(10)
        return run.finish()


def talk_with_cursors(talked: Plan) -> Verdict:
    return talk(dataclasses.replace(talked, changes=0.8))


def talk_with_cursors_after_a_cut(talked: Plan) -> Verdict:
    return talk_after_a_cut(dataclasses.replace(talked, changes=0.8))


def talk_and_invite(talked: Plan) -> Verdict:
    """Some people are invited when nobody says anything any more."""
    with Run(dataclasses.replace(talked, invite=False)) as run:
        run.more(10)
        run.pause()
        run.invite()
        return run.finish()


def talk_with_answers(talked: Plan) -> Verdict:
    with Run(dataclasses.replace(talked, ask=2.0)) as run:
        run.until(lambda: run.record.deltas, 30, "an assistant answers")
        run.more(10)
        return run.finish()


#: what a spoiled room does, and the check that must find it
FINDS: dict[str, tuple[Callable[[Plan], Verdict], str]] = {
    "no_deduplication": (talk_without_answers, "stored: nothing twice, nothing from nowhere"),
    "refuses_what_it_stores": (talk, "refused: not stored"),
    "says_internal": (talk, "refused: not stored"),
    "refuses_repeats": (talk_without_answers, "refused after no answer: not stored"),
    "acks_another_number": (talk, "acknowledged: stored once, as acknowledged"),
    "drops_receipts": (talk, "live: in order, once, without a hole"),
    "doubles_receipts": (talk, "live: in order, once, without a hole"),
    "reorders_receipts": (talk, "live: in order, once, without a hole"),
    "changes_texts": (talk, "receipts: the same text for everybody"),
    "tells_the_removed": (talk_after_removal, "removed: nothing more after 5 s"),
    "moves_cursors_back": (talk_with_cursors, "cursors: only forward"),
    "joins_with_old_cursors": (talk_with_cursors_after_a_cut, "cursors: only forward"),
    "keeps_cursors_back": (talk_with_cursors, "cursors: everybody shows what is stored"),
    "keeps_presence_back": (talk, "presence: everybody shows who is there"),
    "miscounts_unread": (talk, "unread: as counted"),
    "miscounts_mentions": (talk, "unread: as counted"),
    "forgets_what_was_missed": (talk_after_a_cut, "missed: exactly that, once, in order"),
    "forgets_history": (talk, "folded: everybody shows what is stored"),
    "keeps_news_back": (talk, "elsewhere: lists of rooms are as stored"),
    "keeps_invitations_back": (talk_and_invite, "elsewhere: lists of rooms are as stored"),
    "tells_onlookers": (talk, "elsewhere: nothing but news"),
    "keeps_pieces_back": (talk_with_answers, "answers: somebody saw all of it grow"),
    "garbles_answers": (talk_with_answers, "answers: what was streamed is the text"),
}


def test_the_checker_fails_rooms_with_a_defect_and_passes_those_without(
    start: Callable[..., Server],
) -> None:
    assert FINDS.keys() == IN_ROOMS
    server = start(*STORED_IN_ROOMS)
    scenarios = dict.fromkeys(scenario for scenario, _ in FINDS.values())
    with between(server.port, Memory().line) as way, ThreadPoolExecutor(TOGETHER) as pool:
        by_it = Address(way.url)
        sound = [pool.submit(scenario, plan(server, SOUND, by_it)) for scenario in scenarios]
        spoiled = {
            name: pool.submit(scenario, plan(server, name, by_it))
            for name, (scenario, _) in FINDS.items()
        }
        looked_at: dict[str, int] = {}
        for done in sound:
            for finding in done.result().must_hold().findings:
                looked_at[finding.name] = looked_at.get(finding.name, 0) + finding.looked_at
        for name, verdict in spoiled.items():
            assert FINDS[name][1] in verdict.result().failed(), (
                f"{name}\n{verdict.result().table()}"
            )
    unused = {name for name, count in looked_at.items() if not count}
    assert unused <= {
        "unknown: stored at most once",
        "refused: not stored",
        "refused after no answer: not stored",
    }


def test_the_checker_repeats_what_our_own_client_repeats() -> None:
    source = (Path(nodejs.FRONTEND) / "src/core/errors.ts").read_text()
    [listed] = re.findall(r"const RETRYABLE.*= new Set\((\[.*\])\);", source)
    assert {*json.loads(listed)} == {"network", *RETRYABLE}  # what has no answer is `network` there


@pytest.mark.parametrize(
    "defect", [pytest.param(None, marks=pytest.mark.faults), "ack_before_commit"]
)
def test_the_checker_notices_that_acks_came_before_the_commit(
    start: Callable[..., Server], defect: str | None
) -> None:
    server = start(*filter(None, [defect]))
    with Run(dataclasses.replace(plan(server, SOUND), changes=0.0, remove=False)) as run:
        run.more(20)
        run.pause()
        server.kill()
        server.start()
        run.everyone_up()
        run.talk()
        run.more(10)
        verdict = run.finish()
    if defect is None:
        verdict.must_hold()
    else:
        assert "acknowledged: stored once, as acknowledged" in verdict.failed(), verdict.table()


@pytest.mark.redis
@pytest.mark.parametrize("defect", [pytest.param(None, marks=pytest.mark.faults), "no_heads"])
def test_the_checker_notices_that_heads_are_not_compared(
    start: Callable[..., Server], redis_server: RedisServer, tmp_path: Path, defect: str | None
) -> None:
    sockets = tmp_path / "s"
    server = start(
        *filter(None, [defect]),
        workers=2,
        redis_url=redis_server.url,
        arguments=["--sockets", str(sockets)],
    )
    talked = dataclasses.replace(
        plan(server, SOUND),
        addresses=(Address(f"unix:{sockets}/w1.sock"), Address(f"unix:{sockets}/w2.sock")),
        heal_seconds=20 if defect is None else SPOILED_HEAL_S,
        remove=False,
        onlookers=0,
    )
    with Run(talked) as run:
        run.more(10)
        run.pause()
        run.whole()
        # Nobody of w2 says anything any more: without hints only the heads can tell it what w1 committed.
        redis_server.stop()
        speaker = run.people[0]
        for number in range(5):
            run.say(speaker, run.rooms[0], f"unheard {number}")
        verdict = run.finish()
        redis_server.cont()
    if defect is None:
        verdict.must_hold()
    else:
        assert "folded: everybody shows what is stored" in verdict.failed(), verdict.table()
