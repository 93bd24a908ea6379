"""`python -m tests.security.serve --port P`: the product under the real supervisor, with switches for its defences."""

from __future__ import annotations

import argparse
import sys

from chatapp.runtime.supervisor import Plan, serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    plan = Plan(
        host="127.0.0.1",
        port=options.port,
        workers=1,
        app="tests.security.weakened:create_app",
    )
    sys.exit(serve(plan))
