"""Which language a page is in, and its words: of pages as they come from the server, before any script."""

from __future__ import annotations

from typing import Literal, get_args

from flask import Response, request

Language = Literal["en", "ko"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
COOKIE = "lang"
COOKIE_SECONDS = 400 * 24 * 3600


def chosen() -> Language:
    """By ?lang=, else as chosen before (cookie), else as the browser prefers; `en` or `ko`."""
    wishes = (
        request.args.get("lang"),
        request.cookies.get(COOKIE),
        request.accept_languages.best_match(LANGUAGES),
    )
    for wish in wishes:
        for language in LANGUAGES:
            if wish == language:
                return language
    return LANGUAGES[0]


def remember(response: Response) -> Response:
    """Keep what was chosen by ?lang=. The cookie is no secret; scripts read and set it too."""
    wish = request.args.get("lang")
    if wish in LANGUAGES:
        response.set_cookie(
            COOKIE, wish, max_age=COOKIE_SECONDS, secure=request.is_secure, samesite="Lax"
        )
    response.vary.update(("Accept-Language", "Cookie"))
    return response
