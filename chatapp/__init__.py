"""chatapp: a group chat where AI assistants are members of the room."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from chatapp.config import Settings


def create_app(settings: Settings | None = None, *, worker: str = "w1") -> Flask:
    """The application of one worker process.

    `settings`: those of the environment if not given. `worker`: its name, which session ids carry so that siblings
    know whose they are. Raises config.SettingsError or store.schema.SchemaError with a sentence for the person who
    starts it; an empty database is migrated first.
    """
    # Not at the top: the supervisor imports this package too, and must stay free of the runtime and the application.
    from chatapp.wiring import build  # noqa: PLC0415

    return build(settings, worker)
