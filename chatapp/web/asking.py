"""Who asks. A view that needs somebody takes their session as its first argument: it is kept nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import current_app, request
from werkzeug.wrappers import Response

from chatapp.errors import ChatError
from chatapp.runtime.forwarded import place
from chatapp.services import credentials
from chatapp.services.people import Entrance, Session, SignedIn, name_key

from .devices import label

if TYPE_CHECKING:
    from chatapp.services.chat import Chat

R = TypeVar("R", bound=Response)

View = Callable[..., Any]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Browsers keep no cookie for longer than 400 days; how long a session lasts is decided by its row.
COOKIE_SECONDS = 400 * 24 * 3600


def chat() -> Chat:
    """The domain of this process."""
    return cast("Chat", current_app.extensions["chatapp"])


def address() -> str:
    """Where the request comes from, for limits."""
    return place(request.remote_addr or "")


def visitor() -> Session | None:
    """The session of the request, if it has one that is good. A token speaks alone: beside it no cookie counts."""
    if "Authorization" in request.headers:
        token = credentials.bearer_token(request.environ)
    else:
        token = credentials.cookie_token(request.environ)
    return chat().people.by_token(token) if token else None


def signed_in(view: View) -> View:
    """For API views: the session is their first argument. `unauthenticated` without one, `forbidden` when a cookie
    comes with an unsafe request that a script of ours did not make, or with any of another site's page: a first look at a
    public room makes a member."""

    @wraps(view)
    def call(**arguments: Any) -> Any:
        session = visitor()
        if session is None:
            raise ChatError("unauthenticated", "Sign in first, or send a token that is good.")
        if "Authorization" not in request.headers:
            _check_script(safe=request.method in SAFE)
        chat().limits.check("event", session.user.id)
        return view(session, **arguments)

    return call


def _check_script(*, safe: bool) -> None:
    header = request.headers.get(credentials.CSRF_HEADER)
    if not (safe or header == "1") or credentials.foreign(request.environ):
        raise ChatError(
            "forbidden",
            f"With a cookie a request needs the header {credentials.CSRF_HEADER}: 1, from a page of this server.",
        )


def check_admin(session: Session, action: str) -> None:
    """Refuse who is no administrator; what they tried is recorded, as long as they do not try too often.

    Raises ChatError `forbidden`, `rate_limited`.
    """
    if not session.is_admin:
        chat().limits.check("refused_admin", session.user.id)
        raise chat().administration.refused(session.user, "refused", action)


def check_not_foreign() -> None:
    """Refuse pages of other sites: they must not sign somebody in here. Raises ChatError `forbidden`."""
    if credentials.foreign(request.environ):
        raise ChatError("forbidden", "Pages of other sites cannot sign in here.")


def count_page() -> None:
    """Count a page, or a form of one, by address: visitors have nothing else. Raises ChatError `rate_limited`."""
    chat().limits.check("page", address())


def count_sign_in(name: str) -> None:
    """Count a try by where it comes from and whom it is for. Raises ChatError `rate_limited`."""
    limits, key = chat().limits, name_key(name)
    limits.check("sign_in", f"{key}\n{address()}")
    limits.check("sign_in_address", address())
    limits.check("sign_in_name", key)


def entrance(*, browser: bool = False, lifetime_s: int | None = None) -> Entrance:
    """How the request signs in: a page of ours gets a cookie, and the session it had ends; a program gets a token.

    `browser`: it is known to come from a page, a form's token shows that. `lifetime_s`: as a program wishes.
    """
    words = label(request.headers.get("User-Agent", ""))
    if not browser and not credentials.vouched(request.environ):
        return Entrance("token", words, lifetime_s=lifetime_s)
    token = credentials.cookie_token(request.environ)
    old = chat().people.by_token(token) if token else None
    return Entrance("cookie", words, old.id if old else None)


def admit(new: SignedIn, by: Entrance, response: R) -> R:
    """The answer to a sign-in, with the cookie if it is a browser's."""
    if by.kind == "cookie":
        set_cookie(response, credentials.cookie_name(request.environ), new.token)
    return response


def dismiss(response: R) -> R:
    """The answer to a sign-out: the browser forgets its cookie."""
    response.delete_cookie(
        credentials.cookie_name(request.environ),
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def set_cookie(response: Response, name: str, value: str) -> None:
    """Give the browser a cookie that no script sees and no other site's request carries."""
    response.set_cookie(
        name,
        value,
        max_age=COOKIE_SECONDS,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
