"""`make run` ends with one sentence when something is missing: tried in a folder with nothing but the tools."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.processes import ROOT, free_port

NOTHING_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that a start needs first."""
    folder = tmp_path / "chat app"  # a space in the path does no harm
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "tools", folder / "tools")
    return folder


def make(folder: Path, *arguments: str, **env: str) -> tuple[int, list[str]]:
    """Run make; its exit code and what chatapp said on stderr."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**clean, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    return done.returncode, said


def test_an_old_python_is_named(checkout: Path) -> None:
    old = checkout / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2" && exit\nexit 1\n')
    old.chmod(0o755)

    code, said = make(checkout, "run", "PYTHON=./python3.9")

    assert code != 0
    assert len(said) == 1
    assert "Python 3.9.2 is too old" in said[0]


def test_a_missing_python_is_named(checkout: Path) -> None:
    code, said = make(checkout, "run", "PYTHON=python3.99")

    assert code != 0
    assert said == ["chatapp: python3.99 is missing; install Python 3.11 or newer."]


def test_a_taken_port_is_told_before_anything_is_installed(checkout: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = make(checkout, "run", PORT=str(port))

    assert code != 0
    assert len(said) == 1
    assert f"Port {port} is taken" in said[0]
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_is_told_what_to_install(checkout: Path, tmp_path: Path) -> None:
    # What Debian's python3 says when python3-venv is not there.
    debian = tmp_path / "modules" / "venv.py"
    debian.parent.mkdir()
    debian.write_text(
        "raise SystemExit('The virtual environment was not created successfully because ensurepip is not available.')"
    )

    code, said = make(checkout, "run", PORT=str(free_port()), PYTHONPATH=str(debian.parent))

    assert code != 0
    assert len(said) == 1
    assert "apt-get install python3-venv" in said[0]
    assert not (checkout / ".venv").exists()


def test_without_a_network_it_says_so_and_the_next_try_begins_again(checkout: Path) -> None:
    offline = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{NOTHING_LISTENS}/simple",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_NO_CACHE_DIR": "1",
    }
    code, said = make(checkout, "run", PORT=str(free_port()), **offline)

    assert code != 0
    assert len(said) == 1
    assert "package index does not answer" in said[0]
    assert not (checkout / ".venv" / "ready").exists()


def test_help_names_the_commands(checkout: Path) -> None:
    done = subprocess.run(["make"], cwd=checkout, capture_output=True, text=True, check=True)
    commands = {line.split()[0] for line in done.stdout.splitlines()}

    assert {"run", "test", "lint", "format", "bench", "test-faults", "clean"} <= commands
