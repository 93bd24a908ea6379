"""`python -m tests.transport.serve --port P`: the test application under the real supervisor, without a database."""

from __future__ import annotations

import argparse
import sys

from chatapp.runtime.supervisor import Plan, serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--app", default="tests.transport.app:create_app")
    options = parser.parse_args()
    plan = Plan(
        host="127.0.0.1",
        port=options.port,
        workers=options.workers,
        app=options.app,
        prepare=(),
    )
    sys.exit(serve(plan))
