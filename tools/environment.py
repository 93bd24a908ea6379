"""Make the virtual environment: `python3 -m tools.environment runtime|dev`.

The stamp `.venv/ready` (for dev `.venv/ready-dev`) holds a digest of what was installed; when it still fits, this
takes a few milliseconds. Two calls at the same time wait for each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from .console import Stop, last_words, quiet, run, say

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
SETS = {
    "runtime": (VENV / "ready", ("requirements.txt", "constraints.txt")),
    "dev": (VENV / "ready-dev", ("requirements.txt", "constraints.txt", "requirements-dev.txt")),
}
NETWORK_SIGNS = (
    "Failed to establish a new connection",
    "Name or service not known",
    "Temporary failure in name resolution",
    "NameResolutionError",
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Network is unreachable",
    "Connection refused",
)


def digest(files: tuple[str, ...]) -> str:
    """What the stamp holds: the requirement files' contents and the Python that they were installed for."""
    total = hashlib.sha256(f"{sys.version_info[:2]} {sys.platform}\n".encode())
    for name in files:
        total.update(Path(name).read_bytes())
    return total.hexdigest()


def works() -> bool:
    """Whether `.venv` has a Python of this version that starts (an upgraded system leaves dangling links)."""
    command = [str(PYTHON), "-c", "import sys, pip; print(sys.version_info[:2])"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == str(tuple(sys.version_info[:2]))


def create() -> None:
    """Make an empty `.venv`. Raises Stop where Python came without the parts for it."""
    say(f"making a virtual environment in {VENV}")
    failure = quiet([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if failure is None:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if "ensurepip" in failure or "No module named venv" in failure:
        raise Stop(
            "This Python has no venv and pip; install them "
            "(on Debian and Ubuntu: apt-get install python3-venv) and try again."
        )
    raise Stop(f"The virtual environment {VENV} could not be made ({last_words(failure)}).")


def install(requirements: str) -> None:
    """Install one requirements file into `.venv`. Raises Stop when the package index cannot be reached."""
    say(f"installing the packages of {requirements} (the first time takes about a minute)")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
    failure = quiet([*pip, "install", "--retries", "2", "-r", requirements])
    if failure is None:
        return
    if any(sign in failure for sign in NETWORK_SIGNS):
        raise Stop(
            "The Python packages could not be downloaded because the package index does not answer; "
            "check the network (or pip's index settings) and try again."
        )
    raise Stop(f"pip could not install {requirements} ({last_words(failure)}).")


def main() -> None:
    """Bring `.venv` to what the requirement files say."""
    if len(sys.argv) != 2 or sys.argv[1] not in SETS:
        raise Stop("Say which packages: python3 -m tools.environment runtime|dev")
    stamp, files = SETS[sys.argv[1]]
    with Path("requirements.txt").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == digest(files) and works():
            return
        if not works():
            create()
        install("requirements-dev.txt" if sys.argv[1] == "dev" else "requirements.txt")
        for stamp, files in SETS.values() if sys.argv[1] == "dev" else [SETS["runtime"]]:
            stamp.write_text(digest(files))


if __name__ == "__main__":
    run(main)
