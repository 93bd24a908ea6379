from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatapp.errors import ChatError
from chatapp.payloads import User
from chatapp.store import rooms, schema
from chatapp.store.backends import PostgresBackend
from chatapp.store.posting import PostMessage
from chatapp.store.run_jobs import StartRun
from chatapp.store.run_texts import Piece, SaveTexts
from chatapp.store.sql import Statement
from chatapp.store.tx import Tx
from tests.support.waiting import eventually

from .conftest import AddUser

pytestmark = pytest.mark.postgres


class LocksLate:
    """A job that finds out only while it runs which other room it changes, when the other server is there too."""

    def __init__(self, own: int, other: int, both: threading.Barrier) -> None:
        self.own, self.other, self.both = own, other, both

    def rooms(self) -> list[int]:
        return [self.own]

    def run(self, tx: Tx) -> int:
        if not self.both.broken:
            self.both.wait(5)
            self.both.abort()
        return tx.room(self.other).id


@pytest.fixture
def backends(postgres: object) -> Iterator[list[PostgresBackend]]:
    url = postgres.new_database().replace("postgresql:", "postgresql+psycopg:", 1)  # type: ignore[attr-defined]
    schema.upgrade(url)
    two = [PostgresBackend(url), PostgresBackend(url)]
    yield two
    for backend in two:
        backend.close()


def test_two_servers_that_wait_for_each_others_rooms_both_get_done(
    backends: list[PostgresBackend],
) -> None:
    alice, bob = User("alice", "Alice", "person"), User("bob", "Bob", "person")
    made, _ = backends[0].commit(
        [
            AddUser(alice),
            AddUser(bob),
            rooms.CreateRoom("one", "one", "public", "forever", alice),
            rooms.CreateRoom("two", "two", "public", "forever", alice),
        ]
    )
    one, two = made[2][0], made[3][0]
    both = threading.Barrier(2)

    def commit(backend: PostgresBackend, own: int, other: int, slug: str) -> list[object]:
        jobs = [LocksLate(own, other, both), rooms.EnterPublicRoom(slug, bob, own)]
        outcomes, _told = backend.commit(jobs)
        return [error for _result, error in outcomes]

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(commit, backends[0], one, two, "one")
        second = pool.submit(commit, backends[1], two, one, "two")
        assert [first.result(20), second.result(20)] == [[None, None]] * 2
    again, _ = backends[0].commit([rooms.EnterPublicRoom("one", bob, one)])
    assert again == [(one, None)]


class Beside:
    """A job that ends when another server has committed one of its own."""

    def __init__(self, job: SaveTexts, other: PostgresBackend, others: SaveTexts) -> None:
        self._job, self._other, self._others = job, other, others

    def rooms(self) -> list[int]:
        return self._job.rooms()

    def run(self, tx: Tx) -> tuple[object, object]:
        mine = self._job.run(tx)
        ((theirs, error),), _told = self._other.commit([self._others])
        return mine, error or theirs


def test_two_servers_save_their_answers_in_one_room_at_the_same_time(
    backends: list[PostgresBackend],
) -> None:
    first, second = backends
    alice, ours, theirs = (User(name, name, "person") for name in ("alice", "ours", "theirs"))
    opens = rooms.CreateRoom("tea", "tea", "public", "forever", alice, (ours, theirs))
    made, _ = first.commit([*(AddUser(user) for user in (alice, ours, theirs)), opens])
    room = made[-1][0]
    asked, _ = first.commit(
        [PostMessage(room, alice, "key", "digest", "hello?")]
        + [StartRun(room, each, alice, 1, each.id) for each in (ours, theirs)]
    )
    assert [error for _result, error in asked] == [None] * 3
    for start, text in ((0, "Once "), (5, "there was")):
        mine, yours = (SaveTexts([Piece(room, seq, 1, start, text)]) for seq in (2, 3))
        assert first.commit([Beside(mine, second, yours)])[0] == [((set(), set()), None)]


class StandsStill:
    """A job in whose middle its process stands still, until the database has given its session up."""

    def __init__(self, backend: PostgresBackend, looker: PostgresBackend) -> None:
        self._own, self._looker = backend, looker

    def rooms(self) -> list[int]:
        return []

    def run(self, tx: Tx) -> None:
        pid = self._own._connection.info.backend_pid
        looking = self._looker._cursor()
        eventually(
            lambda: not looking.execute(_SESSION, (pid,)).fetchall(), what="the session is ended"
        )
        tx.all(Statement("SELECT 1"))


_SESSION = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"


def test_who_stood_still_in_the_middle_of_a_transaction_may_try_again(
    backends: list[PostgresBackend],
) -> None:
    first, second = backends
    first._cursor().execute("SET idle_in_transaction_session_timeout = '100ms'")
    ((_, error),), told = first.commit([StandsStill(first, second)])
    assert isinstance(error, ChatError)
    assert (error.code, told) == ("unavailable", [])
    assert first.commit([AddUser(User("alice", "Alice", "person"))])[0][0][1] is None
