"""People and their sessions: coming in, signing out, names and passwords."""

from __future__ import annotations

from dataclasses import dataclass

from chatapp.errors import ChatError
from chatapp.payloads import User

from .bans import check_not_banned_everywhere
from .naming import fold
from .sql import Statement
from .tx import Tx

SESSION_DAYS = 30  # without use
SESSION_MS = SESSION_DAYS * 24 * 3600 * 1000
_FORGET_MS = 24 * 3600 * 1000  # after which the row of an ended session goes

_INSERT_USER = Statement(
    "INSERT INTO users (id, name, name_key, mention_key, kind, password_hash, is_admin, created_at)"
    " VALUES (:id, :name, :key, :mention, :kind, :password, :admin, :at) ON CONFLICT (name_key) DO NOTHING"
)
_INSERT_SESSION = Statement(
    "INSERT INTO sessions (id, user_id, token_hash, kind, label, created_at, seen_at, expires_at, lifetime)"
    " VALUES (:id, :user, :hash, :kind, :label, :at, :at, :expires, :lifetime)"
)
_OWNED = Statement("SELECT count(*) FROM users WHERE name_key IN :[keys text] AND id <> :user")
_END_ONE = Statement(
    "UPDATE sessions SET revoked_at = :at, revoked_reason = :reason"
    " WHERE id = :id AND user_id = :user AND revoked_at IS NULL RETURNING id"
)
_END_ALL = Statement(
    "UPDATE sessions SET revoked_at = :at, revoked_reason = :reason"
    " WHERE user_id = :user AND id <> :keep AND revoked_at IS NULL RETURNING id"
)
_END_REPLACED = Statement(
    "UPDATE sessions SET revoked_at = :at, revoked_reason = :reason"
    " WHERE id = :id AND revoked_at IS NULL RETURNING id"
)
_FORGET = Statement(
    "DELETE FROM sessions WHERE user_id = :user AND (expires_at < :before OR revoked_at < :before)"
)
_SEEN = Statement(
    "UPDATE sessions SET seen_at = :at,"
    " expires_at = CASE WHEN lifetime IS NULL THEN :expires ELSE expires_at END"
    " WHERE id = :id AND revoked_at IS NULL"
)
_REFRESH = Statement(
    "UPDATE sessions SET token_hash = :hash, seen_at = :at, expires_at = :at + COALESCE(lifetime, :usual)"
    " WHERE id = :id AND token_hash = :old AND revoked_at IS NULL AND expires_at > :at RETURNING expires_at"
)
_RENAME = Statement(
    "UPDATE users SET name = :name, name_key = :key, mention_key = :mention WHERE id = :user"
)
_KIND = Statement("SELECT kind FROM users WHERE id = :user")
_SET_PASSWORD = Statement(
    "UPDATE users SET password_hash = :new WHERE id = :user AND password_hash = :old"
)


# Held until the commit: who is banned, or has another password, at the same moment on another worker comes before or after.
_PASSWORD = Statement(
    "SELECT password_hash FROM users WHERE id = :user",
    "SELECT password_hash FROM users WHERE id = :user FOR SHARE",
)


class _Job:
    """Jobs of this module concern no room."""

    def rooms(self) -> list[int]:
        return []


@dataclass(slots=True, frozen=True)
class NewSession:
    """A session to be stored. `replaces`: the session of the same browser that ends with it. `lifetime`: ms after which
    it ends unless it is refreshed; None: 30 days after its last use."""

    id: str
    token_hash: str
    kind: str
    label: str
    replaces: str | None = None
    lifetime: int | None = None


def name_taken() -> ChatError:
    """Somebody's account, or an assistant, has the name, or one that looks like it."""
    return ChatError("name_taken", "This name belongs to somebody else.")


def wrong_password() -> ChatError:
    """Nobody is told which of the two it was."""
    return ChatError("unauthenticated", "Name or password is wrong.")


def check_free(tx: Tx, keys: list[str], user_id: str) -> None:
    """Raises `name_taken` when one of the keys is somebody else's."""
    if tx.value(_OWNED, keys=keys, user=user_id):
        raise name_taken()


def insert_user(tx: Tx, user: User, key: str | None, password_hash: str | None) -> int:
    """Add somebody; 0 when the key was taken at the same moment."""
    return tx.run(
        _INSERT_USER,
        id=user.id,
        name=user.name,
        key=key,
        mention=fold(user.name),
        kind=user.kind,
        password=password_hash,
        admin=False,
        at=tx.now,
    )


def rename(tx: Tx, user_id: str, name: str, key: str | None) -> None:
    """Call somebody otherwise; `key` None for a name that is not theirs alone."""
    tx.run(_RENAME, user=user_id, name=name, key=key, mention=fold(name))


