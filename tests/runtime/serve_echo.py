"""`python -m tests.runtime.serve_echo …`: the echo application under the real supervisor, without a database."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chatapp.runtime import supervisor
from chatapp.runtime.status import Board
from tests.support.waiting import eventually


class LateBoard(Board):
    """Whoever hears "not all are ready" hears it when they have become ready."""

    def all_ready(self) -> bool:
        if super().all_ready():
            return True
        eventually(super().all_ready)
        return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--node", default="")
    parser.add_argument("--sockets", type=Path)
    parser.add_argument("--trust-proxy", nargs="*", default=[])
    parser.add_argument("--factory", default="create_app")
    parser.add_argument("--prepare", nargs="*", default=[])
    parser.add_argument("--late-board", action="store_true")
    options = parser.parse_args()
    if options.late_board:
        supervisor.Board = LateBoard
    plan = supervisor.Plan(
        host="127.0.0.1",
        port=options.port,
        workers=options.workers,
        app=f"tests.runtime.echo:{options.factory}",
        prepare=tuple(options.prepare),
        node=options.node,
        folder=options.sockets,
        proxies=tuple(options.trust_proxy),
    )
    sys.exit(supervisor.serve(plan))
