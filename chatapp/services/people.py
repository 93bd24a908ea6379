"""Who somebody is: guests, accounts, and the sessions by which a browser or a device is known."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chatapp import ids, runtime
from chatapp.clock import now_ms
from chatapp.errors import ChatError, not_found
from chatapp.payloads import User
from chatapp.runtime.logs import fields
from chatapp.store import people as jobs
from chatapp.store.database import Database
from chatapp.store.sql import Statement
from chatapp.store.writer import Writer

from . import person_names
from .passwords import Passwords
from .subscribers import Subscribers

log = logging.getLogger("chatapp.services")

Kind = Literal["cookie", "token"]

TOUCH_S = 60.0  # a session's last use is written at most so often
MAX_TOUCHED = 50_000
MAX_LISTED = 100
LABEL_LENGTH = 120

_BY_HASH = Statement(
    "SELECT s.id, s.kind, s.expires_at, u.is_admin, u.id, u.name, u.kind"
    " FROM sessions s JOIN users u ON u.id = s.user_id"
    " WHERE s.token_hash = :hash AND s.revoked_at IS NULL AND s.expires_at > :now"
)
_BY_NAME = Statement(
    "SELECT id, name, kind, password_hash FROM users WHERE name_key = :key AND kind = 'person'"
)
_PASSWORD = Statement("SELECT password_hash FROM users WHERE id = :user")
_SESSIONS = Statement(
    "SELECT id, kind, label, created_at, seen_at FROM sessions"
    " WHERE user_id = :user AND revoked_at IS NULL AND expires_at > :now"
    " ORDER BY seen_at DESC, id LIMIT :limit"
)
_STATE = Statement(
    "SELECT id, revoked_at, revoked_reason, expires_at FROM sessions WHERE id IN :[ids text]"
)
_REVOKED = Statement("SELECT id, revoked_reason FROM sessions WHERE revoked_at > :since")


@dataclass(slots=True, frozen=True)
class Session:
    """A credential that is good now, and whose it is."""

    id: str
    kind: Kind
    expires_at: int  # ms; moves on while it is used
    is_admin: bool
    user: User


@dataclass(slots=True, frozen=True)
class Entrance:
    """How somebody comes in.

    `kind`: cookie for a browser, token for a program. `label`: by what they recognise the session later. `replaces`:
    the id of the session that this browser had, which ends.
    """

    kind: Kind = "token"
    label: str = ""
    replaces: str | None = None
    lifetime_s: int | None = (
        None  # after which the session ends unless refreshed; None: 30 days without use
    )


@dataclass(slots=True, frozen=True)
class SignedIn:
    """A new session, or a new token of one. It is known here and to the client only: stored is its hash.

    `expires_at` in ms: what is known now; without a lifetime of its own the session lasts while it is used.
    """

    token: str
    user: User
    session_id: str
    expires_at: int


@dataclass(slots=True, frozen=True)
class Device:
    """One of a person's sessions as they are shown it; times in ms."""

    id: str
    kind: Kind
    label: str
    created_at: int
    seen_at: int


PROGRAM = Entrance()


