"""Commands for the person who runs the installation: `flask --app wsgi chat …`."""

from __future__ import annotations

from typing import cast

import click
from flask import current_app
from flask.cli import AppGroup

from chatapp.errors import ChatError
from chatapp.services.chat import Chat
from chatapp.store import schema

group = AppGroup("chat", help="Look after this installation.")


@group.command("make-admin")
@click.argument("name")
def make_admin(name: str) -> None:
    """Give the account NAME the rights of an administrator."""
    chat = cast(Chat, current_app.extensions["chatapp"])
    try:
        schema.check(chat.db.engine)
        chat.people.make_admin(name)
    except (ChatError, schema.SchemaError) as error:
        raise click.ClickException(
            error.message if isinstance(error, ChatError) else str(error)
        ) from None
    click.echo(f"{name} is an administrator now.")
