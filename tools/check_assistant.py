"""`make check-assistant`: try the AI providers of the environment and of `.env`; ARGS are names of providers, and --window."""

from __future__ import annotations

import subprocess
import sys

from .console import Stop
from .serve import environment


def main(arguments: list[str]) -> int:
    """The exit status of chatapp.assistant.check."""
    try:
        env = environment()
    except Stop as reason:
        print(f"chatapp: {reason}", file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "chatapp.assistant.check", *arguments]
    return subprocess.run(command, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
