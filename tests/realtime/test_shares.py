"""Whatever is lost of what workers tell each other about their people: once read again, everybody knows the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatapp.payloads import User
from chatapp.realtime.shares import GONE_SECONDS, News, Share, Shares

from .workers import ROOM, user

NAMES = ("alice", "bob", "carol")
WORKERS = ("w1", "w2")


class Told:
    """Shares, and the people that follow from what they report."""

    def __init__(self) -> None:
        self.shares = Shares(self._changed)
        self.people: dict[str, int] = {}  # on how many workers

    def _changed(self, _room_id: int, came: list[User], went: list[str]) -> None:
        for each in came:
            self.people[each.id] = self.people.get(each.id, 0) + 1
        for user_id in went:
            self.people[user_id] -= 1
            if not self.people[user_id]:
                del self.people[user_id]


class Teller:
    """A worker that tells of its people, and what Redis has of them."""

    def __init__(self, name: str) -> None:
        self.name, self.share = name, Share(0, {})

    def change(self, who: str, version: int, *, whole: bool) -> News:
        people = dict(self.share.people)
        came, went = [], []
        if who in people:
            del people[who]
            went = [who]
        else:
            people[who] = user(who)
            came = [people[who]]
        prev = 0 if whole else self.share.version
        self.share = Share(version, people)
        return News(
            self.name,
            prev,
            version,
            list(people.values()) if whole else came,
            [] if whole else went,
        )


steps = st.lists(
    st.tuples(
        st.sampled_from(range(len(WORKERS))),
        st.sampled_from(NAMES),
        st.booleans(),  # whole
        st.sampled_from(["heard", "heard", "lost", "late", "twice"]),
    ),
    max_size=30,
)


def read(told: Told, tellers: list[Teller]) -> None:
    for teller in tellers:
        if teller.share.version:
            told.shares.read(ROOM, teller.name, teller.share)


def people(tellers: list[Teller]) -> dict[str, int]:
    numbers = {name: sum(name in teller.share.people for teller in tellers) for name in NAMES}
    return {name: number for name, number in numbers.items() if number}


@given(steps, st.booleans())
def test_after_a_comparison_everybody_knows_the_same(
    drawn: list[tuple[int, str, bool, str]], read_holes: bool
) -> None:
    told, tellers = Told(), [Teller(name) for name in WORKERS]
    late: list[News] = []
    for version, (worker, who, whole, fate) in enumerate(drawn, 1):
        news = tellers[worker].change(who, version, whole=whole)
        heard = {"heard": [news], "twice": [news, news]}.get(fate, [])
        late += [news] if fate == "late" else []
        if not all(told.shares.heard(ROOM, each) for each in heard) and read_holes:
            read(told, tellers)
    for news in late:
        told.shares.heard(ROOM, news)
    known = [teller for teller in tellers if (ROOM, teller.name) in told.shares.versions()]
    if told.shares.compare({(ROOM, teller.name): teller.share.version for teller in known}):
        read(told, tellers)
    for teller in known:
        assert told.shares._share(ROOM, teller.name).people == teller.share.people
    read(told, tellers)  # also those of whom nothing was ever heard
    assert told.people == people(tellers)


def with_bob() -> Told:
    told = Told()
    told.shares.heard(ROOM, News("w1", 0, 1, [user("bob")], []))
    assert told.people == {"bob": 1}
    return told


def test_a_missing_lease_has_run_out_only_after_a_while() -> None:
    told = with_bob()
    told.shares.look(set(), 100.0)
    told.shares.look({"w1"}, 105.0)
    told.shares.look(set(), 110.0)
    told.shares.look(set(), 110.0 + GONE_SECONDS - 1)
    assert told.people == {"bob": 1}
    told.shares.look(set(), 110.0 + GONE_SECONDS)
    assert told.people == {}


def test_a_share_that_redis_lacks_is_believed_gone_at_the_second_time() -> None:
    told = with_bob()
    assert told.shares.compare({(ROOM, "w1"): None}) == set()
    assert told.shares.compare({(ROOM, "w1"): 1}) == set()
    told.shares.compare({(ROOM, "w1"): None})
    assert told.people == {"bob": 1}
    told.shares.compare({(ROOM, "w1"): None})
    assert told.people == {}


def test_a_room_that_is_forgotten_is_learned_from_the_beginning() -> None:
    told = with_bob()
    told.shares.forget(ROOM)
    assert not told.shares.heard(ROOM, News("w1", 1, 2, [], ["bob"]))
    assert told.shares.versions() == {}
