"""`python wsgi.py` serves chatapp; `flask --app wsgi …` finds the application here.

Served this way, nothing of the application is imported into this process: it only starts the workers and watches them.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatapp.config import Settings


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(name)
    from chatapp import create_app

    globals()["app"] = app = create_app()
    return app


def _node(text: str) -> str:
    # argparse checks the default, "", as well.
    if text and not re.fullmatch(r"[a-z][a-z0-9]{0,15}", text):
        raise argparse.ArgumentTypeError("a node's name is 1 to 16 of a-z and 0-9, a letter first")
    return text


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address or a network") from None


def _number(lowest: int, highest: int) -> Any:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"a number from {lowest} to {highest}, not {text!r}")
        return int(text)

    return parse


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="wsgi.py", description="Serve chatapp.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=_number(0, 65535), help="port; 0 takes a free one (default: PORT, or 5000)"
    )
    parser.add_argument(
        "--workers", type=_number(1, 64), default=1, help="processes; more than one needs REDIS_URL"
    )
    parser.add_argument(
        "--node",
        type=_node,
        default="",
        help="name of this machine where several serve the same rooms; begins the workers' names",
    )
    parser.add_argument(
        "--sockets", type=Path, help="folder for the workers' unix sockets, for a proxy beside"
    )
    parser.add_argument(
        "--trust-proxy",
        type=_network,
        action="append",
        default=[],
        metavar="NETWORK",
        help="believe X-Forwarded-For from this address or network (may be given several times)",
    )
    return parser.parse_args(arguments)


def _refusal(options: argparse.Namespace, settings: Settings) -> str | None:
    if settings.redis_url is None and options.workers > 1:
        return "--workers needs REDIS_URL: several workers hear of each other's messages through Redis."
    if settings.redis_url is None and options.node:
        return (
            "--node needs REDIS_URL: several machines hear of each other's messages through Redis."
        )
    return None


def main(arguments: list[str]) -> int:
    """Serve until asked to stop; returns the exit code."""
    from chatapp.config import SettingsError, load
    from chatapp.runtime.supervisor import Plan, complain, serve

    options = _options(arguments)
    try:
        settings = load(os.environ)
    except SettingsError as error:
        complain(str(error))
        return 2
    refusal = _refusal(options, settings)
    if refusal is not None:
        complain(refusal)
        return 2
    return serve(
        Plan(
            host=options.host,
            port=settings.port if options.port is None else options.port,
            workers=options.workers,
            node=options.node,
            folder=options.sockets,
            proxies=tuple(options.trust_proxy),
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
