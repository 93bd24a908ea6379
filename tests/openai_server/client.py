"""The test's side: starts the server process and gives it orders."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from .behaviours import Behaviour

ROOT = Path(__file__).resolve().parents[2]


class OpenAIServer:
    """A running server. Every request takes the next ordered behaviour; with none left it answers plainly."""

    def __init__(self, pem: str | None = None) -> None:
        """With `pem` (key and certificate in one file) clients under test are served over TLS."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.openai_server", *([pem] if pem else [])],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.control = self._process.stdout.readline().strip()
        self.base_url = f"{self._process.stdout.readline().strip()}/v1"

    def __enter__(self) -> OpenAIServer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def will(self, *behaviours: Behaviour) -> None:
        """Order what the next requests get, one each."""
        self._order("will", list(behaviours))

    def release(self) -> None:
        """Open one gate."""
        self._order("release", None)

    def reset(self) -> None:
        """Forget orders and records; what was held back at a gate goes on."""
        self._order("reset", None)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Each request so far: body, authorization, state (open, finished, closed by the client), chunks sent."""
        requests: list[dict[str, Any]] = self._order("requests", None)
        return requests

    def wait(self, number: int, state: str = "open", timeout: float = 30.0) -> bool:
        """Wait until request `number` has come (`open`), was `finished`, or was `closed` by the client."""
        reached: bool = self._order(
            "wait", {"request": number, "state": state, "timeout": timeout}, timeout + 5
        )
        return reached

    def _order(self, what: str, data: Any, timeout: float = 10.0) -> Any:
        request = urllib.request.Request(
            f"{self.control}/control/{what}", json.dumps(data).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return json.load(response)