class People:
    """Coming in, being recognised, signing out. Nothing here keeps who is asking: that is in each call."""

    def __init__(self, db: Database, writer: Writer) -> None:
        self._db = db
        self._writer = writer
        self._passwords = Passwords()
        self._touched: OrderedDict[str, float] = OrderedDict()
        #: told with (session_id, reason) after the commit
        self.revoked: Subscribers[tuple[str, str]] = Subscribers()
        #: told after the commit of a new name
        self.changed: Subscribers[User] = Subscribers()

    # Coming in

    def guest(self, name: str, entrance: Entrance = PROGRAM) -> SignedIn:
        """A new guest. Raises `bad_request`, or `name_taken` for the name of an account or an assistant."""
        user = User(ids.new_id(), person_names.shown(name), "guest")
        session, token = _new_session(entrance)
        self._begin(jobs.AddGuest(user, person_names.keys(name), session))
        return _signed_in(token, user, session)

    def sign_up(self, name: str, password: str, entrance: Entrance = PROGRAM) -> SignedIn:
        """A new account. Raises `bad_request`, `name_taken`, `overloaded`."""
        user = User(ids.new_id(), person_names.shown(name), "person")
        password_hash = self._passwords.hash(password)
        session, token = _new_session(entrance)
        self._begin(jobs.AddAccount(user, person_names.keys(name), password_hash, session))
        return _signed_in(token, user, session)

    def sign_in(self, name: str, password: str, entrance: Entrance = PROGRAM) -> SignedIn:
        """A new session of an account. `unauthenticated`, in the same words and time, for a wrong name or password;
        `forbidden` for who has both right and is banned."""
        with self._db.snapshot() as db:
            row = db.one(_BY_NAME, key=name_key(name))
        user_id, shown, kind, password_hash = row or ("", "", "", None)
        if not self._passwords.fits(password, password_hash):
            log.info("a sign-in was refused", extra=fields(person=user_id))
            raise jobs.wrong_password()
        session, token = _new_session(entrance)
        self._begin(jobs.AddSession(user_id, password_hash, session))
        log.info("signed in", extra=fields(person=user_id, session=session.id))
        return _signed_in(token, User(user_id, shown, kind), session)

    def refresh(self, session: Session, token: str) -> SignedIn:
        """Another token for the session, which begins its time anew; `token`, which it had, ends. Its sockets stay.

        Raises `unauthenticated` when another request was faster.
        """
        new = ids.new_token()
        expires_at = self._writer.run(jobs.RefreshSession(session.id, _hash(token), _hash(new)))
        if expires_at is None:
            raise ChatError("unauthenticated", "This token was refreshed already.")
        return SignedIn(new, session.user, session.id, expires_at)

    def _begin(self, job: jobs.AddGuest | jobs.AddAccount | jobs.AddSession) -> None:
        self._tell(self._writer.run(job), "signed_out")

    # Being recognised

    def by_token(self, token: str) -> Session | None:
        """The session of a token; None for one that is unknown, malformed, revoked or expired."""
        if not token or len(token) > 100 or not token.isascii():
            return None
        with self._db.snapshot() as db:
            row = db.one(_BY_HASH, hash=_hash(token), now=now_ms())
        if row is None:
            return None
        session_id, kind, expires_at, is_admin, *user = row
        self._touch(session_id)
        return Session(session_id, kind, expires_at, bool(is_admin), User(*user))

    def _touch(self, session_id: str) -> None:
        now = time.monotonic()
        with runtime.turn:
            last = self._touched.get(session_id)
            if last is not None and now - last < TOUCH_S:
                return
            self._touched[session_id] = now
            self._touched.move_to_end(session_id)
            if len(self._touched) > MAX_TOUCHED:
                self._touched.popitem(last=False)
        try:
            self._writer.submit(jobs.TouchSession(session_id))
        except ChatError:
            del self._touched[session_id]  # the writer is full; the next use says it

    # Signing out

    def sessions(self, user: User) -> list[Device]:
        """A person's sessions, the one used last first."""
        with self._db.snapshot() as db:
            rows = db.all(_SESSIONS, user=user.id, now=now_ms(), limit=MAX_LISTED)
        return [Device(*row) for row in rows]

    def sign_out(self, session: Session) -> None:
        """End the session itself."""
        self._tell(self._writer.run(jobs.EndSession(session.user.id, session.id)), "signed_out")

    def sign_out_everywhere(self, user: User) -> None:
        """End all sessions of a person."""
        self._tell(self._writer.run(jobs.EndSessions(user.id)), "signed_out")

    def revoke(self, user: User, session_id: str) -> None:
        """End one of a person's sessions. Raises `not_found`, also for somebody else's."""
        ended = self._writer.run(jobs.EndSession(user.id, session_id))
        if not ended:
            raise not_found("session")
        self._tell(ended, "signed_out")

    def revoked_since(self, ms: int) -> list[tuple[str, str]]:
        """(session_id, reason) of all that were revoked after a moment: heals a lost word of it."""
        with self._db.snapshot() as db:
            return [(row[0], row[1] or "signed_out") for row in db.all(_REVOKED, since=ms)]

    def ended(self, session_ids: Iterable[str]) -> tuple[list[tuple[str, str]], dict[str, int]]:
        """(session_id, reason) of those among these that are no longer good; when the others end, in ms."""
        wanted = set(session_ids)
        if not wanted:
            return [], {}
        with self._db.snapshot() as db:
            rows = db.all(_STATE, ids=list(wanted))
        now = now_ms()
        gone = [(session_id, "signed_out") for session_id in wanted - {row[0] for row in rows}]
        good: dict[str, int] = {}
        for session_id, revoked_at, reason, expires_at in rows:
            if revoked_at is not None:
                gone.append((session_id, reason or "signed_out"))
            elif expires_at <= now:
                gone.append((session_id, "expired"))
            else:
                good[session_id] = expires_at
        return gone, good

    def _tell(self, session_ids: list[str], reason: str) -> None:
        for session_id in session_ids:
            log.info("a session ended", extra=fields(session=session_id, reason=reason))
            self.revoked.publish((session_id, reason))

    # What people change about themselves

    def rename(self, user: User, name: str) -> User:
        """Give oneself another name. Raises `bad_request`, `name_taken`."""
        job = jobs.RenamePerson(user.id, person_names.shown(name), person_names.keys(name))
        try:
            renamed = self._writer.run(job)
        except self._db.engine.dialect.loaded_dbapi.IntegrityError:
            # Another server gave the name away between the look and the update.
            raise jobs.name_taken() from None
        self.changed.publish(renamed)
        return renamed

    def change_password(self, session: Session, old: str, new: str) -> None:
        """Replace the password; all other sessions end. Raises `forbidden` when the old one is wrong."""
        with self._db.snapshot() as db:
            old_hash = db.value(_PASSWORD, user=session.user.id)
        if not self._passwords.fits(old, old_hash):
            raise ChatError("forbidden", "The current password is wrong.")
        job = jobs.ChangePassword(
            session.user.id, old_hash, self._passwords.hash(new), keep=session.id
        )
        self._tell(self._writer.run(job), "password_changed")


def name_key(name: str) -> str:
    """The key of a name as somebody typed it to sign in; empty, which is nobody's, when it cannot be a name."""
    try:
        return person_names.key(person_names.shown(name))
    except ChatError:
        return ""


def _new_session(entrance: Entrance) -> tuple[jobs.NewSession, str]:
    token = ids.new_token()
    session = jobs.NewSession(
        ids.new_id(),
        _hash(token),
        entrance.kind,
        entrance.label[:LABEL_LENGTH],
        entrance.replaces,
        None if entrance.lifetime_s is None else entrance.lifetime_s * 1000,
    )
    return session, token


def _signed_in(token: str, user: User, session: jobs.NewSession) -> SignedIn:
    return SignedIn(token, user, session.id, now_ms() + (session.lifetime or jobs.SESSION_MS))


def _hash(token: str) -> str:
    """A fast hash suffices: the token is 256 random bits, there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()
