"""All checks that need no running program: `.venv/bin/python -m tools.lint`. Every check runs, also after one failed."""

from __future__ import annotations

import subprocess
import sys
import time
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
    """Run the checks one after the other; the output of those that fail is shown."""
    failed = []
    for name, command in CHECKS.items():
        started = time.monotonic()
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        took = time.monotonic() - started
        say(f"{name}: {'ok' if done.returncode == 0 else 'failed'} ({took:.1f} s)")
        if done.returncode != 0:
            print(done.stdout, flush=True)
            failed.append(name)
    if failed:
        raise Stop(f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}.")


if __name__ == "__main__":
    run(main)
