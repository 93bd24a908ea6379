"""Write docs/protocol.md, docs/asyncapi.yaml, docs/openapi.yaml and the client's types; `--check` only compares."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from . import asyncapi, markdown, openapi, typescript

ROOT = Path(__file__).resolve().parents[2]

DOCUMENTS: dict[str, Callable[[], str]] = {
    "docs/protocol.md": markdown.document,
    "docs/asyncapi.yaml": asyncapi.document,
    "docs/openapi.yaml": openapi.document,
    "frontend/src/core/protocol.ts": typescript.document,
}


def main(arguments: list[str]) -> int:
    """Exit status 1 when a document was not what the code says; without --check it then is."""
    stale = []
    for name, make in DOCUMENTS.items():
        path, text = ROOT / name, make()
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {name}")
    if stale and "--check" in arguments:
        print(f"Not what the code says: {', '.join(stale)}. Run `make docs`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
