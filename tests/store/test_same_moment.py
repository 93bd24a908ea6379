"""Two servers, at the same moment: who is banned has no session behind it, nor has who knew the password before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from chatapp.errors import ChatError
from chatapp.payloads import User
from chatapp.store import moderation, people, schema
from chatapp.store.backends import PostgresBackend
from chatapp.store.people import NewSession
from chatapp.store.tx import Tx
from tests.support.waiting import eventually

pytestmark = pytest.mark.postgres

EVE, ANN = User("eve", "Eve", "person"), User("ann", "Ann", "person")
_WAITS = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"


class Server(PostgresBackend):
    """One of the servers; says whether it waits for another."""

    def does(self, *jobs: Any) -> list[Any]:
        """What came of the jobs, in one transaction: each one's result, or the code of its refusal."""
        outcomes, _told = self.commit(jobs)
        return [_said(result, error) for result, error in outcomes]

    @property
    def pid(self) -> int:
        self._cursor()
        return int(self._connection.info.backend_pid)

    def sees_waiting(self, pid: int) -> bool:
        return bool(self._cursor().execute(_WAITS, (pid,)).fetchall())


def _said(result: Any, error: Exception | None) -> Any:
    if error is None:
        return result
    assert isinstance(error, ChatError), error
    return error.code


class Meanwhile:
    """In the middle of a transaction: another server does what it can, until it has to wait for this one."""

    def __init__(self, other: Server, looker: Server, jobs: Sequence[Any]) -> None:
        self._other, self._looker, self._jobs = other, looker, jobs
        self._pool = ThreadPoolExecutor(1)
        self.outcome: Future[list[Any]]

    def rooms(self) -> list[int]:
        return []

    def run(self, _tx: Tx) -> None:
        pid = self._other.pid
        self.outcome = self._pool.submit(self._other.does, *self._jobs)
        eventually(
            lambda: self.outcome.done() or self._looker.sees_waiting(pid),
            what="the other server has done it, or waits",
        )


@pytest.fixture
def servers(postgres: Any) -> Iterator[list[Server]]:
    url = postgres.new_database().replace("postgresql:", "postgresql+psycopg:", 1)
    schema.upgrade(url)
    three = [Server(url) for _ in range(3)]
    for who in (EVE, ANN):
        made = people.AddAccount(who, [who.id], "old", session(f"first-{who.id}"))
        assert three[0].does(made) == [[]]
    yield three
    for server in three:
        server.close()


def session(name: str) -> NewSession:
    return NewSession(name, f"hash-{name}", "token", "")


def at_once(servers: list[Server], first: Any, second: Any) -> tuple[Any, Any]:
    """What came of both, when the second is asked while the first is not yet committed."""
    meanwhile = Meanwhile(servers[1], servers[2], [second])
    done, _ = servers[0].does(first, meanwhile)
    (other,) = meanwhile.outcome.result(20)
    return done, other


def ban() -> moderation.BanPerson:
    return moderation.BanPerson(None, EVE.id, "", None)


def sign_in(password_hash: str = "old") -> people.AddSession:
    return people.AddSession(EVE.id, password_hash, session("second"))


def change() -> people.ChangePassword:
    return people.ChangePassword(EVE.id, "old", "new", keep="first-eve")


def test_who_signs_in_while_the_ban_is_made_is_refused(servers: list[Server]) -> None:
    assert at_once(servers, ban(), sign_in()) == (["first-eve"], "forbidden")


def test_a_ban_ends_also_the_session_that_is_being_opened(servers: list[Server]) -> None:
    opened, ended = at_once(servers, sign_in(), ban())
    assert opened == []
    assert sorted(ended) == ["first-eve", "second"]


def test_the_old_password_opens_nothing_while_it_is_changed(servers: list[Server]) -> None:
    assert at_once(servers, change(), sign_in()) == ([], "unauthenticated")
    assert servers[0].does(sign_in("new")) == [[]]


def test_a_change_ends_also_the_session_that_the_old_password_is_opening(
    servers: list[Server],
) -> None:
    assert at_once(servers, sign_in(), change()) == ([], ["second"])


def test_of_two_who_take_the_rights_from_each_other_one_stays(servers: list[Server]) -> None:
    for who in (EVE, ANN):
        assert servers[0].does(moderation.SetAdmin(None, who.id, True)) == [None]
    first, second = at_once(
        servers,
        moderation.SetAdmin(EVE, ANN.id, False),
        moderation.SetAdmin(ANN, EVE.id, False),
    )
    assert (first, second) == (None, "forbidden")
    assert servers[0].does(moderation.SetAdmin(EVE, ANN.id, True)) == [None]


@pytest.mark.parametrize(
    "act",
    [
        moderation.BanPerson(ANN, EVE.id, "", None),
        moderation.LiftBan(ANN, EVE.id),
        moderation.EndAnySession(ANN, "first-eve"),
        moderation.SetAdmin(ANN, EVE.id, True),
    ],
    ids=lambda act: type(act).__name__,
)
def test_who_was_an_administrator_a_moment_ago_does_nothing_more(
    servers: list[Server], act: Any
) -> None:
    assert servers[0].does(act) == ["forbidden"]
    assert servers[0].does(moderation.SetAdmin(None, ANN.id, True)) == [None]
    if isinstance(act, moderation.LiftBan):
        servers[0].does(ban())
    (done,) = servers[0].does(act)
    assert done in (None, ["first-eve"], "first-eve")
