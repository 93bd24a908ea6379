"""The documents say what the code does: events, routes, settings."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from chatapp.events import Events
from chatapp.payloads import catalog
from chatapp.payloads.routes import ROUTES
from chatapp.web.api import (
    accounts,
    administration,
    assistants,
    messages,
    moderation,
    rooms,
    stream,
)
from tools.docs.__main__ import main as documents

ROOT = Path(__file__).resolve().parents[2]


def test_documents_are_what_the_code_says() -> None:
    assert documents(["--check"]) == 0


def test_the_catalog_has_every_event_that_is_handled_and_no_other() -> None:
    handled = {}
    for name in dir(Events):
        declared = getattr(getattr(Events, name), "handles", None)
        if declared is not None:
            handled[declared[0]] = declared[1]
    assert handled == {event.name: event.payload for event in catalog.CLIENT_EVENTS}


def test_the_list_of_routes_is_the_applications_own() -> None:
    app = Flask("routes")
    for part in (accounts, administration, rooms, messages, moderation, assistants, stream):
        app.register_blueprint(part.blueprint)
    own = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith("/api/v1") and method not in {"HEAD", "OPTIONS"}
    }
    assert {(route.method, f"/api/v1{route.path}") for route in ROUTES} == own


def test_every_setting_is_explained_where_a_user_looks() -> None:
    settings = set(re.findall(r'get\("([A-Z_]+)"', (ROOT / "chatapp/config.py").read_text()))
    assert len(settings) >= 10
    example = (ROOT / ".env.example").read_text()
    assert {name for name in settings if name not in example} == set()