def _open(tx: Tx, user_id: str, session: NewSession) -> list[str]:
    """Store a session; the ids of the sessions that ended with it."""
    tx.run(_FORGET, user=user_id, before=tx.now - _FORGET_MS)
    tx.run(
        _INSERT_SESSION,
        id=session.id,
        user=user_id,
        hash=session.token_hash,
        kind=session.kind,
        label=session.label,
        at=tx.now,
        expires=tx.now + (session.lifetime or SESSION_MS),
        lifetime=session.lifetime,
    )
    if session.replaces is None:
        return []
    return _ids(tx.all(_END_REPLACED, id=session.replaces, reason="signed_out", at=tx.now))


def _ids(rows: list[tuple[str, ...]]) -> list[str]:
    return [row[0] for row in rows]


@dataclass(slots=True)
class AddGuest(_Job):
    """A guest with a first session. A guest may be called like another guest, but like no account."""

    user: User
    keys: list[str]
    session: NewSession

    def run(self, tx: Tx) -> list[str]:
        check_free(tx, self.keys, self.user.id)
        insert_user(tx, self.user, None, None)
        return _open(tx, self.user.id, self.session)


@dataclass(slots=True)
class AddAccount(_Job):
    """An account with a first session; its name is its own from now on."""

    user: User
    keys: list[str]
    password_hash: str
    session: NewSession

    def run(self, tx: Tx) -> list[str]:
        check_free(tx, self.keys, self.user.id)
        # Two servers may both have found the name free: the unique key decides.
        if not insert_user(tx, self.user, self.keys[0], self.password_hash):
            raise name_taken()
        return _open(tx, self.user.id, self.session)


@dataclass(slots=True)
class AddSession(_Job):
    """Sign in: another session of somebody whose password was verified, if it is that still. Raises `unauthenticated`, and
    `forbidden` for who is banned."""

    user_id: str
    password_hash: str
    session: NewSession

    def run(self, tx: Tx) -> list[str]:
        if tx.value(_PASSWORD, user=self.user_id) != self.password_hash:
            # It was changed while this one was being verified, and the sessions that were open have ended.
            raise wrong_password()
        check_not_banned_everywhere(tx, self.user_id)
        return _open(tx, self.user_id, self.session)


@dataclass(slots=True)
class EndSession(_Job):
    """End one session of a person; empty when it is not theirs or has ended."""

    user_id: str
    session_id: str

    def run(self, tx: Tx) -> list[str]:
        found = tx.all(
            _END_ONE, id=self.session_id, user=self.user_id, reason="signed_out", at=tx.now
        )
        return _ids(found)


@dataclass(slots=True)
class EndSessions(_Job):
    """End all sessions of a person."""

    user_id: str

    def run(self, tx: Tx) -> list[str]:
        return _ids(tx.all(_END_ALL, user=self.user_id, keep="", reason="signed_out", at=tx.now))


@dataclass(slots=True)
class TouchSession(_Job):
    """The session is in use: its time begins anew."""

    session_id: str

    def run(self, tx: Tx) -> None:
        tx.run(_SEEN, id=self.session_id, at=tx.now, expires=tx.now + SESSION_MS)


@dataclass(slots=True)
class RefreshSession(_Job):
    """Give a session another token; the one before it is worth nothing from now on. When it ends now, None if the old
    one was not good any more."""

    session_id: str
    old_hash: str
    new_hash: str

    def run(self, tx: Tx) -> int | None:
        found = tx.value(
            _REFRESH,
            id=self.session_id,
            old=self.old_hash,
            hash=self.new_hash,
            at=tx.now,
            usual=SESSION_MS,
        )
        return None if found is None else int(found)


@dataclass(slots=True)
class RenamePerson(_Job):
    """Give a person another name; that of an account stays its own."""

    user_id: str
    name: str
    keys: list[str]

    def run(self, tx: Tx) -> User:
        check_free(tx, self.keys, self.user_id)
        kind = tx.value(_KIND, user=self.user_id)
        key = self.keys[0] if kind == "person" else None
        rename(tx, self.user_id, self.name, key)
        return User(self.user_id, self.name, kind)


@dataclass(slots=True)
class ChangePassword(_Job):
    """Replace a password that was verified, and end the person's other sessions."""

    user_id: str
    old_hash: str
    new_hash: str
    keep: str

    def run(self, tx: Tx) -> list[str]:
        if not tx.run(_SET_PASSWORD, user=self.user_id, old=self.old_hash, new=self.new_hash):
            raise ChatError("conflict", "The password was changed at the same moment.")
        found = tx.all(
            _END_ALL, user=self.user_id, keep=self.keep, reason="password_changed", at=tx.now
        )
        return _ids(found)
