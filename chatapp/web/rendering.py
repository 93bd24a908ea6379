"""Pages as HTML: the shell, its words, its boot data, and the failures that people see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from flask import Flask, Response, render_template, request
from markupsafe import Markup
from msgspec import UNSET

from chatapp.clock import rfc3339
from chatapp.errors import ChatError
from chatapp.payloads.http import Boot, BootRoom
from chatapp.services.people import Session

from . import assets, forms, language
from .words import WORDS

MOST = 99  # unread messages that are counted out

# Not to be read as markup inside <script>, and as what they are by JSON.
_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
_ESCAPE = str.maketrans(_ESCAPES)


def page(
    template: str,
    session: Session | None,
    *,
    status: int = 200,
    room: BootRoom | None = None,
    **values: Any,
) -> Response:
    """A page for `session`, or for a visitor; its script is the one named like the template."""
    lang = language.chosen()
    visitor = forms.visitor_id()
    csrf = forms.token(session, visitor)
    boot = Boot(session.user if session else None, lang, csrf, room or UNSET)
    theme = request.cookies.get("theme")
    html = render_template(
        f"{template}.html",
        lang=lang,
        theme=theme if theme in ("light", "dark") else None,
        t=words(lang),
        me=session.user if session else None,
        boot=_json(boot),
        csrf=csrf,
        links=assets.build.links(template),
        room=room,
        status=status,
        **values,
    )
    response = Response(html, status, mimetype="text/html")
    if session is None:
        forms.remember_visitor(response, visitor)
    return language.remember(response)


def register(app: Flask) -> None:
    """What the templates are written with."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {
        "room_path": forms.room_path,
        "moment": rfc3339,
        "capped": lambda n: "99+" if n > MOST else str(n),
    }


def words(lang: str) -> Callable[..., str]:
    """The sentences of a language: t("you_are", name=…)."""
    sentences = WORDS[lang]
    return lambda key, **values: sentences[key].format(**values)


def reason(error: ChatError, wrong: str = "") -> str:
    """Why something did not happen, in the page's language. `wrong`: the sentence for what was filled in wrongly."""
    sentences = WORDS[language.chosen()]
    if wrong and error.code in ("bad_request", "unauthenticated"):
        return sentences[wrong]
    return sentences.get(f"e_{error.code}", sentences["e_bad_request"])


def problem(error: ChatError, status: int, request_id: str) -> Response:
    """The page that says that there is none. `request_id` is shown when it stands in the log."""
    in_room = request.path.startswith("/r/")
    if in_room and error.code == "not_found":
        text = WORDS[language.chosen()]["e_no_room"]
    else:
        text = reason(error, "e_bad_room" if in_room else "")
    shown = request_id if error.code == "internal" else None
    return page("problem", None, status=status, text=text, request_id=shown)


def _json(value: object) -> Markup:
    return Markup(msgspec.json.encode(value).decode().translate(_ESCAPE))  # noqa: S704 - escaped here
