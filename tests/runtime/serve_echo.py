"""`python -m tests.runtime.serve_echo …`: the echo application under the real supervisor, without a database."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chatapp.runtime.supervisor import Plan, serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--node", default="")
    parser.add_argument("--sockets", type=Path)
    parser.add_argument("--trust-proxy", nargs="*", default=[])
    parser.add_argument("--factory", default="create_app")
    parser.add_argument("--prepare", nargs="*", default=[])
    options = parser.parse_args()
    plan = Plan(
        host="127.0.0.1",
        port=options.port,
        workers=options.workers,
        app=f"tests.runtime.echo:{options.factory}",
        prepare=tuple(options.prepare),
        node=options.node,
        folder=options.sockets,
        proxies=tuple(options.trust_proxy),
    )
    sys.exit(serve(plan))
