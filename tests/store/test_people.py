from __future__ import annotations

import pytest

from chatapp import clock
from chatapp.errors import ChatError
from chatapp.payloads import User
from chatapp.services import passwords, people
from chatapp.services.administration import Administration
from chatapp.services.passwords import Passwords
from chatapp.services.people import Entrance, People, Session
from chatapp.store.people import SESSION_MS
from chatapp.store.sql import Statement

from .conftest import Store

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with the least it allows: what a hash costs is not asked here."""
    monkeypatch.setattr(
        passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


@pytest.fixture
def folk(store: Store) -> People:
    return People(store.db, store.writer)


def code(action: object, *arguments: object, **more: object) -> str:
    with pytest.raises(ChatError) as refused:
        action(*arguments, **more)  # type: ignore[operator]
    return refused.value.code


def known(folk: People, token: str) -> Session:
    session = folk.by_token(token)
    assert session is not None
    return session


def test_a_guest_is_known_by_the_token_and_by_no_other(folk: People) -> None:
    alice, bob = folk.guest("Alice"), folk.guest("Bob")
    assert known(folk, alice.token).user == alice.user
    assert known(folk, bob.token).user == bob.user
    for forged in (
        "",
        "x",
        alice.token[:-1],
        alice.token + "x",
        alice.user.id,
        "é" * 43,
        "x" * 9999,
    ):
        assert folk.by_token(forged) is None


def test_the_token_itself_is_stored_nowhere(folk: People, store: Store) -> None:
    alice = folk.guest("Alice")
    with store.db.snapshot() as db:
        rows = db.all(Statement("SELECT * FROM sessions"))
    assert len(rows) == 1
    assert alice.token not in repr(rows)


def test_guests_share_names_but_not_with_an_account_or_the_assistant(folk: People) -> None:
    assert folk.guest("Mina").user.id != folk.guest("Mina").user.id
    folk.sign_up("Alice", PASSWORD)
    for name in ("Alice", "аlice", "A\u200blice", "\u202eecilA", "Assistant", "SYSTEM"):
        assert code(folk.guest, name) == "name_taken", name
    assert folk.guest("Alicia").user.kind == "guest"


def test_an_account_may_take_a_guests_name_but_not_another_accounts(folk: People) -> None:
    folk.guest("Alice")
    assert folk.sign_up("Alice", PASSWORD).user.kind == "person"
    assert code(folk.sign_up, "ALICE", PASSWORD) == "name_taken"
    assert folk.sign_up("Bob", PASSWORD).user.name == "Bob"


def test_signing_in_takes_the_name_in_any_spelling_and_the_password_in_one(folk: People) -> None:
    alice = folk.sign_up("Alice", PASSWORD)
    again = folk.sign_in(" aLICE ", PASSWORD)
    assert again.user == alice.user
    assert again.token != alice.token
    assert code(folk.sign_in, "Alice", PASSWORD.upper()) == "unauthenticated"


def test_a_wrong_name_and_a_wrong_password_are_told_the_same_and_cost_the_same(
    folk: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    folk.sign_up("Alice", PASSWORD)
    checked: list[str] = []
    verify = passwords._verify
    monkeypatch.setattr(
        passwords, "_verify", lambda text, hashed: (checked.append(hashed), verify(text, hashed))[1]
    )
    said = set()
    for name in ("Alice", "Nobody", "", "assistant", "x" * 500):
        with pytest.raises(ChatError) as refused:
            folk.sign_in(name, "a wrong one")
        said.add(str(refused.value))
    assert len(said) == 1
    assert len(checked) == 5
    costs = {hashed.rsplit("$", 2)[0] for hashed in checked}
    assert len(costs) == 1


def test_a_password_has_eight_to_two_hundred_characters(folk: People) -> None:
    assert code(folk.sign_up, "Alice", "x" * 7) == "bad_request"
    assert code(folk.sign_up, "Alice", "x" * 201) == "bad_request"
    folk.sign_up("Alice", "암호는 여덟 자")
    assert folk.sign_in("Alice", "암호는 여덟 자").user.name == "Alice"


def test_when_too_many_sign_in_the_next_one_is_told_to_come_back(
    folk: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> bool:
        raise people.runtime.PoolFull

    monkeypatch.setattr(folk._passwords._pool, "run", full)
    with pytest.raises(ChatError) as refused:
        folk.sign_in("Alice", PASSWORD)
    assert (refused.value.code, refused.value.retry_after) == ("overloaded", 2.0)


def test_who_signs_out_is_unknown_and_the_others_stay(folk: People) -> None:
    alice = folk.sign_up("Alice", PASSWORD)
    phone = folk.sign_in("Alice", PASSWORD)
    told: list[tuple[str, str]] = []
    folk.revoked.subscribe(told.append)
    folk.sign_out(known(folk, alice.token))
    assert folk.by_token(alice.token) is None
    assert known(folk, phone.token).user == alice.user
    assert told == [(alice.session_id, "signed_out")]


def test_signing_out_everywhere_ends_ones_own_sessions_only(folk: People) -> None:
    alice, bob = folk.sign_up("Alice", PASSWORD), folk.guest("Bob")
    phone = folk.sign_in("Alice", PASSWORD)
    folk.sign_out_everywhere(alice.user)
    assert folk.by_token(alice.token) is folk.by_token(phone.token) is None
    assert known(folk, bob.token)


def test_ones_own_session_can_be_ended_and_somebody_elses_is_not_there(folk: People) -> None:
    alice, bob = folk.sign_up("Alice", PASSWORD), folk.guest("Bob")
    phone = folk.sign_in("Alice", PASSWORD)
    assert code(folk.revoke, bob.user, phone.session_id) == "not_found"
    assert known(folk, phone.token)
    folk.revoke(alice.user, phone.session_id)
    assert folk.by_token(phone.token) is None
    assert code(folk.revoke, alice.user, phone.session_id) == "not_found"


def test_what_was_revoked_is_found_by_who_missed_the_word(folk: People) -> None:
    before = clock.now_ms() - 1
    alice, bob = folk.guest("Alice"), folk.guest("Bob")
    folk.sign_out(known(folk, alice.token))
    assert folk.revoked_since(before) == [(alice.session_id, "signed_out")]
    assert folk.revoked_since(clock.now_ms() + 1) == []
    assert known(folk, bob.token)


def test_a_browser_has_one_session_after_another(folk: People) -> None:
    guest = folk.guest("Alice", Entrance("cookie", "Firefox, Linux"))
    told: list[tuple[str, str]] = []
    folk.revoked.subscribe(told.append)
    account = folk.sign_up("Alice", PASSWORD, Entrance("cookie", "", replaces=guest.session_id))
    assert folk.by_token(guest.token) is None
    assert known(folk, account.token).kind == "cookie"
    assert told == [(guest.session_id, "signed_out")]


def test_a_refused_sign_in_leaves_the_session_that_was_there(folk: People) -> None:
    guest = folk.guest("Alice", Entrance("cookie"))
    again = Entrance("cookie", "", replaces=guest.session_id)
    assert code(folk.sign_in, "Alice", PASSWORD, again) == "unauthenticated"
    assert known(folk, guest.token)


def test_ones_devices_are_listed_with_the_last_used_first(
    folk: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = folk.sign_up("Alice", PASSWORD, Entrance("cookie", "Firefox, Linux"))
    later = clock.now_ms() + 5_000
    monkeypatch.setattr("chatapp.store.tx.now_ms", lambda: later)
    folk.sign_in("Alice", PASSWORD, Entrance("token", "phone/1.0"))
    folk.guest("Bob")
    devices = folk.sessions(alice.user)
    assert [(device.kind, device.label) for device in devices] == [
        ("token", "phone/1.0"),
        ("cookie", "Firefox, Linux"),
    ]


def test_a_session_lasts_while_it_is_used_and_ends_after_thirty_days_without(
    folk: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = folk.guest("Alice")
    start = clock.now_ms()
    for day in (20, 40, 60):
        now = start + day * 24 * 3600 * 1000
        monkeypatch.setattr(people, "now_ms", lambda now=now: now)
        monkeypatch.setattr("chatapp.store.tx.now_ms", lambda now=now: now)
        folk._touched.clear()  # over a minute ago
        assert known(folk, alice.token)
        folk._writer.run(_Nothing())  # the touch before it is stored by now
    monkeypatch.setattr(people, "now_ms", lambda: now + SESSION_MS + 1)
    assert folk.by_token(alice.token) is None


def test_a_session_in_use_is_written_once_a_minute_at_most(
    folk: People, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = folk.guest("Alice")
    submitted: list[object] = []
    submit = store.writer.submit
    monkeypatch.setattr(store.writer, "submit", lambda job: (submitted.append(job), submit(job))[1])
    for _ in range(10):
        known(folk, alice.token)
    assert len(submitted) == 1


def test_a_new_name_keeps_the_account_and_takes_nobody_elses(folk: People) -> None:
    alice, bob = folk.sign_up("Alice", PASSWORD), folk.guest("Bob")
    told: list[User] = []
    folk.changed.subscribe(told.append)
    assert folk.rename(alice.user, "Alicia").name == "Alicia"
    assert known(folk, alice.token).user.name == "Alicia"
    assert folk.sign_in("alicia", PASSWORD).user.id == alice.user.id
    assert code(folk.rename, bob.user, "ALICIA") == "name_taken"
    assert folk.rename(bob.user, "Alice").name == "Alice"  # nobody's by now
    assert [user.name for user in told] == ["Alicia", "Alice"]
    assert folk.rename(alice.user, "ALICIA").name == "ALICIA"


def test_a_new_password_ends_the_other_sessions(folk: People) -> None:
    alice = folk.sign_up("Alice", PASSWORD)
    phone = folk.sign_in("Alice", PASSWORD)
    here = known(folk, alice.token)
    told: list[tuple[str, str]] = []
    folk.revoked.subscribe(told.append)
    assert code(folk.change_password, here, "not it", "another one") == "forbidden"
    assert known(folk, phone.token)
    folk.change_password(here, PASSWORD, "another one")
    assert told == [(phone.session_id, "password_changed")]
    assert known(folk, alice.token)
    assert folk.by_token(phone.token) is None
    assert code(folk.sign_in, "Alice", PASSWORD) == "unauthenticated"
    assert folk.sign_in("Alice", "another one")


def test_an_account_can_be_made_admin_and_a_guest_cannot(folk: People, store: Store) -> None:
    alice = folk.sign_up("Alice", PASSWORD)
    bob = folk.guest("Bob")
    assert not known(folk, alice.token).is_admin
    admins = Administration(store.db, store.writer, folk)
    admins.set_admin(None, admins.account("ALICE"), True)
    assert known(folk, alice.token).is_admin
    assert code(admins.account, "Bob") == "not_found"
    assert code(admins.set_admin, None, bob.user.id, True) == "conflict"
    assert code(admins.set_admin, None, alice.user.id, False) == "conflict"  # the last one
    assert [entry.action for entry in admins.audit()] == ["make_admin"]


def test_a_password_that_is_changed_while_it_is_verified_opens_no_session(
    folk: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = folk.sign_up("Alice", PASSWORD)
    fits = Passwords.fits

    def changed_meanwhile(self: Passwords, password: str, password_hash: str | None) -> bool:
        found = fits(self, password, password_hash)
        monkeypatch.setattr(Passwords, "fits", fits)
        folk.change_password(known(folk, alice.token), PASSWORD, "another one")
        return found

    monkeypatch.setattr(Passwords, "fits", changed_meanwhile)
    assert code(folk.sign_in, "Alice", PASSWORD) == "unauthenticated"
    assert [device.id for device in folk.sessions(alice.user)] == [alice.session_id]
    assert folk.sign_in("Alice", "another one").user == alice.user


def test_a_hash_of_nobody_fits_no_password() -> None:
    assert not Passwords().fits("", None)
    assert not Passwords().fits("\0" * 32, None)


class _Nothing:
    def rooms(self) -> list[int]:
        return []

    def run(self, _tx: object) -> None:
        return None
