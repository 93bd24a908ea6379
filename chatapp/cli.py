"""Commands for the person who runs the installation: `flask --app wsgi chat …`.

Whoever may run them has the database anyway: that is the trust they stand on, and why the first administrator is made
here and nowhere else. What they change, running servers notice within two seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

import click
from flask import current_app
from flask.cli import AppGroup

from chatapp.clock import rfc3339
from chatapp.errors import ChatError
from chatapp.services.chat import Chat
from chatapp.store import schema

group = AppGroup("chat", help="Look after this installation.")

CLOSE_S = 10.0


def command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command whose first argument is the domain; a refusal ends it with a sentence and status 1."""

    def declare(act: Callable[..., None]) -> click.Command:
        @group.command(name)
        @wraps(act)
        def run(**arguments: Any) -> None:
            chat = cast(Chat, current_app.extensions["chatapp"])
            try:
                schema.check(chat.db.engine)
                act(chat, **arguments)
            except (ChatError, schema.SchemaError) as error:
                raise click.ClickException(
                    error.message if isinstance(error, ChatError) else str(error)
                ) from None
            finally:
                chat.close(time.monotonic() + CLOSE_S)

        return run

    return declare


def _row(*columns: object) -> None:
    """One line, columns apart by tabs. Names cannot hold control characters, other text is made to."""
    cleaned = ("".join(c if c.isprintable() else "?" for c in str(column)) for column in columns)
    click.echo("\t".join(cleaned))


@command("make-admin")
@click.argument("name")
def make_admin(chat: Chat, name: str) -> None:
    """Give the account NAME the rights of an administrator."""
    chat.administration.set_admin(None, chat.administration.account(name), True)
    click.echo(f"{name} is an administrator now.")


@command("unmake-admin")
@click.argument("name")
def unmake_admin(chat: Chat, name: str) -> None:
    """Take the rights of an administrator from the account NAME."""
    chat.administration.set_admin(None, chat.administration.account(name), False)
    click.echo(f"{name} is no administrator any more.")


@command("people")
@click.argument("words", default="")
@click.option("--page", default=0, help="100 at a time, from 0")
def people(chat: Chat, words: str, page: int) -> None:
    """People and guests, the newest first: id, name, kind, rights, sessions. WORDS: part of a name."""
    for row in chat.administration.people(words, page):
        rights = "admin" if row.is_admin else "banned" if row.banned else "-"
        _row(row.user.id, row.user.name, row.user.kind, rights, f"{row.sessions} sessions")


@command("rooms")
@click.option("--page", default=0, help="100 at a time, from 0")
def rooms(chat: Chat, page: int) -> None:
    """Rooms, the newest first: slug, kind, retention, members, latest number."""
    for row in chat.administration.rooms(page):
        _row(row.slug, row.kind, row.retention, f"{row.members_count} members", row.last)


@command("sessions")
@click.argument("user_id", required=False)
@click.option("--page", default=0, help="100 at a time, from 0")
def sessions(chat: Chat, user_id: str | None, page: int) -> None:
    """Sessions that are good, the one used last first: id, whose, kind, device, last use. USER_ID: one person's."""
    for row in chat.administration.sessions(user_id, page):
        _row(row.id, row.user.name, row.kind, row.label, rfc3339(row.seen_at))


@command("end-session")
@click.argument("session_id")
def end_session(chat: Chat, session_id: str) -> None:
    """End a session."""
    chat.administration.end_session(None, session_id)
    click.echo("It has ended.")


@command("bans")
def bans(chat: Chat) -> None:
    """Who may not sign in: id, name, since, until, reason."""
    for ban in chat.administration.bans():
        until = "for good" if ban.expires_at is None else rfc3339(ban.expires_at)
        _row(ban.user.id, ban.user.name, rfc3339(ban.at), until, ban.reason)


@command("ban")
@click.argument("user_id")
@click.option("--days", type=int, help="for how long; without it for good")
@click.option("--reason", default="")
def ban(chat: Chat, user_id: str, days: int | None, reason: str) -> None:
    """End all sessions of a person and let no other begin."""
    chat.administration.ban(None, user_id, reason, days)
    click.echo("Banned.")


@command("unban")
@click.argument("user_id")
def unban(chat: Chat, user_id: str) -> None:
    """Let a person sign in again."""
    chat.administration.unban(None, user_id)
    click.echo("Not banned any more.")


@command("audit")
@click.option("--before", type=int, help="entries before this number")
def audit(chat: Chat, before: int | None) -> None:
    """Administrative acts, the newest first: number, when, who, what, whom, room, result, details."""
    for entry in chat.administration.audit(before):
        _row(
            entry.id,
            rfc3339(entry.at),
            entry.actor or "(command)",
            entry.action,
            entry.target_name or entry.target,
            entry.room or "-",
            entry.result,
            entry.details,
        )


@command("renew-epochs")
def renew_epochs(chat: Chat) -> None:
    """After a backup was restored: have every client load its rooms afresh. It changes nothing else."""
    renewed = chat.administration.renew_epochs()
    click.echo(
        f"{renewed} rooms have another epoch: every client loads them afresh when it comes back. Where a server runs, those"
        " who are in a room are sent back into it within two seconds."
    )
