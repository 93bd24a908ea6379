"""A worker process: `python -m chatapp.runtime.worker …`, started by the supervisor only."""

from __future__ import annotations

import _socket
import contextlib
import dataclasses
import gc
import importlib
import logging
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatapp.config import Settings, SettingsError, load

from . import census, logs, loop, status, watchdog
from .assignment import Assignment, http_socket, status_file
from .children import HOPELESS
from .forwarded import behind_proxies
from .listener import bind_unix
from .signals import SignalPipe

if TYPE_CHECKING:
    from .front import Front, Server
    from .handover import Handover

log = logging.getLogger("chatapp.runtime")

# Until when the steps of a graceful stop end; the supervisor kills after children.STOP_SECONDS.
DRAIN_SECONDS = 5.0
FINISH_SECONDS = 7.0
CLOSE_SECONDS = 9.0

# New objects after which the collector looks for cycles. Events leave none behind, but hundreds of messages in flight look
# like garbage to its default of 700: it took a seventh of a message's CPU time to find nothing.
YOUNG_OBJECTS = 20_000


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or until the supervisor is gone; returns the exit code."""
    part = Assignment.parse(arguments)
    # Ctrl-C, and the terminal's end, reach all its processes; the supervisor alone decides what follows.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for descriptor in (part.listener, part.lifeline):
        os.set_inheritable(descriptor, False)
    try:
        settings = load(os.environ)
        loop.patch(settings.runtime)
        # psycopg reads this when it is imported. Its own wait, in C, would stop the loop for as long as a query takes.
        os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
        logs.start(part.name, settings.log_format)
        watchdog.start()
        return _serve(part, settings)
    except SettingsError as error:
        sys.stderr.write(f"chatapp: {error}\n")
        return HOPELESS


def _serve(part: Assignment, settings: Settings) -> int:
    # Not before the patch: these and all that they import use sockets and selectors.
    from .front import Front
    from .handover import Handover

    tcp = _socket.socket(fileno=part.listener)
    host, port = tcp.getsockname()[:2]
    module, _, factory = part.app.partition(":")
    make = getattr(importlib.import_module(module), factory)
    app = make(dataclasses.replace(settings, port=port), worker=part.name)

    handover = Handover(part.folder, part.name, part.names)
    app.extensions["chatapp.handover"] = handover
    proxied = http_socket(part.folder, part.name)
    unix = bind_unix(proxied, socket.SOCK_STREAM, 0o660)
    server = _server(settings.runtime, behind_proxies(app, part.proxies), handover, (host, port))
    front = Front(server, [tcp, unix], handover)
    board = status.Board(status_file(part.folder), len(part.names))
    status.attach(board)
    # Made now, while its number is low: on threads the front waits with the kernel's select(), which counts to 1,024.
    ended, end = os.pipe()
    # What exists now lives as long as the process; the collector need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)

    # Until here SIGTERM ends the process at once: it serves nobody.
    signals = SignalPipe([signal.SIGTERM, signal.SIGUSR1])
    board.set_ready(part.index, True)
    front.run(signals, part.lifeline)
    while signals.read() == {signal.SIGUSR1}:
        census.tell(app.extensions["chatapp"])
        front.run(signals, part.lifeline)
    board.set_ready(part.index, False)
    proxied.unlink(missing_ok=True)
    front.stop_accepting()
    loop.spawn(_stop, app.extensions["chatapp"], front, end)
    front.run(ended)
    handover.close()
    if select.select([part.lifeline], [], [], 0)[0]:
        _tidy(part.folder)
    return 0


def _tidy(folder: Path) -> None:
    """The supervisor is gone without having cleared its folder away: the last worker does."""
    status_file(folder).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # others' sockets are there still
        folder.rmdir()


def _server(runtime: str, app: Any, handover: Handover, address: tuple[str, int]) -> Server:
    if runtime == "eventlet":
        from .http_eventlet import HttpServer as EventletServer

        return EventletServer(app, handover, address)
    if runtime == "gevent":
        from .http_gevent import HttpServer as GeventServer

        return GeventServer(app, handover, address)
    from .http_threading import HttpServer as ThreadingServer

    return ThreadingServer(app, handover, address)


def _stop(chat: Any, front: Front, end: int) -> None:
    """Let the application say goodbye, running requests end, and the rest be stored; then close the pipe `end`.

    Meanwhile siblings still hand over requests of sessions that live here.
    """
    now = time.monotonic()
    try:
        if not loop.spawn(chat.drain, now + DRAIN_SECONDS).join(DRAIN_SECONDS):
            log.warning("saying goodbye to the clients takes too long")
        if not front.finish(now + FINISH_SECONDS):
            log.warning("some requests could not be finished")
        chat.close(now + CLOSE_SECONDS)
    finally:
        os.close(end)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
