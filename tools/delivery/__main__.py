"""`python -m tools.delivery URL`: talk, look, judge. Exit code 0 if every promise held, 1 if not, 2 if it could not run."""

from __future__ import annotations

import argparse
import os
import sys
import time

from . import truth
from .api import ApiError
from .plan import Plan
from .run import Run

PROGRESS_SECONDS = 2.0


def options(arguments: list[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        prog="tools.delivery",
        description="Check that a running installation loses, doubles and reorders nothing.",
    )
    parser.add_argument("url", help="http(s)://host[:port] of the installation")
    parser.add_argument("--clients", type=int, default=20, help="people (%(default)s)")
    parser.add_argument("--rooms", type=int, default=2, help="rooms (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="how long they talk (%(default)g)"
    )
    parser.add_argument(
        "--rate", type=float, default=3.0, help="acts a second of each (%(default)g)"
    )
    parser.add_argument(
        "--ask", type=float, default=0.2, help="questions to the assistant a second (%(default)g)"
    )
    parser.add_argument(
        "--token",
        default=os.environ.get("CHAT_TOKEN"),
        help="of an account, where guests are not let in (CHAT_TOKEN)",
    )
    parser.add_argument(
        "--database-url",
        default=os.environ.get("DATABASE_URL"),
        help="also look into the database itself (DATABASE_URL)",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run and say."""
    given = options(arguments)
    plan = Plan(
        given.url.rstrip("/"),
        people=given.clients,
        rooms=given.rooms,
        rate=given.rate,
        ask=given.ask,
        token=given.token,
        database_url=given.database_url,
    )
    try:
        if plan.database_url is not None:
            truth.connect(plan.database_url).close()
        run = Run(plan)
        run.api.must_answer()
        with run:
            served = sorted({person.wire.worker for person in run.people if person.wire})
            print(f"{given.clients} clients on {', '.join(served)}, rooms {', '.join(run.rooms)}")
            _talk(run, given.seconds)
            print("quiet; waiting until everybody has everything", flush=True)
            verdict = run.finish()
    except (ApiError, AssertionError, OSError, truth.DatabaseError) as error:
        print(f"The check could not run: {error}", file=sys.stderr)
        return 2
    print(verdict.table())
    print(f"The rooms stay: {', '.join(run.rooms)}.")
    print("Every promise held." if verdict.holds else "NOT every promise held.")
    return 0 if verdict.holds else 1


def _talk(run: Run, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(PROGRESS_SECONDS, left))
        print(f"{max(0, left):4.0f} s  {run.summary()}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
