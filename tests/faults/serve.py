"""`python -m tests.faults.serve …`: the product, its workers made by tests.faults.app; arguments as of wsgi.py."""

from __future__ import annotations

import functools
import sys

import wsgi
from chatapp.runtime import supervisor

if __name__ == "__main__":
    supervisor.Plan = functools.partial(  # type: ignore[misc]
        supervisor.Plan, app="tests.faults.app:create_app"
    )
    sys.exit(wsgi.main(sys.argv[1:]))
