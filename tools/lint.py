"""All checks that need no running program: `.venv/bin/python -m tools.lint`. Every check runs, also if another failed."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from .console import Stop, run, say

BIN = Path(sys.executable).parent
PYTHON = sys.executable

CHECKS: dict[str, list[str]] = {
    "style (ruff check)": [str(BIN / "ruff"), "check", "--quiet", "."],
    "form (ruff format)": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "types (mypy)": [PYTHON, "-m", "mypy", "--no-error-summary"],
    "layers (import-linter)": [str(BIN / "lint-imports")],
    "documents are current": [PYTHON, "-m", "tools.docs", "--check"],
    "front-end types (tsc)": [PYTHON, "-m", "tools.frontend", "typecheck"],
}


def main() -> None:
    """Run the checks side by side; the output of those that fail is shown."""
    failed = []
    with ThreadPoolExecutor(len(CHECKS)) as side_by_side:
        for done in as_completed(side_by_side.submit(check, *each) for each in CHECKS.items()):
            name, output, took = done.result()
            say(f"{name}: {'ok' if output is None else 'failed'} ({took:.1f} s)")
            if output is not None:
                print(output, flush=True)
                failed.append(name)
    if failed:
        raise Stop(f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}.")


def check(name: str, command: list[str]) -> tuple[str, str | None, float]:
    """Its name, what it printed if it failed, and the seconds that it took."""
    started = time.monotonic()
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return name, done.stdout if done.returncode != 0 else None, time.monotonic() - started


if __name__ == "__main__":
    run(main)
