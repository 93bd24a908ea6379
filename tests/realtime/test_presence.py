"""Who is in a room: the same promises in one process and, over Redis, on several workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest
import redis

from chatapp.realtime import leases, redis_presence, shares
from chatapp.realtime import presence as module
from chatapp.realtime.bus import MemoryBus
from chatapp.realtime.presence import Presence
from chatapp.realtime.redis_bus import RedisBus
from chatapp.realtime.redis_presence import RedisPresence
from tests.support.redis import RedisServer
from tests.support.waiting import eventually

from .workers import ROOM, SLUG, Device, Worker


class PresentWorker(Worker):
    """A worker with presence: devices join and leave as in the product."""

    presence: Presence

    def join(self, name: str, kind: str = "person", room_id: int = ROOM) -> Device:
        device = self.device(name, kind)
        self.presence.prepare(room_id)
        device.enter(room_id)
        self.presence.enter(room_id, SLUG, device.user, device.sid)
        return device

    def leave(self, device: Device, room_id: int = ROOM) -> None:
        device.leave(room_id)
        self.presence.leave(room_id, device.user.id, device.sid)

    def online(self, room_id: int = ROOM) -> tuple[set[str], int]:
        people, number = self.presence.online(room_id)
        return {person.id for person in people}, number

    def shows(self, *names: str, within: float = 5.0) -> None:
        expected = (set(names), len(names))
        eventually(lambda: self.online() == expected, within=within, what=f"{names} are online")


def over_memory() -> list[PresentWorker]:
    worker = PresentWorker(MemoryBus())
    worker.presence = Presence(worker.fanout)
    return [worker]


def over_redis(server: RedisServer, bus: RedisBus) -> PresentWorker:
    worker = PresentWorker(bus)
    worker.presence = RedisPresence(
        lambda **options: redis.Redis.from_url(server.url, **options), "test", worker.fanout, bus
    )
    worker.presence.start()
    return worker


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story in a tenth of the time."""
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.1)
    monkeypatch.setattr(module, "BACK_SECONDS", 0.3)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def workers(
    request: pytest.FixtureRequest, connect: Callable[[str], RedisBus]
) -> Iterator[list[PresentWorker]]:
    """One worker in memory, or two over Redis; tests take the first and the last."""
    if request.param == "memory":
        yield over_memory()
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    both = [over_redis(server, connect(server.url)) for _ in range(2)]
    yield both
    for each in both:
        each.presence.stop()


def names(people: list[dict[str, str]]) -> list[str]:
    return sorted(person["id"] for person in people)


def test_the_first_connection_in_is_announced_and_the_last_one_out(
    workers: list[PresentWorker],
) -> None:
    here, there = workers[0], workers[-1]
    alice = here.join("alice")
    bob = there.join("bob")
    event = alice.sees("presence")[0]
    assert event == {
        "room": SLUG,
        "joined": [{"id": "bob", "name": "Bob", "kind": "person"}],
        "left": [],
        "online_count": 2,
    }
    phone = here.join("bob")
    there.leave(bob)
    carol = there.join("carol")
    assert names(alice.sees("presence", 2)[1]["joined"]) == ["carol"]
    assert alice.got("presence")[1]["left"] == [], "bob's phone is still there"
    here.leave(phone)
    event = alice.sees("presence", 3)[2]
    assert (names(event["left"]), event["online_count"]) == (["bob"], 2)
    there.leave(carol)


def test_who_joins_is_told_who_is_there(workers: list[PresentWorker]) -> None:
    here, there = workers[0], workers[-1]
    here.join("alice")
    there.join("bob")
    here.shows("alice", "bob")
    there.shows("alice", "bob")
    fresh = there.join("carol", room_id=ROOM + 1)
    assert there.online(ROOM + 1) == ({"carol"}, 1), "rooms are apart"
    assert fresh.got("presence") == [], "nobody is announced to oneself alone"


def test_a_new_name_is_the_one_that_is_shown(workers: list[PresentWorker]) -> None:
    here, there = workers[0], workers[-1]
    alice = here.join("alice")
    there.join("bob")
    here.shows("alice", "bob")
    renamed = msgspec.structs.replace(alice.user, name="Alicia")
    for worker in {here, there}:
        worker.presence.renamed(renamed)
        worker.presence.renamed(msgspec.structs.replace(alice.user, id="nobody"))
        assert renamed in worker.presence.online(ROOM)[0]
        worker.shows("alice", "bob")
    here.leave(alice)
    there.shows("bob")


