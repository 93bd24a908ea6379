"""Run tests of this folder with their process on another runtime: `python -m tests.realtime.on_runtime eventlet FILE…`."""

from __future__ import annotations

import sys

from chatapp import runtime


def main(name: str, *arguments: str) -> int:
    runtime.patch(name)
    # Only now: nothing may open a socket or make a lock before.
    import pytest

    return pytest.main(["-q", "-p", "no:cacheprovider", *arguments])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
