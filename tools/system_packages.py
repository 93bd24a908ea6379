"""Install the programs that the tests drive: `python3 -m tools.system_packages`.

As root on a system with apt it installs what is missing; otherwise it ends with the one line to run.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from .console import Stop, last_words, quiet, run, say


def _fonts() -> bool:
    return any(Path("/usr/share/fonts").rglob("NotoSansCJK*"))


def _postgres() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _faketime() -> bool:
    return any(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def _venv() -> bool:
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def _on_path(program: str) -> Callable[[], bool]:
    return lambda: shutil.which(program) is not None


NEEDED: dict[str, Callable[[], bool]] = {
    "redis-server": _on_path("redis-server"),
    "postgresql": _postgres,
    "chromium": _on_path("chromium"),
    "nginx": _on_path("nginx"),
    "libfaketime": _faketime,
    "fonts-noto-cjk": _fonts,
    "python3-venv": _venv,
}


def missing() -> list[str]:
    """The Debian packages that are needed and not there."""
    return [package for package, is_there in NEEDED.items() if not is_there()]


def install(packages: list[str]) -> None:
    """Install Debian packages; raises Stop with apt's last words."""
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say(f"installing {', '.join(packages)} with apt")
    failure = quiet([*apt, "update"], env) or quiet(
        [*apt, "install", "--yes", "--no-install-recommends", *packages], env
    )
    if failure is not None:
        raise Stop(f"apt-get could not install {' '.join(packages)} ({last_words(failure)}).")


def main() -> None:
    """Install what is missing, or say how."""
    packages = missing()
    if not packages:
        return
    if shutil.which("apt-get") is None:
        raise Stop(
            f"The tests need these programs, by their Debian names: {' '.join(packages)}; "
            "install them with this system's package manager and try again."
        )
    if os.geteuid() != 0:
        raise Stop(
            "The tests need more programs; run: sudo apt-get install --no-install-recommends "
            + " ".join(packages)
        )
    install(packages)


if __name__ == "__main__":
    run(main)