def test_a_page_that_is_loaded_again_says_nothing(workers: list[PresentWorker]) -> None:
    here, there = workers[0], workers[-1]
    alice = here.join("alice")
    bob = there.join("bob")
    alice.sees("presence")
    for _ in range(3):
        there.leave(bob)
        bob = there.join("bob")
    there.join("carol")
    events = alice.sees("presence", 2)
    assert names(events[1]["joined"]) == ["carol"]
    assert [event["left"] for event in alice.got("presence")] == [[], []]


def shown(told: set[str], device: Device) -> set[str]:
    """Who a device shows: who it was told of when it came, and what it heard since."""
    people = set(told)
    for event in device.got("presence"):
        people = (people | set(names(event["joined"]))) - set(names(event["left"]))
    return people


def test_who_comes_while_a_page_is_loaded_again_learns_that_its_person_is_back(
    workers: list[PresentWorker],
) -> None:
    there = workers[-1]
    alice = there.join("alice")
    bob = there.join("bob")
    alice.sees("presence")
    there.leave(bob)
    carol = there.join("carol")
    told, _ = there.online()
    assert told == {"alice", "carol"}
    there.join("bob")
    eventually(lambda: shown(told, carol) == {"alice", "bob", "carol"}, what="bob is shown")


def test_who_was_told_of_somebody_not_yet_announced_learns_that_they_went(
    workers: list[PresentWorker],
) -> None:
    there = workers[-1]
    alice = there.join("alice")
    there.join("bob")
    alice.sees("presence")
    dave = there.join("dave")  # is announced later: not so soon after bob
    carol = there.join("carol")
    told, _ = there.online()
    assert told == {"alice", "bob", "carol", "dave"}
    there.leave(dave)
    eventually(lambda: shown(told, carol) == {"alice", "bob", "carol"}, what="dave is gone")


def test_who_comes_goes_and_comes_is_shown_to_those_who_came_before_and_between(
    workers: list[PresentWorker],
) -> None:
    there = workers[-1]
    alice = there.join("alice")
    there.join("bob")
    alice.sees("presence")
    dave = there.join("dave")  # is announced later: not so soon after bob
    carol = there.join("carol")
    told, _ = there.online()
    there.leave(dave)
    there.join("dave")
    everybody = {"alice", "bob", "carol", "dave"}
    eventually(lambda: shown({"alice"}, alice) == everybody, what="alice shows everybody")
    eventually(lambda: shown(told, carol) == everybody, what="carol shows everybody")


def test_how_many_are_there_is_right_also_if_somebody_was_away_when_it_was_told(
    workers: list[PresentWorker],
) -> None:
    here, there = workers[0], workers[-1]
    alice = here.join("alice")
    bob = here.join("bob")
    alice.sees("presence")
    here.leave(bob)
    there.join("dave")
    alice.sees("presence", 2)  # nobody asks who is there meanwhile
    here.join("bob")
    eventually(lambda: alice.got("presence")[-1]["online_count"] == 3, what="all are counted")


def test_who_is_far_behind_hears_of_it_all_the_same(workers: list[PresentWorker]) -> None:
    here, there = workers[0], workers[-1]
    alice = here.join("alice")
    alice.is_behind = True
    there.join("bob")
    assert names(alice.sees("presence")[0]["joined"]) == ["bob"]


def test_joining_twice_and_leaving_what_one_is_not_in_change_nothing(
    workers: list[PresentWorker],
) -> None:
    here = workers[0]
    alice = here.join("alice")
    here.presence.enter(ROOM, SLUG, alice.user, alice.sid)
    here.presence.leave(ROOM, "alice", "another connection")
    here.presence.leave(ROOM, "nobody", "sid")
    here.presence.leave(ROOM + 1, "alice", alice.sid)
    assert here.online() == ({"alice"}, 1)
    here.leave(alice)
    assert here.online() == (set(), 0)


def test_assistants_are_never_online(workers: list[PresentWorker]) -> None:
    here = workers[0]
    alice = here.join("alice")
    here.join("assistant", kind="assistant")
    here.join("system", kind="system")
    guest = here.join("gus", kind="guest")
    assert names(alice.sees("presence")[0]["joined"]) == ["gus"]
    assert here.online() == ({"alice", "gus"}, 2)
    assert guest.user.kind == "guest"


