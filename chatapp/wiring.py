"""The application put together: which parts there are, and who listens to whom."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

from chatapp import assistant, cli, web
from chatapp.config import Settings, load
from chatapp.events import Events
from chatapp.extensions import db, migrate, socketio
from chatapp.realtime.bus import Bus, MemoryBus
from chatapp.realtime.fanout import Fanout
from chatapp.realtime.listener import Listener, either
from chatapp.realtime.overrides import FanoutManager, install
from chatapp.realtime.presence import Presence
from chatapp.runtime.forwarded import place
from chatapp.runtime.gate import gate
from chatapp.services.chat import Chat
from chatapp.services.credentials import foreign, same_owner
from chatapp.store import schema
from chatapp.store.database import Database, configure_sqlite, engine_options


def build(settings: Settings | None, worker: str) -> Flask:
    """See create_app."""
    settings = settings or load()
    app = Flask("chatapp", static_folder=None, template_folder="templates")
    engine = _bind_database(app, settings)
    fanout = Fanout()
    manager, bus, presence = _message_queue(settings, fanout)
    chat = Chat(settings, worker, Database(engine), fanout, bus, presence)
    server = install(
        socketio,
        app,
        fanout=fanout,
        manager=manager,
        worker=worker,
        same_owner=same_owner,
        admit=partial(_admit, chat),
        offended=partial(_offended, chat),
        cors_allowed_origins=lambda _origin, environ: not foreign(environ),
    )
    events = Events(chat)
    socketio.on_namespace(events)
    chat.attendance.enter_channel = either(events.enter, fanout.enter)
    chat.attendance.leave_channel = either(events.leave, fanout.leave)
    chat.live_sessions.end = either(events.end, Listener.end)
    fanout.closer = either(fanout.closer, Listener.end)
    app.extensions["chatapp"] = chat
    chat.limits.on_crowd = gate.narrow_down
    gate.offends, gate.penance = chat.limits.offends, chat.limits.penance
    assistant.install(chat)
    web.install(app)
    app.cli.add_command(cli.group)
    if (
        os.environ.get("FLASK_RUN_FROM_CLI") != "true"
    ):  # `flask db upgrade` comes before the schema is right
        if schema.current(engine) is None:
            schema.upgrade(settings.database_url)
        schema.check(engine)
        # Not with the first client: a worker without one also has to hear the others.
        server.manager_initialized = True
        manager.initialize()
        chat.start()
    return app


def _admit(chat: Chat, environ: Mapping[str, Any], unjoined: int) -> None:
    """Raises ChatError for an address that opens too many sockets, or has too many open without a person."""
    chat.limits.room_for("sockets_without_person", unjoined)
    chat.limits.check("connection", _address(environ))


def _offended(chat: Chat, environ: Mapping[str, Any]) -> None:
    """Count a session that was closed for what came by it, or by which nobody came in."""
    chat.limits.offend(_address(environ))


def _address(environ: Mapping[str, Any]) -> str:
    return place(str(environ.get("REMOTE_ADDR", "")))


def _bind_database(app: Flask, settings: Settings) -> Engine:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    db.init_app(app)
    migrate.init_app(app, directory=str(schema.MIGRATIONS))
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", configure_sqlite)
    return engine


def _message_queue(settings: Settings, fanout: Fanout) -> tuple[FanoutManager, Bus, Presence]:
    if settings.redis_url is None:
        return FanoutManager(), MemoryBus(), Presence(fanout)
    # Not at the top: a single process starts without them.
    from chatapp.realtime.redis_manager import ChatRedisManager  # noqa: PLC0415
    from chatapp.realtime.redis_presence import RedisPresence  # noqa: PLC0415

    manager: Any = ChatRedisManager(settings.redis_url)
    presence = RedisPresence(manager.client, manager.channel, fanout, manager.bus)
    return manager, manager.bus, presence
