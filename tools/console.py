"""How the tools talk to the person at the terminal: one line for each step, one sentence when they stop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence


class Stop(Exception):
    """The end of the command: one sentence that says what is missing and what to do about it."""


def say(text: str) -> None:
    """Tell what is being done. Flushed, so that the order holds beside the output of child processes."""
    print(f"==> {text}", flush=True)


def run(main: Callable[[], None]) -> None:
    """Run a tool; Stop and a failed child end it with exit code 1 and without a traceback."""
    try:
        main()
    except Stop as stop:
        print(f"chatapp: {stop}", file=sys.stderr, flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def quiet(command: Sequence[str], env: Mapping[str, str] | None = None) -> str | None:
    """Run a command without showing its output. None if it succeeded, else what it printed."""
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return None if done.returncode == 0 else f"{done.stdout}\n{done.stderr}".strip()


def last_words(output: str) -> str:
    """The line of a failed command's output that says most: its last error, else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["no output"])[-1]