def test_a_crowd_is_counted_at_once_and_named_a_hundred_at_a_time(
    workers: list[PresentWorker],
) -> None:
    here, there = workers[0], workers[-1]
    alice = here.join("alice")
    crowd = [there.join(f"person{number}") for number in range(250)]
    eventually(lambda: here.online()[1] == 251, what="all are counted")
    assert len(here.online()[0]) == module.LISTED

    def named() -> bool:
        events = alice.got("presence")
        assert all(len(event["joined"]) <= module.LISTED for event in events)
        return sum(len(event["joined"]) for event in events) == 250

    eventually(named, what="all are named in the end")
    assert alice.got("presence")[-1]["online_count"] == 251
    for each in crowd:
        there.leave(each)
    here.shows("alice")


# Several workers


@pytest.fixture
def quick_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_presence, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr("chatapp.realtime.shares.GONE_SECONDS", 0.8)
    monkeypatch.setattr(redis_presence, "STAY_MS", 300)
    monkeypatch.setattr("chatapp.realtime.leases.LEASE_MS", 2_000)
    sign = redis_presence.Leases.sign
    monkeypatch.setattr(
        redis_presence.Leases, "sign", lambda self, lease_ms=2_000: sign(self, lease_ms)
    )


@pytest.fixture
def three(
    quick_leases: None, redis_server: RedisServer, connect: Callable[[str], RedisBus]
) -> Iterator[tuple[PresentWorker, PresentWorker, Callable[[], PresentWorker]]]:
    """Two workers over a Redis of their own, and how to start another."""
    made: list[PresentWorker] = []

    def another() -> PresentWorker:
        made.append(over_redis(redis_server, connect(redis_server.url)))
        return made[-1]

    yield another(), another(), another
    for each in made:
        each.presence.stop()


Three = tuple[PresentWorker, PresentWorker, Callable[[], PresentWorker]]


def kill(worker: PresentWorker) -> None:
    """It ends without a word, as by kill -9."""
    worker.presence._running = False
    worker.presence._wake.set()
    worker.bus.stop()


def stays_true(check: Callable[[], bool], worker: PresentWorker, looks: int = 6) -> None:
    """Holds while the worker looks for dead ones several times."""
    seen: list[int] = []
    look = worker.presence._look
    worker.presence._look = lambda *, refresh: (look(refresh=refresh), seen.append(1))
    eventually(lambda: not check() or len(seen) >= looks, within=10, what="it looked")
    worker.presence._look = look
    assert check()


@pytest.mark.redis
def test_the_people_of_a_dead_worker_are_gone_when_its_lease_is(three: Three) -> None:
    here, there, _ = three
    alice = here.join("alice")
    there.join("bob")
    here.shows("alice", "bob")
    kill(there)
    event = alice.sees("presence", 2, within=10)[1]
    assert (names(event["left"]), event["online_count"]) == (["bob"], 1)


@pytest.mark.redis
def test_who_comes_back_by_another_worker_never_left(three: Three) -> None:
    here, there, another = three
    alice = here.join("alice")
    there.join("bob")
    here.shows("alice", "bob")
    there.presence.stop()
    another().join("bob")
    stays_true(lambda: here.online() == ({"alice", "bob"}, 2), here, looks=12)
    assert [event["left"] for event in alice.got("presence")] == [[]]


@pytest.mark.redis
def test_who_does_not_come_back_after_a_stop_is_gone_soon(three: Three) -> None:
    here, there, _ = three
    here.join("alice")
    there.join("bob")
    here.shows("alice", "bob")
    there.presence.stop()
    here.shows("alice")


@pytest.mark.redis
def test_an_emptied_redis_loses_nobody(three: Three, redis_server: RedisServer) -> None:
    here, there, another = three
    alice = here.join("alice")
    there.join("bob")
    here.shows("alice", "bob")
    redis_server.flush()
    stays_true(lambda: here.online() == ({"alice", "bob"}, 2), here)
    late = another()
    late.join("carol")
    late.shows("alice", "bob", "carol")
    assert [event["left"] for event in alice.got("presence")] == [[]] * len(alice.got("presence"))


