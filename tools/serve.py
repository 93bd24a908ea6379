"""Start the server with the settings of the environment and of `.env`; what the environment says wins.

`python3 -m tools.serve --check` only looks whether the port is free, so that nobody waits for an installation to hear it.
"""

from __future__ import annotations

import os
import re
import shlex
import socket
import sys
from pathlib import Path

from .console import Stop, run, say

DOTENV = Path(".env")
HOST = "127.0.0.1"
# A shell would take its quotes away; what reads .env for containers does not.
_JSON = re.compile(r"\s*(?:export )?(?P<name>[A-Za-z_]\w*)=(?P<value>[{\[].*?)\s*", re.ASCII)


def parse(text: str) -> dict[str, str]:
    """The settings of a `.env` file: NAME=value lines, quotes as in a shell, # begins a comment; JSON as it stands.

    Raises Stop for any other line.
    """
    settings = {}
    for number, line in enumerate(text.splitlines(), 1):
        if (json := _JSON.fullmatch(line)) is not None:
            settings[json["name"]] = json["value"]
            continue
        try:
            words = shlex.split(line.removeprefix("export "), comments=True)
        except ValueError as error:
            raise Stop(f".env, line {number}: {error}.") from None
        if not words:
            continue
        name, equals, value = " ".join(words).partition("=")
        if not equals or not name.isidentifier():
            raise Stop(f".env, line {number} must be of the form NAME=value.")
        settings[name] = value
    return settings


def environment() -> dict[str, str]:
    """The server's environment."""
    kept = parse(DOTENV.read_text()) if DOTENV.exists() else {}
    return {**kept, **os.environ}


def check_port(env: dict[str, str]) -> int:
    """The port that will be served; raises Stop if it cannot be had."""
    text = env.get("PORT", "").strip() or "5000"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise Stop(f"PORT must be a number from 1 to 65535, not {text!r}.")
    port = int(text)
    with socket.socket() as probe:
        # As the server itself binds: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Stop(f"Port {port} is reserved for root; choose one above 1023.") from None
        except OSError:
            raise Stop(
                f"Port {port} is taken by another program; choose another: PORT={port + 1} make run"
            ) from None
    return port


def main() -> None:
    """Check the port, then become the server, so that signals reach it directly."""
    env = environment()
    port = check_port(env)
    if sys.argv[1:] == ["--check"]:
        return
    say(f"starting the server on http://{HOST}:{port} (Ctrl-C stops it)")
    os.execve(sys.executable, [sys.executable, "wsgi.py"], env)


if __name__ == "__main__":
    run(main)