@pytest.mark.redis
def test_a_restarted_redis_loses_nobody(three: Three, redis_server: RedisServer) -> None:
    here, there, another = three
    here.join("alice")
    there.join("bob")
    here.shows("alice", "bob")
    redis_server.kill()
    dave = there.join("dave")
    assert there.online() == ({"alice", "bob", "dave"}, 3), "what was known, and what is here"
    redis_server.start()
    here.shows("alice", "bob", "dave", within=10)
    there.leave(dave)
    here.shows("alice", "bob", within=10)
    late = another()
    late.join("carol")
    late.shows("alice", "bob", "carol")


@pytest.mark.redis
def test_who_came_while_a_worker_was_not_heard_is_there_when_it_is_heard_again(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, _ = three
    here.join("alice")
    gone = there.join("bob")
    here.shows("alice", "bob")
    there.leave(gone)
    here.shows("alice")
    with monkeypatch.context() as unheard:
        # Redis takes what is written, but not what is published.
        unheard.setattr(there.bus, "_published", lambda _commands: None)
        there.bus._redis_is_away([], [])
        dropped = there.bus.dropped
        there.join("bob")
        eventually(lambda: there.bus.dropped > dropped, what="the hint is dropped")
    assert here.online() == ({"alice"}, 1)
    here.shows("alice", "bob", within=10)


@pytest.mark.redis
def test_who_left_while_redis_was_away_is_gone_when_it_returns(
    three: Three, redis_server: RedisServer
) -> None:
    here, there, _ = three
    here.join("alice")
    bob = there.join("bob")
    here.shows("alice", "bob")
    redis_server.kill()
    there.leave(bob)
    assert here.online() == ({"alice", "bob"}, 2), "nobody could tell"
    redis_server.start()
    here.shows("alice", within=10)


@pytest.mark.redis
def test_while_redis_stands_still_nobody_waits(three: Three, redis_server: RedisServer) -> None:
    here, there, _ = three
    here.join("alice")
    there.join("bob")
    here.shows("alice", "bob")
    redis_server.stop()
    eventually(lambda: here.presence._away, what="it is noticed")
    here.presence.prepare(ROOM + 1, timeout=60.0)  # would hang
    here.join("carol", room_id=ROOM + 1)
    assert here.online(ROOM + 1) == ({"carol"}, 1)
    redis_server.cont()
    there.join("dave", room_id=ROOM + 1)
    eventually(lambda: here.online(ROOM + 1)[1] == 2, within=10, what="it goes on")


@pytest.mark.redis
def test_a_word_that_was_lost_is_noticed_by_the_next(three: Three) -> None:
    here, there, _ = three
    here.join("alice")
    bob = there.join("bob")
    here.shows("alice", "bob")
    publish, there.bus.publish = there.bus.publish, lambda *_: None
    there.join("carol")
    eventually(lambda: not there.presence._dirty, what="it was written, and told to nobody")
    there.bus.publish = publish
    there.leave(bob)
    here.shows("alice", "carol")


@pytest.mark.redis
def test_a_last_word_that_was_lost_is_found_by_comparing(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_presence, "REFRESH_LOOKS", 1)
    here, there, _ = three
    here.join("alice")
    bob = there.join("bob")
    here.shows("alice", "bob")
    there.bus.publish = lambda *_: None
    there.leave(bob)
    here.shows("alice", within=10)


def test_a_dead_worker_is_noticed_within_50_seconds() -> None:
    looks = redis_presence.LOOK_SECONDS
    until_gone = -(-shares.GONE_SECONDS // looks) * looks  # it is seen at a look
    announced = 1.0 + 1.0  # BACK_SECONDS and EVERY_SECONDS as they are
    assert leases.LEASE_MS / 1000 + looks + until_gone + announced < 50
    assert 2 * redis_presence.REFRESH_LOOKS * looks < leases.SHARE_MS / 1000


@pytest.mark.redis
def test_a_share_costs_one_command_a_refresh_whoever_is_in_it(
    three: Three, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_presence, "REFRESH_LOOKS", 1)
    here, _, _ = three
    for number in range(50):
        here.join(f"person{number}")
    eventually(lambda: not here.presence._dirty, what="all are written")

    def refreshes() -> int:
        with redis_server.client() as client:
            return int(client.info("commandstats").get("cmdstat_pexpire", {}).get("calls", 0))

    with redis_server.client() as client:
        client.config_resetstat()
    seen: list[int] = []
    look = here.presence._look
    here.presence._look = lambda *, refresh: (look(refresh=refresh), seen.append(1))
    eventually(lambda: len(seen) >= 5, what="several refreshes")
    here.presence._look = look
    assert refreshes() <= len(seen) + 1
